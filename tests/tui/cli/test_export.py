"""`resnet-tui export`: tables of runs and epochs, event files, ONNX; refusals leave nothing behind."""

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from quadrants import SIZE_PX, quadrant_image, trained_on_quadrants
from studies import open_study
from volumes import fill, small_disk

from engine import torch_subprocess
from engine.export.columns import Column, epoch_columns, run_columns
from engine.export.event_files import wall_times
from engine.export.read_runs import read_runs
from engine.export.tables import as_csv, as_json, as_parquet
from engine.files.metrics_file import metric_columns
from engine.files.paths import Home
from engine.metrics.catalogue import numbers
from engine.prediction.trained_network import load_network
from engine.spec.run_spec import FIELDS
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tests.support.forking import fork_torch
from tui.cli import run as resnet_tui


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(open_study(tmp_path / "runs.db")) as store:
        yield store


def exported(tmp_path: Path, *arguments: str) -> int:
    return resnet_tui(["export", *arguments, "--home", str(tmp_path)])


def test_one_row_a_run_with_every_setting_and_the_best_and_last_metrics(
    tmp_path: Path, study: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exported(tmp_path, "--csv", str(tmp_path / "runs.csv"), "--json", str(tmp_path / "runs.json")) == 0
    rows = list(csv.DictReader((tmp_path / "runs.csv").open()))
    documents = json.loads((tmp_path / "runs.json").read_text())["rows"]
    runs = read_runs(study, run_ids=None, sweep=None)
    assert len(rows) == len(documents) == len(runs) > 3
    columns = [column.name for column in run_columns()]
    assert len(set(columns)) == len(columns) and list(rows[0]) == columns == list(documents[0])
    assert set(FIELDS) <= set(columns)
    assert {f"{which}_{each.key}" for which in ("best", "last") for each in numbers()} <= set(columns)
    for row, document, run in zip(rows, documents, runs, strict=True):
        assert int(row["id"]) == document["id"] == run.row.id and float(row["lr"]) == run.spec.lr
        assert row["nesterov"] == str(run.spec.nesterov).lower() and document["nesterov"] is run.spec.nesterov
        if run.row.best_epoch is not None:
            assert document["best_test_acc"] == run.row.best_acc == float(row["best_test_acc"])
            assert document["last_epoch"] == len(run.epochs) - 1
        if not run.epochs:
            assert document["best_test_acc"] is None and row["last_test_acc"] == "" == row["best_epoch"]
    assert any(run.row.best_epoch is not None for run in runs) and any(not run.epochs for run in runs)
    assert f"{len(rows)} rows, {len(columns)} columns" in capsys.readouterr().err


def test_one_row_an_epoch_on_standard_output(
    tmp_path: Path, study: Store, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert exported(tmp_path, "5", "--epochs", "--csv", "-") == 0
    rows = list(csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode())))
    run = read_runs(study, run_ids=[5], sweep=None)[0]
    assert [int(row["epoch"]) for row in rows] == [each.epoch for each in run.epochs] and len(rows) > 1
    assert [float(row["test_acc"]) for row in rows] == [each.number("test_acc") for each in run.epochs]
    assert list(rows[0]) == [column.name for column in epoch_columns()]
    assert set(metric_columns()) - {"time"} <= set(rows[0])


def test_names_that_a_spreadsheet_would_compute(
    tmp_path: Path, study: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert resnet_tui(["note", "5", '=HYPERLINK("x")\n,"é', "--home", str(tmp_path)]) == 0
    assert exported(tmp_path, "5", "--csv", str(tmp_path / "a.csv")) == 0
    assert next(csv.DictReader((tmp_path / "a.csv").open()))["note"].startswith("'=HYPERLINK")


def test_a_name_that_is_not_utf8_is_written_in_every_format(tmp_path: Path) -> None:
    columns, rows = [Column("name", "text"), Column("id", "count")], [{"name": "a\udcff", "id": 1}]
    expected = r"a\udcff"
    assert as_csv(columns, rows).decode().splitlines()[1] == f"{expected},1"
    assert json.loads(as_json(columns, rows))["rows"] == [{"name": expected, "id": 1}]
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow writes Parquet: pip install -e '.[export]'"
    )
    assert parquet.read_table(io.BytesIO(as_parquet(columns, rows)))["name"].to_pylist() == [expected]


def test_parquet_has_a_type_for_each_column(tmp_path: Path, study: Store) -> None:
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow writes Parquet: pip install -e '.[export]'"
    )
    assert exported(tmp_path, "--parquet", str(tmp_path / "runs.parquet")) == 0
    table = parquet.read_table(tmp_path / "runs.parquet")
    assert table.column_names == [column.name for column in run_columns()]
    types = {
        name: str(table.schema.field(name).type) for name in ("lr", "epochs", "name", "nesterov", "best_auc")
    }
    assert types == {
        "lr": "double", "epochs": "int64", "name": "string", "nesterov": "bool", "best_auc": "double",
    }  # fmt: skip
    assert table.column("id").to_pylist() == [
        run.row.id for run in read_runs(study, run_ids=None, sweep=None)
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say what to write: --csv FILE"),
        (("5", "--sweep", "x", "--csv", "a.csv"), "give run numbers or --sweep"),
        (("--sweep", "none", "--csv", "a.csv"), "the sweep 'none' has no runs"),
        (("99", "--csv", "a.csv"), "there is no run 99"),
        (("--csv", "there.csv"), "is there already: give another name, or --overwrite"),
        (("--csv", "folder"), "is a folder"),
        (("--csv", "none/a.csv"), "there is no folder"),
        (("--csv", "a.csv", "--json", "a.csv"), "two formats name one file"),
        (("4-5", "--onnx", "a.onnx"), "--onnx writes the network of one run, not of 2"),
        (("5", "--onnx", "a.onnx"), "has no weights at"),
        (("5", "--onnx", "a.onnx", "--csv", "a.csv"), "has no weights at"),
        (("--csv", "-", "--json", "-"), "two formats name standard output"),
        (("--csv", "pipe", "--overwrite"), "is no ordinary file"),
        (("--csv", "runs.db", "--overwrite"), "runs.db belongs to the runs: give another name"),
        (("--csv", "runs/5/metrics.csv", "--overwrite"), "metrics.csv belongs to the runs"),
        (("--csv", "a.csv", "--tensorboard", "there.csv"), "there.csv is a file: give the name of a folder"),
    ],
)
def test_wrong_calls_write_nothing(
    tmp_path: Path,
    study: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "runs" / "5").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    assert exported(tmp_path, *arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]
    assert (tmp_path / "there.csv").read_text() == "mine" and sorted(tmp_path.iterdir()) == before


def test_a_file_is_replaced_when_asked(tmp_path: Path, study: Store) -> None:
    (tmp_path / "runs.csv").write_text("old")
    assert exported(tmp_path, "--csv", str(tmp_path / "runs.csv"), "--overwrite") == 0
    assert (tmp_path / "runs.csv").read_text().startswith("id,name,")


@pytest.mark.parametrize(
    ("module", "arguments", "package"),
    [
        ("pyarrow", ("--parquet", "a.parquet"), "pyarrow"),
        ("tensorboard", ("--tensorboard", "events"), "tensorboard"),
    ],
)
def test_without_a_package_it_says_what_to_install(
    tmp_path: Path,
    study: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: str,
    arguments: tuple[str, ...],
    package: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [each for each in sys.modules if each.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    assert exported(tmp_path, *arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and f"needs the package {package}: pip install" in lines[0]
    assert not (tmp_path / arguments[1]).exists()


def test_tensorboard_reads_what_is_written(
    tmp_path: Path, study: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    events = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard reads event files: pip install -e '.[export]'",
    )
    assert exported(tmp_path, "5", "--tensorboard", str(tmp_path / "events")) == 0
    run = read_runs(study, run_ids=[5], sweep=None)[0]
    folders = list((tmp_path / "events").iterdir())
    assert len(folders) == 1 and folders[0].name.startswith("5")
    found = events.EventAccumulator(str(folders[0]))
    found.Reload()
    scalars = found.Scalars("acc/test")
    assert [each.step for each in scalars] == [each.epoch for each in run.epochs]
    assert [each.value for each in scalars] == pytest.approx([each.number("test_acc") for each in run.epochs])
    assert [each.wall_time for each in scalars] == pytest.approx(list(wall_times(run, {}).values()))
    assert '"arch": "resnet' in found.Tensors("settings")[0].tensor_proto.string_val[0].decode()
    capsys.readouterr()
    more = ("3-5", "--tensorboard", str(tmp_path / "events"), "--csv", str(tmp_path / "a.csv"))
    assert exported(tmp_path, *more) == 2
    assert "is there already" in capsys.readouterr().err
    assert list((tmp_path / "events").iterdir()) == folders and not (tmp_path / "a.csv").exists()


def test_event_files_on_a_full_disk_leave_nothing(
    tmp_path: Path, study: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard writes event files: pip install -e '.[export]'")
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        fill(disk)
        assert exported(tmp_path, "5", "--tensorboard", str(disk / "events")) == 1
        assert [each.name for each in disk.iterdir()] == ["filler"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "No space left" in lines[0] and str(disk / "events") in lines[0]


def test_wall_times_are_those_of_metrics_csv_where_it_has_them(study: Store) -> None:
    run = read_runs(study, run_ids=[5], sweep=None)[0]
    known = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    times = wall_times(run, {1: known})
    assert times[1] == known and run.row.started_at is not None
    assert times[0] == run.row.started_at.timestamp() + (run.epochs[0].number("seconds") or 0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Home:
    torch.set_num_threads(1)
    home, spec = trained_on_quadrants(tmp_path_factory.mktemp("home"), epochs=1, each=12)
    store = open_store(home.database)
    add_runs(store, [spec])
    store.close()
    return home


def test_an_onnx_file_gives_what_torch_gives(
    trained: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For any number of images, from a plug-in that prints."""
    fork_torch(monkeypatch, torch_subprocess)
    pytest.importorskip("onnxscript", reason="torch exports with onnxscript: pip install -e '.[export]'")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime runs the file")
    out = tmp_path / "net.onnx"
    assert resnet_tui(["export", "1", "--onnx", str(out), "--home", str(trained.root)]) == 0
    said = capfd.readouterr()
    assert said.out == "" and "onnxruntime gives torch's outputs to" in said.err
    session = runtime.InferenceSession(out.read_bytes(), providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == ["image"]
    assert [each.name for each in session.get_outputs()] == ["logits"]
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["class_names"]) == ["class0", "class1"] and about["image_size"] == str(SIZE_PX)
    assert "cropped to the square" in about["preprocessing"] and len(json.loads(about["mean"])) == 3
    network = load_network(trained.run(1).best, torch.device("cpu"), trained)
    for count in (1, 5):
        images = np.stack([quadrant_image(number % 2, number) for number in range(count)])
        inputs = next(iter(network.batches(images)))
        with torch.inference_mode():
            expected = network.model(inputs).numpy()
        found = session.run(None, {"image": inputs.contiguous().numpy()})[0]
        assert found.shape == (count, 2) and np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "if x.sum() > 0:\n            x = x * 2",
            "cannot be exported: torch's ONNX exporter does not follow its code",
        ),
        ("x = x * len(str(x.sum().item()))", "would differ from torch by"),  # traced as a constant
    ],
)
def test_a_network_that_does_not_export_says_so(
    trained: Home,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    said: str,
) -> None:
    fork_torch(monkeypatch, torch_subprocess)
    pytest.importorskip("onnxscript", reason="torch exports with onnxscript: pip install -e '.[export]'")
    pytest.importorskip("onnxruntime", reason="onnxruntime runs the file")
    plugin = trained.root / "stripes.py"
    text = plugin.read_text()
    try:
        plugin.write_text(text.replace("def forward(self, x):", f"def forward(self, x):\n        {line}"))
        out = tmp_path / "a.onnx"
        assert resnet_tui(["export", "1", "--onnx", str(out), "--home", str(trained.root)]) == 2
    finally:
        plugin.write_text(text)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1 and "the ONNX file of run 1 could not be made: " in lines[0] and said in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_a_grade_is_exported_with_its_thresholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fork_torch(monkeypatch, torch_subprocess)
    pytest.importorskip("onnxscript", reason="torch exports with onnxscript: pip install -e '.[export]'")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime runs the file")
    home, spec = trained_on_quadrants(tmp_path, loss="mse-ordinal", epochs=1, each=8)
    with contextlib.closing(open_store(home.database)) as store:
        add_runs(store, [spec])
    assert exported(tmp_path, "1", "--onnx", str(tmp_path / "net.onnx")) == 0
    session = runtime.InferenceSession(
        (tmp_path / "net.onnx").read_bytes(), providers=["CPUExecutionProvider"]
    )
    assert [(each.name, each.shape[1]) for each in session.get_outputs()] == [("grade", 1)]
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["thresholds"]) == [0.5] and about["output"].startswith("grade")
