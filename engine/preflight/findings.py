"""One check before runs are queued, for every front end: `preflight`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.datasets.formats.problems import EXAMPLES, some
from engine.disk.footprint import Images, Room
from engine.disk.usage import room_for
from engine.files.paths import Home
from engine.preflight import gpu_memory
from engine.preflight.data_checks import DataFound, ReadKey, check_data, image_counts, problems_of, read_key
from engine.preflight.plugin_checks import check_plugins
from engine.preflight.recipe_checks import check_recipes
from engine.preflight.source_runs import Source, repeated_runs, source_runs
from engine.preflight.warm_starts import check_warm_starts
from engine.preflight.weight_checks import check_weights
from engine.problem import Problem, errors_of, warnings_of
from engine.spec.run_spec import RunSpec
from engine.store.database import Store, read_together


@dataclass(frozen=True)
class Findings:
    """Findings about runs before they are queued."""

    problems: tuple[Problem, ...]
    data: Mapping[ReadKey, DataFound]
    room: Room
    """Disk space that the runs will need, and the free space."""
    repeats: tuple[int | None, ...]
    """For each spec the earlier run that it repeats; none are looked for without a store."""

    @property
    def errors(self) -> list[Problem]:
        """Problems that stop the runs from being queued."""
        return errors_of(self.problems)

    @property
    def warnings(self) -> list[Problem]:
        """Problems to read before the runs are queued."""
        return warnings_of(self.problems)

    def images_of(self, spec: RunSpec) -> Images | None:
        """Number of images of a spec; None where its data cannot be used."""
        return image_counts(spec, self.data.get(read_key(spec)))


def preflight(
    home: Home,
    store: Store | None,
    specs: Sequence[RunSpec],
    *,
    changing: Mapping[int, RunSpec] | None = None,
) -> Findings:
    """Everything that is wrong with specs, or worth a warning, at once; nothing is raised or written.

    Each data set, weights file and kind of run is looked at once, however many specs share it. `store` is None
    where the home has no run table yet; `changing` are the specs that runs have after an edit.

    ImageNet weights are not looked for here, because that may take seconds: see `imagenet_files.missing_weights`."""
    data = check_data(home, specs)
    sources, repeats = _runs_there(store, specs, changing or {})
    one_of = {read_key(spec): spec for spec in specs}
    images = {key: image_counts(spec, data[key]) for key, spec in one_of.items()}
    room = room_for(home, ((spec, images[read_key(spec)]) for spec in specs))
    problems = [
        *problems_of(data),
        *check_plugins(home, specs),
        *check_weights(home, specs, data),
        *check_warm_starts(home, specs, data, sources),
        *check_recipes(specs),
        *gpu_memory.warnings_for(store, specs),
        *filter(None, [room.shortage, _repeats(repeats)]),
    ]
    return Findings(tuple(problems), data, room, tuple(repeats))


def _runs_there(
    store: Store | None, specs: Sequence[RunSpec], changing: Mapping[int, RunSpec]
) -> tuple[dict[int, Source], list[int | None]]:
    """Return the runs that specs start from, and those that they repeat."""
    if store is None:
        return {}, [None] * len(specs)
    with store.read() as session:
        sources, repeats = read_together(
            session,
            lambda: source_runs(session, specs, changing),
            lambda: repeated_runs(session, specs, changing),
        )
    return sources, repeats


def _repeats(repeats: Sequence[int | None]) -> Problem | None:
    earlier = [str(run) for run in repeats if run is not None]
    if not earlier:
        return None
    what = f"{some(len(earlier), len(repeats), 'run')} repeat earlier ones, the first run {earlier[0]}"
    return Problem("", "note", what, tuple(earlier[:EXAMPLES]), kind="repeats", count=len(earlier))
