"""Completion of paths in fields of the form."""

import os

from engine.files.paths import Home

MOST_ENTRIES = 2_000
"""Entries of a folder that are read to complete a path."""


def paths_like(home: Home, text: str) -> list[str]:
    """List paths that begin with a text, relative to the home where the text is; folders end with a slash."""
    folder, name = os.path.split(text)
    try:
        with os.scandir(home.resolve(folder or ".")) as entries:
            found = [entry for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False)]
            fitting = sorted(entry.name for entry in found if entry.name.startswith(name))
            folders = {entry.name for entry in found if entry.is_dir()}
    except OSError:
        return []
    hidden = name.startswith(".")
    return [
        os.path.join(folder, each) + ("/" if each in folders else "")
        for each in fitting
        if hidden or not each.startswith(".")
    ]
