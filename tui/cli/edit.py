"""`edit`: other settings for runs that wait."""

from typing import Annotated, Any

import typer

from engine.files.paths import Home
from engine.preflight import gpu_memory
from engine.store.database import open_store
from engine.store.edits.settings import changed_specs, edit_settings
from tui.cli.add import check_files, naming_flags, with_relative_data
from tui.cli.ids import find_ids, tell_runs
from tui.cli.options import flag, takes_home, takes_spec
from tui.cli.output import CliError, tell
from tui.forms.imagenet_files import lacking
from tui.forms.plugins import check_plugins
from tui.forms.warm_start import check_warm_starts


@takes_home
@takes_spec
def edit(
    home: Home,
    run_ids: Annotated[
        str, typer.Argument(metavar="ID", help="A run, or several as in 3-7,9.", show_default=False)
    ],
    settings: dict[str, Any],
) -> int:
    """Change settings of queued or paused runs; what is not given stays."""
    values = with_relative_data(home, {name: _single(name, value) for name, value in settings.items()})
    if not values:
        raise CliError("give the settings to change, such as --lr 0.01: resnet-tui edit --help lists them")
    store = open_store(home.database, create=False)
    wanted = find_ids(store, [run_ids])
    with naming_flags():
        specs = changed_specs(store, wanted, values)
        check_files(home, specs)
        check_plugins(home, specs)
        for line in [*check_warm_starts(home, store, specs), *gpu_memory.warnings_for(store, specs)]:
            tell(f"warning: {line}")
        repeats = edit_settings(store, home, wanted, values)
    tell_runs(wanted, ", ".join(f"{flag(name)} {value}" for name, value in values.items()))
    for line in lacking(specs):
        tell(f"warning: {line}")
    for run_id, other in repeats.items():
        tell(f"run {run_id} repeats run {other}: same settings, same data")
    return 0


def _single(name: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) != 1:
        raise CliError(f"{flag(name)}: give one value; resnet-tui clone makes several runs of one")
    return value[0]
