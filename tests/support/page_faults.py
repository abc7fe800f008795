"""`python -m tests.support.page_faults [keep]`: the page faults of large blocks written after others were freed."""

import resource
import sys

from engine.training.torch_setup import keep_freed_memory

BLOCK_BYTES = 40 << 20
"""Above 32 MiB glibc gives each freed block back by default."""


def write_blocks() -> None:
    """Bytes and not tensors: glibc before 2.38 cannot always reuse an aligned block for its like (docs/LOG.md)."""
    for filler in b"abcd":
        bytes([filler]) * BLOCK_BYTES


if __name__ == "__main__":
    if "keep" in sys.argv and not keep_freed_memory():
        sys.exit("not glibc")
    write_blocks()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    write_blocks()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
