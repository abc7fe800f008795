"""`python -m tests.support.page_faults [keep]`: the page faults of tensors as large as those freed before them."""

import resource
import sys

import torch

from engine.training.torch_setup import keep_freed_memory


def make_tensors() -> None:
    for _ in range(4):
        torch.ones(10 << 20)  # 40 MiB: above 32 MiB glibc gives memory back by itself


if __name__ == "__main__":
    if "keep" in sys.argv and not keep_freed_memory():
        sys.exit("not glibc")
    make_tensors()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    make_tensors()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
