"""`notify add`, `ls`, `rm`, `test`: addresses that workers send alerts to."""

import getpass
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from engine.alerts.address import EXAMPLE, STANDARD_INPUT, of_environment, read_addresses, shown_address
from engine.alerts.channel import new_channel
from engine.alerts.kinds import ALL, DEFAULT, NAMES, parse_kinds
from engine.alerts.sender import Sender, check_addresses
from engine.files.paths import Home
from engine.hardware import processes
from engine.store import alerts
from engine.store.alert_tables import AlertChannel
from engine.store.database import open_store
from tui.cli.options import Json, takes_home
from tui.cli.output import CliError, checked_text, print_json, print_line, print_message
from tui.cli.table import print_table
from tui.formatting import clock

HEAD = ("id", "address", "of", "told of", "last sent", "problem")
EVENTS = f"{', '.join(NAMES)}, or {ALL}"
NotifyOn = Annotated[
    list[str] | None,
    typer.Option(
        "--notify-on",
        "--on",
        metavar="EVENTS",
        help=f"Events to be told of: {EVENTS} (default: {', '.join(DEFAULT)}).",
        show_default=False,
    ),
]
Ids = Annotated[list[int], typer.Argument(metavar="ID…", help="Addresses, as `ls` numbers them.")]
notify = typer.Typer(
    help="Send alerts to chat, mail, phone or a webhook: workers send them, also with the app closed.",
    no_args_is_help=True,
    add_completion=False,
)


@takes_home
def add(
    home: Home,
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL]",
            help=f"Address, such as {EXAMPLE}; @FILE with one a line, - for standard input. Asked for without an echo "
            "where it is left out.",
            show_default=False,
        ),
    ] = None,
    notify_on: NotifyOn = None,
    sweep: Annotated[str, typer.Option(help="Tell of this sweep's runs alone.")] = "",
) -> int:
    """Add an address, or change what one is told of. It is checked, and kept in the run table; nothing is sent."""
    sweep, kinds = checked_text("--sweep", sweep), parse_kinds(notify_on or ())
    urls = read_addresses([_asked_for() if url is None else checked_text("the address", url)])
    if not urls:
        raise CliError(f"give an address, such as {EXAMPLE}")
    check_addresses(urls)
    store = open_store(home.database)
    with store.write() as session:
        ids = [alerts.add_channel(session, new_channel(each, kinds, sweep)) for each in urls]
    for channel_id, each in zip(ids, urls, strict=True):
        of = f"{sweep}: " if sweep else ""
        print_message(f"address {channel_id}, {shown_address(each)}, is told of {of}{', '.join(kinds)}")
    tell_readers(home)
    return 0


def _asked_for() -> str:
    if not sys.stdin.isatty():
        return STANDARD_INPUT
    return getpass.getpass("address (not shown): ", sys.stderr)


def tell_readers(home: Home) -> None:
    """Print who else can read addresses that are kept in the run table, where it is on a server."""
    if home.database_file is None:
        print_message(
            "whoever can read the run table can read the address: docs/alerts.md names ways around that"
        )


@takes_home
def ls(home: Home, as_json: Json = False) -> int:
    """List the addresses, without their secrets."""
    with open_store(home.database, create=False).read() as session:
        found = alerts.channels(session)
    if as_json:
        print_json({"addresses": [_document(each) for each in found]})
    elif found:
        rows = [_row(each) for each in found]
        shown = [
            place for place, name in enumerate(HEAD) if name != "problem" or any(row[place] for row in rows)
        ]
        table = [tuple(row[place] for place in shown) for row in rows]
        print_table(
            tuple(HEAD[place] for place in shown), table, right=("id",), may_shrink=("problem", "told of")
        )
    else:
        print_message(f"nobody is told of anything: resnet-tui notify add {EXAMPLE}")
    return 0


def _row(channel: AlertChannel) -> tuple[str, ...]:
    of = channel.sweep or (f"{channel.user_name}'s runs" if channel.user_name else "all runs")
    sent = clock(channel.sent_at) if channel.sent_at is not None else "–"
    where = channel.shown if channel.url else f"{channel.shown} (workers bring it)"
    return str(channel.id), where, of, channel.kinds.replace(",", ", "), sent, channel.problem


def _document(channel: AlertChannel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "address": channel.shown,
        "user": channel.user_name,
        "sweep": channel.sweep,
        "told_of": channel.kinds.split(","),
        "kept_in_run_table": bool(channel.url),
        "sent_at": channel.sent_at.isoformat() if channel.sent_at is not None else None,
        "problem": channel.problem or None,
    }


@takes_home
def rm(home: Home, ids: Ids) -> int:
    """Remove addresses: they are told of nothing any more."""
    for shown in alerts.remove_channels(open_store(home.database, create=False), ids):
        print_message(f"removed: {shown}")
    return 0


@takes_home
def test(
    home: Home,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID…]", help="Addresses (default: all).", show_default=False),
    ] = None,
) -> int:
    """Send one message to each address, also those of RESNET_TUI_NOTIFY_URL, and print what came back."""
    urls = _urls(home, ids or ())
    check_addresses(urls)
    title = f"{processes.host_name()}: alerts of resnet-tui arrive here"
    failed = False
    for url in urls:
        sent = Sender().send(url, title, f"Sent by resnet-tui notify test for the runs of {home.root}.")
        failed = failed or sent.problem is not None
        outcome = f"✖ {sent.problem}" if sent.problem else f"✔ taken by the service in {sent.seconds:.1f} s"
        print_line(f"{shown_address(url)}  {outcome}")
    return int(failed)


def _urls(home: Home, ids: Sequence[int]) -> list[str]:
    """Return the addresses to test. Raises CliError, AlertError."""
    with open_store(home.database, create=False).read() as session:
        there = {each.id: each for each in alerts.own_channels(session)}
    for each in ids:
        if each not in there:
            raise CliError(f"there is no address {each} of yours: resnet-tui notify ls lists them")
        if not there[each].url:
            raise CliError(
                f"address {each} is known to the workers that bring it alone: give it in the environment"
            )
    kept = [each.url for each in there.values() if each.url and (not ids or each.id in ids)]
    urls = list(dict.fromkeys([*kept, *([] if ids else of_environment())]))
    if not urls:
        raise CliError(f"nobody is told of anything: resnet-tui notify add {EXAMPLE}")
    return urls


notify.command("add")(add)
notify.command("ls")(ls)
notify.command("rm")(rm)
notify.command("test")(test)
