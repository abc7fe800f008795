"""The program's entry."""

import gc


def main() -> None:
    """Open the program. Modules that are loaded stay: no time is spent on looking for garbage among them."""
    gc.disable()
    from tui.cli import main as run

    gc.freeze()
    gc.enable()
    run()
