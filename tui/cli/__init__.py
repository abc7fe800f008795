"""Command line `resnet-tui`; without a verb it opens the app."""

import importlib
import sys
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

import typer

from engine.alerts.address import with_addresses_shown
from engine.datasets.formats.problems import DataError
from engine.files.paths import Home
from engine.files.privacy import secure_home
from engine.problem import UserError
from engine.spec.grid import SpecError
from engine.standard_streams import settle
from engine.version import own_version
from tui.cli.flag_words import flag_line, flag_setting
from tui.cli.given_once import take_flags_once
from tui.cli.options import takes_home
from tui.cli.output import CliError, print_message
from tui.open_app import is_terminal, run_app
from tui.streams import open_streams, written_out

# Typer's own error for a call that does not fit, whose class it does not export.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


@takes_home
def app(
    home: Home,
    context: typer.Context,
    readonly: Annotated[bool, typer.Option("--readonly", help="Read only: no key changes anything.")] = False,
    in_ascii: Annotated[
        bool,
        typer.Option(
            "--ascii", help="Draw with ASCII alone, as it does by itself where the locale is not UTF-8."
        ),
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int:
    """Queue, train and judge ResNet image classifiers from a terminal. Without a verb: open the app."""
    if version:
        print(f"resnet-tui {own_version() or '(not installed)'}")
        raise typer.Exit
    if context.invoked_subcommand is not None:
        if any(context.params.get(name) for name in ("db", "home", "cache")):
            verb = context.invoked_subcommand
            raise CliError(f"--db, --home and --cache come after the verb: resnet-tui {verb} --home DIR")
        if readonly or in_ascii:
            raise CliError(
                "--readonly and --ascii apply to the app only: "
                f"leave them out before {context.invoked_subcommand}"
            )
        return 0
    if not is_terminal():
        raise CliError(
            "the app needs a terminal: use a verb, such as resnet-tui ls (resnet-tui --help lists them)"
        )
    if not home.root.is_dir():
        raise CliError(f"there is no folder {home.root}: make it or give another --home")
    from engine.store.database import open_store  # most calls open no app

    open_store(home.database, create=not readonly).close()
    if not readonly:
        secure_home(home)
    return run_app(home, readonly=readonly, in_ascii=in_ascii)


VERBS: Mapping[str, str] = {
    "add": "add",
    "ls": "look",
    "show": "show",
    "log": "show",
    "wait": "control",
    "cancel": "control",
    "pause": "control",
    "resume": "control",
    "retry": "control",
    "rm": "control",
    "clone": "extend",
    "edit": "edit",
    "extend": "extend",
    "move": "queue_order",
    "priority": "queue_order",
    "needs": "queue_order",
    "undo": "queue_order",
    "note": "notes",
    "tag": "notes",
    "news": "news",
    "compare": "compare",
    "report": "report",
    "export": "export",
    "demo": "demo",
    "doctor": "doctor",
    "arch": "arch",
    "presets": "presets",
    "keys": "keys",
    "predict": "predict",
    "du": "disk",
    "prune": "disk",
    "serve": "serve",
    "completion": "completion",
}
"""Module of each verb, which has a function of the verb's name. In the order of the help."""
GROUPS: Mapping[str, str] = {
    "data": "data", "queue": "queue_order", "db": "db", "workers": "workers", "notify": "notify"
}  # fmt: skip
"""Module of each group of verbs, which has a Typer of the group's name."""
# The last arguments of these verbs may begin with a minus: -5, "-3 % worse", -tag. So -h is no flag of theirs.
MINUS_IS_TEXT = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
ENDS_IN_TEXT = ("priority", "note", "tag")
ALL = (*VERBS, *GROUPS)


def _message(error: Exception) -> str:
    format_message = getattr(error, "format_message", lambda: str(error))
    if said := str(format_message()).rstrip("."):
        return said
    return f"{_verb_of(error).removeprefix('resnet-tui ')} needs a verb"  # where Typer has help alone


def _lines_of(error: Exception) -> list[str]:
    """Return one line for each problem, with the flags that it is about."""
    if isinstance(error, CliError):
        return list(map(str, error.args))
    if isinstance(error, SpecError):
        return [flag_line(problem) for problem in error.found]
    return [error.problem.said(flag_setting) if isinstance(error, DataError) else str(error)]


def _verb_of(error: Exception) -> str:
    """Return the verb of a call, such as `resnet-tui data split`, as far as it was parsed."""
    return str(getattr(getattr(error, "ctx", None), "command_path", "resnet-tui"))


def main() -> None:
    """Run the command line alone, without the app's shorter way to its first frame."""
    open_streams()
    sys.exit(written_out(run(sys.argv[1:])))


def _verbs_of(arguments: list[str]) -> tuple[str, ...]:
    """Return the verbs that a call needs: its own; all for the help, and for what is none."""
    if arguments == ["--version"]:
        return ()
    return (arguments[0],) if arguments and arguments[0] in ALL else ALL


@cache
def _command(verbs: tuple[str, ...] = ALL) -> Any:
    """Return the tree of these verbs and their flags; all of them take half a second to import."""
    cli = typer.Typer(
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    cli.callback(invoke_without_command=True)(app)
    for name in verbs:
        if name in GROUPS:
            cli.add_typer(_imported(GROUPS[name], name), name=name)
        else:
            settings = MINUS_IS_TEXT if name in ENDS_IN_TEXT else None
            cli.command(name, context_settings=settings)(_imported(VERBS[name], name))
    command = typer.main.get_command(cli)
    take_flags_once(command)
    return command


def _imported(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"tui.cli.{module}"), name)


def described_verbs() -> dict[str, Any]:
    """Describe all verbs and flags, for shells to complete."""
    from tui.cli.described import described

    return described(_command())


def run(arguments: list[str]) -> int:
    """Run a call and return its exit code: 0 success, 1 the work failed, 2 wrong usage."""
    try:
        return int(
            _command(_verbs_of(arguments)).main(arguments, prog_name="resnet-tui", standalone_mode=False) or 0
        )
    except UserError as error:
        for line in _lines_of(error):
            print_message(f"resnet-tui: {line}")
        return 2
    except UsageError as error:
        print_message(f"resnet-tui: {with_addresses_shown(_message(error))}: see {_verb_of(error)} --help")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except SystemExit as ended:
        # The reader of the output has gone: Typer makes an end with 1 of that.
        return 0 if isinstance(ended.__context__, BrokenPipeError) else int(ended.code or 0)
    except OSError as error:
        settle(sys.stdout)  # it may be what takes no more
        where = error.filename or "standard output or a file"
        print_message(f"resnet-tui: {where}: {error.strerror}: check its permissions and the free space")
        return 1
