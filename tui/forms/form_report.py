"""Preflight of a filled-in form, worded for the form. It reads files and the run table, so it runs in a thread."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.analysis.forecast import learn
from engine.analysis.groups import LEAST
from engine.datasets.read_options import READ_FIELDS
from engine.disk.footprint import Room
from engine.files.paths import Home
from engine.preflight.data_checks import DataFound, read_data, read_key
from engine.preflight.findings import Findings, preflight
from engine.problem import Problem, errors_of, warnings_of
from engine.queries.throughput import past_runs
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError, make_spec
from engine.spec.run_spec import RunSpec
from engine.store import workers
from engine.store.add import add_runs
from engine.store.database import Store, read_together
from tui.forms.estimate import Measured, time_shown
from tui.forms.form import NO_DATA, Checked, parse_more
from tui.forms.form_words import MORE, beside_fields, form_setting
from tui.store_calls import Refused, with_store


@dataclass(frozen=True)
class FormReport:
    """Findings about a form's runs that need files or the run table."""

    texts: Mapping[str, str]
    """Texts of the form that the report is about."""
    found: str = ""
    """Detected layout of the data and the images of each split, in words."""
    classes: str = ""
    """Classes of the data and their order, in words; empty for built-in data."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Problems by field, as in `Checked.problems`."""
    warnings: tuple[str, ...] = ()
    """Warnings, a few words each."""
    room: Room | None = None
    """Disk space needed and free; None while the settings are invalid."""
    time: str = ""
    """Estimated training time; empty where there is no estimate."""
    repeats: tuple[bool, ...] = ()
    """True for each run that repeats an earlier one."""
    groups: int = 0
    """Groups that the runs make: repetitions of one recipe."""
    measured: Measured | None = None


@dataclass(frozen=True)
class Queued:
    """Result of queueing a form's runs."""

    ids: tuple[int, ...] = ()
    """Ids of the new runs; empty where there are problems."""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def report_on(
    home: Home, texts: Mapping[str, str], checked: Checked, measured: Measured | None = None
) -> FormReport:
    """Check everything that the form names; `measured` is the throughput from an earlier report."""
    if not checked.specs:
        data = _data_alone(home, texts)
        return replace(_of_problems(texts, data, data.problems), measured=measured)
    try:
        findings, measured = with_store(home, lambda store: _ask(home, store, checked.specs, measured))
    except Refused as error:
        return FormReport(texts, problems={"": str(error)})
    data = findings.data[read_key(checked.specs[0])]
    return replace(
        _of_problems(texts, data, findings.problems),
        room=findings.room,
        time=time_shown(checked.specs, lambda spec: _train_images(findings, spec), measured),
        repeats=tuple(run is not None for run in findings.repeats),
        groups=_groups(checked.specs),
        measured=measured,
    )


def queue_form(home: Home, specs: Sequence[RunSpec], name: str) -> Queued:
    """Check the runs once more, because files may have disappeared since, and queue them. Raises Refused."""

    def checked_and_added(store: Store) -> Queued:
        found = preflight(home, store, specs)
        if found.errors:
            return Queued(problems=tuple(beside_fields(found.errors).values()))
        shown = [each for each in found.warnings if each.field != "data"]
        ids = add_runs(store, specs, name=name).ids
        return Queued(ids, warnings=tuple(each.said(form_setting) for each in shown))

    return with_store(home, checked_and_added)


def _of_problems(texts: Mapping[str, str], data: DataFound, problems: Sequence[Problem]) -> FormReport:
    is_built_in = texts["data"].strip() in BUILTIN_DEFAULTS
    index = data.index if data.index is not None and data.index.root is not None else None
    found = "✔ built in" if is_built_in else f"✔ {index.describe_images()}" if index is not None else ""
    classes = index.describe_classes(form_setting) if index is not None else ""
    # A lack of disk space is shown beside the size of what will be written.
    briefs = [each.brief or each.what for each in warnings_of(problems) if each.kind != "disk"]
    wrong = beside_fields(errors_of(problems))
    return FormReport(texts, found, classes, wrong, tuple(dict.fromkeys(briefs)))


def _data_alone(home: Home, texts: Mapping[str, str]) -> DataFound:
    """Check the data field alone, while other fields have problems."""
    text = texts["data"].strip()
    if not text:
        return DataFound((Problem("data", "error", NO_DATA),))
    more, _ = parse_more(texts.get(MORE, ""))
    try:
        spec = make_spec({"data": text, **{name: more[name] for name in READ_FIELDS if name in more}})
    except SpecError as error:
        return DataFound(error.found)
    return DataFound() if text in BUILTIN_DEFAULTS else read_data(home, spec)


def _ask(
    home: Home, store: Store, specs: Sequence[RunSpec], measured: Measured | None
) -> tuple[Findings, Measured]:
    return preflight(home, store, specs), measured or _measure(store)


def _groups(specs: Sequence[RunSpec]) -> int:
    return sum(runs >= LEAST for runs in Counter(spec.group_digest() for spec in specs).values())


def _measure(store: Store) -> Measured:
    """Read the throughput of this home's machines in past runs."""
    with store.read() as session:
        past, there = read_together(session, lambda: past_runs(session), lambda: workers.present(session))
    devices = tuple(each.device_name for each in there)
    return Measured(learn(past), devices or tuple(run.device for run in past[:1]))


def _train_images(findings: Findings, spec: RunSpec) -> int | None:
    images = findings.images_of(spec)
    return images.train if images is not None else None
