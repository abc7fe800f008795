"""Damaged images, odd tables and hostile pickles: one line or a result, in bounded time and memory."""

import ast
import contextlib
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import draw
from waiting import LIMIT_S

from engine.datasets.formats.npz import npz_images
from engine.datasets.formats.tables.named_images import images_of
from engine.datasets.indexing import survey_folder
from engine.datasets.layouts import DataError
from engine.datasets.packed import pack
from engine.datasets.pixels.decode import Look
from engine.datasets.provenance import load_trained_on
from engine.datasets.read_options import ReadOptions
from engine.datasets.survey import data_document
from engine.files.paths import RunPaths
from engine.models.weight_files import WeightsError, read_state
from engine.training.checkpoint import CheckpointError, load_checkpoint

ROOT = Path(__file__).parents[2]
NAMES = (
    "0",
    "0.png",
    "1.png",
    "sub/2.png",
    "2",
    "../0.png",
    "image",
    "label",
    "level",
    "patient",
    "train",
    "test",
    "",
)
CELLS = st.one_of(
    st.sampled_from(NAMES),
    st.integers(-2, 7).map(str),
    st.text(max_size=12),
    st.sampled_from(
        ["nan", "1e999", "0.0", "01", "-0", "٣", "no DR", "\ufeff", '"', "a,b", "a;b", "\r", "x" * 300]
    ),
)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=9)
LOOK = Look(8, "crop", "none")


def test_damaged_images_of_every_format_in_bounded_time_and_memory() -> None:
    command = [sys.executable, "-m", "tests.support.fuzzing", "7", "700"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    words = done.stdout.split()
    assert words[1] == "read," and int(words[0]) > 50
    assert words[3] == "refused," and int(words[2]) > 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tables")
    for number, name in enumerate(("0.png", "1.png", "sub/2.png")):
        draw(made / name, number, number)
    return made


def look_at(folder: Path, options: ReadOptions) -> None:
    """Survey, document, pack: whatever is wrong is a problem of the survey or one DataError."""
    for data in (folder, folder / "list.csv"):
        survey = survey_folder(data, options)
        document = data_document("data", survey, None, on_bad=options.on_bad)
        assert document["usable"] is survey.usable
        if survey.usable and survey.index is not None and survey.index.root is not None:
            try:
                pack(survey.index, folder / ".cache", LOOK, on_bad=options.on_bad)
            except DataError as error:
                assert "\n" not in str(error)
    for named in images_of([str(folder / "list.csv")]):
        assert named.problem is not None or named.path.is_file()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(table=TABLES, delimiter=st.sampled_from(",;\t"), on_bad=st.sampled_from(["fail", "skip"]))
def test_tables_of_anything(folder: Path, table: list[list[str]], delimiter: str, on_bad: str) -> None:
    lines = "\n".join(delimiter.join(row) for row in table)
    (folder / "list.csv").write_text(lines, errors="replace")
    look_at(folder, ReadOptions(on_bad=on_bad))


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.binary(max_size=300))
def test_tables_that_are_no_text(folder: Path, content: bytes) -> None:
    (folder / "list.csv").write_bytes(content)
    look_at(folder, ReadOptions())


class Hostile:
    """Leaves a trace where a careless loader unpickles it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({str(self.trace)!r}, 'w').write('run')",)


def test_no_pickle_is_ever_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    pickle.loads(pickle.dumps(Hostile(trace)))
    assert trace.exists()  # it would
    trace.unlink()
    paths = RunPaths(tmp_path)
    objects = np.array([Hostile(trace)], dtype=object)
    for write in (
        lambda path: path.write_bytes(pickle.dumps(Hostile(trace))),
        lambda path: torch.save({"format": 1, "model": Hostile(trace)}, path),
        lambda path: torch.save({"x": Hostile(trace)}, path, _use_new_zipfile_serialization=False),
        lambda path: np.save(path.open("wb"), objects, allow_pickle=True),
        lambda path: np.savez(path.open("wb"), images=objects, train_images=objects, train_labels=objects),
    ):
        for name in ("weights.pth", "weights.pt", "weights.safetensors"):
            write(tmp_path / name)
            with pytest.raises(WeightsError):
                read_state(tmp_path / name)
        for path in (paths.last, paths.last_before):
            write(path)
        with contextlib.suppress(CheckpointError):  # a whole archive is said to be another program's
            assert load_checkpoint(paths, "any") is None
        write(paths.trained_on)
        assert load_trained_on(paths.trained_on) is None
        write(tmp_path / "data.npz")
        with pytest.raises(DataError):
            npz_images(tmp_path / "data.npz", "train")
    assert not trace.exists()


FROM_OUR_OWN_PIPE = "tui/feeds/prefetch.py"
"""File whose pickles come from its own child, through a pipe that has no name: nobody else can write to it."""


def test_no_loader_of_ours_would_run_a_pickle() -> None:
    """Every call that can unpickle says that it must not; no other way to unpickle is imported."""
    found = []
    for path in sorted([*(ROOT / "engine").rglob("*.py"), *(ROOT / "tui").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {each.name for each in node.names} | {getattr(node, "module", None) or ""}
                if path == ROOT / FROM_OUR_OWN_PIPE:
                    names.discard("pickle")
                assert not {"pickle", "shelve", "dill", "joblib", "marshal"} & names, path
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "load"
            ):
                where = ast.unparse(node.func)
                keywords = {each.arg: ast.unparse(each.value) for each in node.keywords}
                if where == "torch.load":
                    assert keywords["weights_only"] == "True", path
                elif where in ("np.load", "numpy.load"):
                    assert keywords["allow_pickle"] == "False", path
                else:
                    continue
                found.append(where)
            if isinstance(node, ast.Call):
                assert not ast.unparse(node.func).endswith(("read_pickle", "torch.jit.load")), path
    assert found.count("torch.load") >= 2 and found.count("np.load") >= 3


def test_an_array_file_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    """A few bytes that unpack into terabytes are refused for what they claim."""
    header = np.lib.format.header_data_from_array_1_0(np.zeros((1, 8, 8), np.uint8)) | {
        "shape": (10**9, 64, 64)
    }
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        for name in ("train_images", "train_labels"):
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array_header_1_0(member, header)
    with pytest.raises(DataError, match="cannot be read|must pair up|shape"):
        survey_folder(tmp_path / "data.npz", ReadOptions()).checked()
    with pytest.raises(DataError, match="cannot be read"):
        npz_images(tmp_path / "data.npz", "train")
