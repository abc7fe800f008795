"""`edit`: change settings of queued or paused runs."""

from typing import Annotated, Any

import typer

from engine.files.paths import Home
from engine.preflight.imagenet_files import missing_weights
from engine.store.database import Store, open_store
from engine.store.edits.settings import changed_specs, edit_settings
from engine.store.listing import statuses
from tui.cli.flag_words import flag, tell_warnings
from tui.cli.ids import find_ids, tell_outcome, tell_runs
from tui.cli.options import edits_runs, single, takes_home, takes_spec
from tui.cli.output import CliError, print_message
from tui.cli.queue_runs import checked, tell_findings, with_relative_data
from tui.verbs import order_classes


@edits_runs
@takes_home
@takes_spec
def edit(
    home: Home,
    run_ids: Annotated[
        str, typer.Argument(metavar="ID", help="A run, or several as in 3-7,9.", show_default=False)
    ],
    settings: dict[str, Any],
) -> int:
    """Change settings of queued or paused runs; settings that are not given stay as they are.

    --ordered alone also changes runs that have ended: kappa and the numbers of referable images follow."""
    values = with_relative_data(home, {name: single(name, value) for name, value in settings.items()})
    if not values:
        raise CliError("give the settings to change, such as --lr 0.01: resnet-tui edit --help lists them")
    store = open_store(home.database, create=False)
    wanted = find_ids(store, [run_ids])
    if list(values) == ["ordered"]:
        return _order(store, home, wanted, str(values["ordered"]))
    specs = changed_specs(store, wanted, values)
    found = checked(home, store, list(specs.values()), changing=specs)
    repeats = edit_settings(store, home, wanted, values)
    tell_findings(found)
    tell_runs(wanted, ", ".join(f"{flag(name)} {value}" for name, value in values.items()))
    tell_warnings(missing_weights(specs.values()))
    for run_id, other in repeats.items():
        print_message(f"run {run_id} repeats run {other}: same settings, same data")
    return 0


def _order(store: Store, home: Home, run_ids: list[int], ordered: str) -> int:
    """Say whether the classes of runs are in order, of runs that have ended too; check those that will train."""
    with store.read() as session:
        waiting = [
            run_id for run_id, was in statuses(session, run_ids).items() if was in ("queued", "paused")
        ]
    if specs := changed_specs(store, waiting, {"ordered": ordered}):
        tell_findings(checked(home, store, list(specs.values()), changing=specs))
    return tell_outcome(order_classes(store, home, run_ids, ordered))
