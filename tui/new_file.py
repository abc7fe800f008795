"""Files that a verb may write: none of the runs' own, and none that is there already."""

from pathlib import Path

from engine.files.paths import Home


def new_file_problem(
    home: Home, file: Path, *, overwrite: bool = False, otherwise: str = "", made: Path | None = None
) -> str:
    """Return why a file may not be written, with what to do; empty where it may.

    `otherwise`: what else to do about a file that is there; `made`: folder that will be made."""
    if file.is_dir():
        return f"{file} is a folder: give the name of a file"
    if home.owns(file):
        return f"{file} belongs to the runs: give another name"
    if file.exists() and not file.is_file():
        return f"{file} is no ordinary file: give another name"
    if file.exists() and not overwrite:
        return f"{file} is there already: give another name{otherwise}"
    folder = file.absolute().parent
    return "" if folder.is_dir() or folder == made else f"there is no folder {folder}: make it first"
