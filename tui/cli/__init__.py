"""Command line `resnet-tui`; without a verb it opens the app."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer

from engine.alerts.address import with_addresses_shown
from engine.alerts.errors import AlertError
from engine.analysis.study import ReportError
from engine.datasets.layouts import DataError
from engine.export.tables import ExportError
from engine.files.paths import Home
from engine.files.privacy import secure_home
from engine.spec.grid import SpecError
from engine.standard_streams import settle
from engine.store.database import open_store, own_version
from engine.store.errors import QueueError, StoreError
from engine.torch_subprocess import AskError
from tui.cli.add import add
from tui.cli.arch import arch
from tui.cli.compare import compare
from tui.cli.completion import completion
from tui.cli.control import cancel, pause, resume, retry, rm, wait
from tui.cli.data import data
from tui.cli.db import db
from tui.cli.demo import demo
from tui.cli.described import described
from tui.cli.disk import du, prune
from tui.cli.doctor import doctor
from tui.cli.edit import edit
from tui.cli.export import export
from tui.cli.extend import clone, extend
from tui.cli.flag_words import flag_line, flag_setting
from tui.cli.given_once import take_flags_once
from tui.cli.keys import keys
from tui.cli.look import ls
from tui.cli.news import news
from tui.cli.notes import note, tag
from tui.cli.notify import notify
from tui.cli.options import takes_home
from tui.cli.output import CliError, print_message
from tui.cli.predict import predict
from tui.cli.presets import presets
from tui.cli.queue_order import move, needs, priority, queue, undo
from tui.cli.report import report
from tui.cli.serve import serve
from tui.cli.show import log, show
from tui.cli.workers import workers
from tui.open_app import is_terminal, run_app
from tui.streams import open_streams, written_out

# Errors that the user can fix: each is one line that says what to do.
USER_ERRORS = (
    CliError,
    AskError,
    StoreError,
    SpecError,
    QueueError,
    DataError,
    ReportError,
    ExportError,
    AlertError,
)
# Typer's own error for a call that does not fit, whose class it does not export.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

cli = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@cli.callback(invoke_without_command=True)
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
    open_store(home.database, create=not readonly).close()
    if not readonly:
        secure_home(home)
    return run_app(home, readonly=readonly, in_ascii=in_ascii)


VERBS: dict[str, Callable[..., int]] = {
    "add": add,
    "ls": ls,
    "show": show,
    "log": log,
    "wait": wait,
    "cancel": cancel,
    "pause": pause,
    "resume": resume,
    "retry": retry,
    "rm": rm,
    "clone": clone,
    "edit": edit,
    "extend": extend,
    "move": move,
    "priority": priority,
    "needs": needs,
    "undo": undo,
    "note": note,
    "tag": tag,
    "news": news,
    "compare": compare,
    "report": report,
    "export": export,
    "demo": demo,
    "doctor": doctor,
    "arch": arch,
    "presets": presets,
    "keys": keys,
    "predict": predict,
    "du": du,
    "prune": prune,
    "serve": serve,
    "completion": completion,
}
# The last arguments of these verbs may begin with a minus: -5, "-3 % worse", -tag. So -h is no flag of theirs.
MINUS_IS_TEXT = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
for _name, _verb in VERBS.items():
    settings = MINUS_IS_TEXT if _verb in (priority, note, tag) else None
    cli.command(_name, context_settings=settings)(_verb)
cli.add_typer(data, name="data")
cli.add_typer(queue, name="queue")
cli.add_typer(db, name="db")
cli.add_typer(workers, name="workers")
cli.add_typer(notify, name="notify")


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


@cache
def _command() -> Any:
    """Return the tree of all verbs and flags, which takes a while to make: once for all calls of a process."""
    command = typer.main.get_command(cli)
    take_flags_once(command)
    return command


def described_verbs() -> dict[str, Any]:
    """Describe all verbs and flags, for shells to complete."""
    return described(_command())


def run(arguments: list[str]) -> int:
    """Run a call and return its exit code: 0 success, 1 the work failed, 2 wrong usage."""
    try:
        return int(_command().main(arguments, prog_name="resnet-tui", standalone_mode=False) or 0)
    except USER_ERRORS as error:
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
