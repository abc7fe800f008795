"""Opening of a file with the program that the desktop has for it, where there is a desktop."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def opener() -> str | None:
    """Return the program that opens files; None over SSH and on a console, where it would take the terminal."""
    if sys.platform == "darwin" and "SSH_CONNECTION" not in os.environ:
        return "open"
    has_desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return shutil.which("xdg-open") if has_desktop else None


def open_file(file: Path) -> None:
    """Open a file in a process that outlives this one. Raises OSError where that cannot be started."""
    program = opener()
    if program is not None:
        quiet = subprocess.DEVNULL
        subprocess.Popen(
            [program, str(file)], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
