"""Indexes of folders and built-in sets, without a home or a spec."""

from pathlib import Path

from engine.datasets.index import Index, Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions
from engine.datasets.source import index_data
from engine.files.paths import Home
from engine.spec.grid import make_spec


def index_folder(path: Path, *, test_fraction: float = 0.2) -> Index:
    return survey_folder(path, ReadOptions(test_fraction=test_fraction)).checked()


def index_builtin(name: str, *, test_fraction: float = 0.2) -> Index:
    spec = make_spec({"data": name, "test_fraction": test_fraction, "epochs": int(test_fraction < 1)})
    return index_data(Home.find(Path("nowhere")), spec)


def survey(path: Path, **options: object) -> Survey:
    """Survey a folder or file with these options of reading."""
    return survey_folder(path, ReadOptions(**options))  # type: ignore[arg-type]


def kinds(found: Survey, severity: str = "error") -> list[str]:
    """Kinds of the problems of one severity."""
    return [problem.kind for problem in found.problems if problem.severity == severity]


def labels_by_name(found: Survey) -> dict[str, str]:
    """Class name of each image that is in a split, by the last part of its file's name."""
    index = found.index
    assert index is not None
    return {index.names[row].rpartition("/")[2]: index.class_names[index.labels[row]] for row in index.used}
