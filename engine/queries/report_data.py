"""Data of a report's runs, read again from the disk: splits, classes and groups."""

from collections.abc import Sequence
from dataclasses import replace

from engine.analysis.report.facts import DataFacts, SplitFacts
from engine.analysis.study import StudyRun
from engine.datasets.formats.problems import DataError
from engine.datasets.index import LEFT_OUT, SPLITS, Index, Survey
from engine.datasets.leaks import other_member
from engine.datasets.read_options import READ_FIELDS
from engine.datasets.source import survey_data
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from engine.spec.grid import SpecError
from engine.spec.run_spec import RunSpec
from engine.text import plain

MOST_WARNINGS = 5


class ReportData:
    """Data sets of a report, each read once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known: dict[tuple[object, ...], Survey | str] = {}
        self.groups = GroupReader(home, self._index)
        """Groups of their images."""

    def survey(self, spec: RunSpec) -> Survey | str:
        """Return the survey of a run's data, or one line on why they cannot be read."""
        key = tuple(getattr(spec, name) for name in READ_FIELDS)
        if key not in self._known:
            self._known[key] = self._read(spec)
        return self._known[key]

    def _index(self, spec: RunSpec) -> Index:
        found = self.survey(spec)
        if isinstance(found, str):
            raise DataError(found)
        try:
            return found.checked()
        except DataError as error:
            raise DataError(self._told(str(error))) from error

    def _read(self, spec: RunSpec) -> Survey | str:
        try:
            found = survey_data(self._home, spec)
        except (DataError, SpecError, OSError, ValueError) as error:
            return self._told(str(error))
        if found.index is None:
            return self._told(found.problems[0].text) if found.problems else "no images were found"
        return found

    def _told(self, problem: str) -> str:
        """Return a problem in one line, with paths that start at the home."""
        return plain(problem).replace(f"{self._home.root}/", "")

    def facts_of(self, runs: Sequence[StudyRun]) -> tuple[DataFacts, ...]:
        """Describe the data of runs on one data set, once for each way in which they were read and split."""
        ways: dict[tuple[object, ...], list[StudyRun]] = {}
        for run in runs:
            ways.setdefault(tuple(getattr(run.spec, name) for name in READ_FIELDS), []).append(run)
        found: dict[DataFacts, list[int]] = {}
        for some in ways.values():
            found.setdefault(replace(self._facts(some), run_ids=()), []).extend(run.id for run in some)
        return tuple(replace(each, run_ids=tuple(sorted(run_ids))) for each, run_ids in found.items())

    def _facts(self, runs: Sequence[StudyRun]) -> DataFacts:
        ids = tuple(run.id for run in runs)
        survey = self.survey(runs[0].spec)
        if isinstance(survey, str):
            return DataFacts(ids, unknown=survey)
        index = survey.index
        assert index is not None
        shared = other_member(index)
        tested = {run.test_images for run in runs if run.test_images is not None}
        splits = tuple(_split(index, survey, split) for split in SPLITS if split in index.splits)
        is_drawn = any(each.is_drawn for each in splits)
        recorded = {run.environment.get("data_fingerprint") for run in runs} - {None}
        return DataFacts(
            ids,
            layout=index.kind,
            class_names=index.class_names,
            splits=splits,
            split_seed=runs[0].spec.split_seed if is_drawn else 0,
            folds=runs[0].spec.folds,
            left_out=index.splits.count(LEFT_OUT),
            group_rule=index.group_rule if index.groups else "",
            shared_images=shared.images if shared else 0,
            shared_accuracy=shared.accuracy if shared else None,
            warnings=tuple(self._told(each.text) for each in survey.warnings[:MOST_WARNINGS]),
            fingerprint=index.fingerprint,
            is_changed=(bool(recorded) and recorded != {index.fingerprint})
            or bool(tested - {tuple(index.counts("test"))}),
        )


def _split(index: Index, survey: Survey, split: str) -> SplitFacts:
    rows = index.rows_of(split)
    groups = len({index.groups[row] for row in rows}) if index.groups else None
    return SplitFacts(split, len(rows), tuple(index.counts(split)), groups, survey.is_drawn(split))
