"""`resnet-tui completion`: the script that lets a shell complete verbs, flags and values."""

import os
import sys
from importlib.resources import files
from typing import Annotated

import typer

from engine.recipes.entry import unknown_choice
from tui.cli.output import CliError, print_message
from tui.completion.answer import SHELLS

PLACES = {
    "bash": "~/.local/share/bash-completion/completions/resnet-tui",
    "zsh": "~/.zfunc/_resnet-tui",
    "fish": "~/.config/fish/completions/resnet-tui.fish",
}
"""Files in which the shells look for it; zsh where `fpath` in ~/.zshrc has the folder."""


def completion(
    shell: Annotated[
        str | None, typer.Argument(metavar="bash|zsh|fish", help="The shell (default: that of $SHELL).")
    ] = None,
) -> int:
    """Print the script with which bash, zsh or fish completes verbs, flags and values."""
    name = os.path.basename(os.environ.get("SHELL", "")) if shell is None else shell
    if name not in SHELLS:
        raise CliError(f"the shell {unknown_choice(name, SHELLS)}")
    print(files("tui.completion").joinpath("scripts", name).read_text(encoding="utf-8"), end="")
    if sys.stdout.isatty():
        print_message(f"to install it: resnet-tui completion {name} > {PLACES[name]}")
    return 0
