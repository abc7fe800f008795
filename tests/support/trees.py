"""Trees of files that nobody opens."""

from pathlib import Path

from pictures import touch


def tree(root: Path, *files: str) -> Path:
    """Make files from lines such as `train/cat/#.jpg*5`: five files, with a number in place of `#`; without
    a count one file of just that name."""
    for line in files:
        name, _, count = line.partition("*")
        names = [name.replace("#", f"{number:03}") for number in range(int(count))] if count else [name]
        touch(root, *names)
    return root


def classes(folder: str, *names: str, each: int = 4) -> list[str]:
    """Return the lines for `tree` of some class folders in a folder."""
    return [f"{folder}/{name}/{name}#.jpg*{each}" for name in names or ("cat", "dog")]
