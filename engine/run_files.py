"""Delete what a run has written: all of it, or what its training left."""

import shutil

from engine.paths import RunPaths


def discard_training(paths: RunPaths) -> None:
    """Delete everything in a run's folder but its log: checkpoints, weights, predictions. Raises OSError."""
    if not paths.folder.is_dir():
        return
    for path in paths.folder.iterdir():
        if path == paths.log:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_folder(paths: RunPaths) -> None:
    """Delete a run's folder with all that is in it; a link in its place is deleted, not followed. Raises OSError."""
    if paths.folder.is_symlink():
        paths.folder.unlink()
    elif paths.folder.exists():
        shutil.rmtree(paths.folder)
