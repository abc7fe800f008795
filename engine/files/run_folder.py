"""Deletion of a run's folder."""

import shutil

from engine.files.paths import RunPaths


def remove_folder(paths: RunPaths) -> None:
    """Delete a run's folder with everything in it; a link in its place is deleted, not followed. Raises OSError."""
    if paths.folder.is_symlink():
        paths.folder.unlink()
    elif paths.folder.exists():
        shutil.rmtree(paths.folder)
