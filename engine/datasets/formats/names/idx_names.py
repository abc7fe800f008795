"""Names of the IDX files of MNIST and its kin."""

import re

IDX = re.compile(
    r"(?P<set>.*?)(?P<split>train|t10k|test|val)[-_.](?P<what>images|labels)[-_.]idx[13]-ubyte(?:\.gz)?",
    re.IGNORECASE,
)
"""`train-images-idx3-ubyte.gz`; `set` is empty but for EMNIST, as `emnist-letters-`."""


def is_idx(name: str) -> bool:
    return IDX.fullmatch(name) is not None
