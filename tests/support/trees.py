"""Trees of files that nobody opens."""

from pathlib import Path

from pictures import touch


def tree(root: Path, *files: str) -> Path:
    """Make files from lines such as `train/cat/#.jpg*5`: five files, with a number in place of `#`."""
    for line in files:
        name, _, count = line.partition("*")
        touch(root, *(name.replace("#", f"{number:03}") for number in range(int(count or 1))))
    return root


def classes(folder: str, *names: str, each: int = 4) -> list[str]:
    """Return the lines for `tree` of some class folders in a folder."""
    return [f"{folder}/{name}/{name}#.jpg*{each}" for name in names or ("cat", "dog")]
