"""Indexes of folders and built-in sets, without a home or a spec."""

from pathlib import Path

from engine.datasets.index import Index, survey_folder
from engine.datasets.read_options import ReadOptions
from engine.datasets.source import index_data
from engine.files.paths import Home
from engine.spec.grid import make_spec


def index_folder(path: Path, *, test_fraction: float = 0.2) -> Index:
    return survey_folder(path, ReadOptions(test_fraction=test_fraction)).checked()


def index_builtin(name: str, *, test_fraction: float = 0.2) -> Index:
    spec = make_spec({"data": name, "test_fraction": test_fraction, "epochs": int(test_fraction < 1)})
    return index_data(Home.find(Path("nowhere")), spec)
