"""Reports: the store's numbers in Markdown, pictures and on the terminal; text from outside made harmless."""

import html
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from PIL import Image
from report_runs import cells

from engine.analysis.arch_table import archs_used, read_architectures
from engine.analysis.figure_canvas import defaults, png
from engine.analysis.final_table import final_table
from engine.analysis.finding import Finding
from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import markdown, printable, slug, table, title_of
from engine.analysis.matrix_figure import draw_matrices, panel_of, panels_a_figure
from engine.analysis.report.blocks import words_of
from engine.analysis.report.facts import Facts
from engine.analysis.report.settings_table import passes_note
from engine.analysis.report.write import write_report
from engine.analysis.study import ReportError, Study
from engine.queries.read_study import collect
from engine.spec.grid import make_spec
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store
from engine.store.errors import QueueError
from tests.support.studies import open_study, train

BLOCKS = {"resnet18": "[3×3,64; 3×3,64]×2", "resnet50": "[1×1,64; 3×3,64; 1×1,256]×3", "resnet101": "unused"}
DOCUMENT = {
    "archs": [
        {
            "arch": arch,
            "bottleneck_stride": "3x3",
            "parameters": 11_689_512 + number,
            "multiply_adds": 1_814_073_344 + number * 10**9,
            "published_multiply_adds": 1_800_000_000,
            "torchvision_multiply_adds": 1_814_000_000,
            "layers": [{"name": "conv2_x", "output": "56×56", "blocks": blocks}],
        }
        for number, (arch, blocks) in enumerate(BLOCKS.items())
    ]
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The sweep of tests.support.studies: seven runs on three data sets, four done, #3 collapsed."""
    store = open_study(tmp_path_factory.mktemp("study") / "runs.db")
    collected = collect(store, run_ids=None, sweep="demo")
    store.close()
    return collected


@pytest.fixture(scope="module")
def folder(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "made" / "here"
    written = write_report(study, out, Facts(architectures=read_architectures(DOCUMENT)))
    assert sorted(written) == sorted(out.iterdir())
    return out


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.md").read_text()


def test_results_are_the_stores(text: str, tmp_path: Path) -> None:
    store = open_study(tmp_path / "runs.db")
    with store.read() as session:
        rows = {row.id: row for row in listing.list_runs(session)}
    store.close()
    for run_id, data in ((1, "digits"), (2, "fundus-balanced"), (3, "fundus"), (4, "fundus"), (5, "fundus")):
        row, shown = rows[run_id], cells(text, f"### On {data}", run_id)
        assert row.best_acc and row.baseline and row.last_acc and row.best_balanced_acc and row.best_kappa
        highest = shown["highest test accuracy, % @ epoch (epoch chosen on the test set)"]
        assert highest == f"{100 * row.best_acc:.2f} @ {row.best_epoch}"
        assert shown["last epoch, %"] == f"{100 * row.last_acc:.2f}"
        assert shown["baseline, %"] == f"{100 * row.baseline:.2f}"
        assert shown["above baseline, points"] == f"{100 * (row.best_acc - row.baseline):+.2f}"
        assert shown["balanced accuracy, %"] == f"{100 * row.best_balanced_acc:.2f}"
        assert shown["kappa"] == f"{row.best_kappa:.3f}"


def test_data_sets_stand_apart_and_warm_starts_name_their_source(text: str) -> None:
    fundus = text.split("\n### On fundus\n")[1].split("\n## ")[0]
    assert not re.search(r"^\| \**#[12][* ]", fundus, re.M)
    assert "prove nothing about patients" in text.split("\n### Images of fundus\n")[1].split("\n### ")[0]
    assert cells(text, "### On fundus", 4)["weights from; settings that differ"] == (
        "warm start from #2 (same synthetic task, more labels)"
    )
    assert cells(text, "### On fundus", 3)["weights from; settings that differ"] == "scratch; lr 0.001"
    discussed = text.split("\n### Findings on fundus\n")[1].split("\n## ")[0]
    assert (
        "**#3 resnet18, scratch; lr 0.001: collapsed** (error, since epoch 1): epoch 6: all but 0.00 answered 0."
        in discussed
    )
    assert "Ruled out: logits within ±3. Suggestion: try lr 0.01." in discussed


def test_no_run_is_dropped(text: str) -> None:
    why = {run_id: cells(text, "## Runs without a final result", run_id)["why"] for run_id in (5, 6, 7)}
    assert why[5] == "is running at epoch 3 of 6"
    assert why[6].startswith("failed (diverged) after epoch 2 of 6: the loss is not finite at step 41")
    assert why[7] == "waits for #5"
    assert cells(text, "### On fundus", 5)["epochs"] == "3 of 6, running"
    assert cells(text, "### On fundus", 6)["finding"] == "failed"


def test_settings_are_shared_or_told_apart(text: str) -> None:
    methods = text.split("\n## What was done\n")[1].split("\n## ")[0]
    apart, shared = methods.split(" Settings that all runs share")
    assert "| `batch_size` | 32 | images a step |" in shared and "`lr`" not in shared
    assert "| setting | #1 | #2 | #3 | #4 |" in apart and "| setting | #5 | #6 | #7 |" in apart
    assert "| `lr` | 0.01 | 0.001 | 0.001 | 0.001 |" in apart and "| `lr` | 0.001 | 0.1 | 0.001 |" in apart
    assert "| `augment` | none | flip | flip | flip |" in apart and "batch_size" not in apart
    assert "`momentum`" not in methods, "a default that nobody asks for"
    assert (
        "| `momentum` | 0.9 | momentum of sgd |" in text.split("## Appendix: settings that all runs share")[1]
    )


def test_table_1_has_the_networks_of_the_study_only(text: str, study: Study) -> None:
    assert archs_used(study) == (("resnet18", "3x3"), ("resnet50", "3x3"))
    assert "| layer | output | ResNet-18 | ResNet-50 |" in text
    assert "| multiply-adds, measured |  | 1.814 × 10⁹ | 2.814 × 10⁹ |" in text
    assert "| parameters |  | 11,689,512 | 11,689,513 |" in text
    assert "unused" not in text


def test_pictures_are_shown_real_and_small(folder: Path, text: str) -> None:
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert sorted(shown) == sorted(path.name for path in folder.glob("*.png"))
    assert {"accuracy-fundus-resnet18.png", "accuracy-fundus-resnet50.png", "confusion-digits.png"} <= set(
        shown
    )
    for name in shown:
        assert (folder / name).stat().st_size < 300_000
        with Image.open(folder / name) as picture:
            picture.load()
            assert picture.format == "PNG" and picture.width > 500
            assert len(picture.convert("RGB").getcolors(2**20) or []) > 20
            assert set(picture.info) <= {"dpi"}


def test_same_study_same_bytes_and_other_files_stay(study: Study, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    write_report(study, tmp_path, Facts(architectures=read_architectures(DOCUMENT)))
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in folder.iterdir()} | {
        "notes.txt"
    }
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in folder.iterdir())
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("classes", [6, 10, 40])
def test_the_fullest_matrix_figure_is_small(study: Study, classes: int) -> None:
    draw = random.Random(0)
    counts = [[draw.randrange(400) for _ in range(classes)] for _ in range(classes)]
    runs = [replace(study.runs[0], class_names=("some class",) * classes, matrix=counts)] * 9
    panels = [panel_of(run, runs) for run in runs]
    some = panels[: panels_a_figure(panels)]
    assert len(some) == {6: 9, 10: 4, 40: 9}[classes]
    with defaults():
        assert len(png(draw_matrices(some))) < 300_000


@pytest.mark.parametrize(
    "given", ["a|b", "`c` _d_ *e*", "<b>&amp;", "[l](u) ![i](j)", "\\|", "~~s~~ x^2^", "# h"]
)
def test_markdown_shows_the_text_that_it_was_given(given: str) -> None:
    rendered = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(table(["h"], [[markdown(given)]]))
    )
    [cell] = re.findall(r"<td>(.*)</td>", rendered)
    assert html.unescape(cell) == given and "<" not in cell


def test_what_cannot_be_reported_is_said_in_a_line(store: Store, study: Study, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="the run table has no runs"):
        collect(store, run_ids=None, sweep=None)
    add_runs(store, [make_spec({"data": "digits"})], sweep="s")
    with pytest.raises(QueueError, match="no run 9"):
        collect(store, run_ids=[1, 9], sweep=None)
    with pytest.raises(ReportError, match="'other' has no runs"):
        collect(store, run_ids=None, sweep="other")
    with pytest.raises(ReportError, match="no run has completed an epoch yet"):
        collect(store, run_ids=None, sweep="s")
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="choose another folder"):
        write_report(study, tmp_path / "file", Facts())


def test_final_table_fits_and_agrees(study: Study, text: str) -> None:
    lines = final_table(study).splitlines()
    assert max(map(len, lines)) <= 100
    expected = "#4 resnet18 warm start from #2 92.04 6 test 92.04 73.13 0.460 none"
    assert expected.split() in [line.split() for line in lines]
    assert "92.04 @ 6" in text
    assert any(line.startswith("#6* resnet18 on fundus: failed (diverged)") for line in lines)
    source = next(run for run in study.runs if run.id == 2)
    assert source.findings is not None
    long = replace(source, findings=(Finding("x", "note", "a headline that is longer than its column", ""),))
    runs = tuple(long if run is source else run for run in study.runs)
    cut, whole = (final_table(replace(study, runs=runs), is_whole=is_whole) for is_whole in (False, True))
    assert "…" in cut and "longer than its column" not in cut
    assert "…" not in whole and "a headline that is longer than its column" in whole


def test_wilson_interval_agrees_with_published_figures() -> None:
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, Table I, method 3: 81/263, 15/148, 0/20, 1/29.
    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                               (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        assert wilson_interval(hits / n, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("a\nb\tc", "a b c"), ("x" * 9, "xxxx…"), ("\x00\x1b", ""), ("é\u200b", "é")],
)
def test_printable(given: str, expected: str) -> None:
    assert printable(given, 5) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [("fundus", "fundus"), ("../Data Set/é.csv", "data-set-e-csv"), ("数据", "data"), ("", "data")],
)
def test_slug(given: str, expected: str) -> None:
    assert slug(given) == expected


def test_import_is_light() -> None:
    heavy = "{'torch', 'numpy', 'pandas', 'scipy', 'matplotlib', 'PIL'}"
    code = (
        "import sys, engine.analysis.report.write, engine.analysis.final_table;"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_runs_of_different_passes_are_told_apart(study: Study, text: str) -> None:
    assert "passes an epoch" not in text
    first, second, *_ = study.runs
    more = replace(second, spec=make_spec({"data": "fundus", "augment": "flip4"}))
    note = passes_note((first, more))
    assert note is not None and (
        "an epoch shows each training image once in #1 and 4 times (4 passes an epoch) in #2; "
        "compare by steps, not by epochs." in words_of(note.content)
    )
    assert passes_note((more, replace(more, id=9))) is None


def test_runs_that_differ_in_other_settings_are_told_apart_in_every_table_and_figure(
    store: Store, tmp_path: Path
) -> None:
    worker = workers.register(store, pid=1, device="cpu", device_name="test")
    for lr, seed in ((0.001, 0), (0.01, 0), (0.01, 1)):
        add_runs(store, [make_spec({"data": "digits", "lr": lr, "seed": seed, "epochs": 1})], sweep="lr")
        held = queue.claim(store, worker)
        assert held is not None
        train(store, held, 1, skill=0.5)
        queue.end(store, held, "done")
    found = collect(store, run_ids=None, sweep="lr")
    assert [title_of(run) for run in found.runs] == [
        "#1 resnet18, scratch; lr 0.001, seed 0",
        "#2 resnet18, scratch; lr 0.01, seed 0",
        "#3 resnet18, scratch; lr 0.01, seed 1",
    ]
    write_report(found, tmp_path / "out", Facts())
    assert "scratch; lr 0.01, seed 1" in (tmp_path / "out" / "report.md").read_text()
