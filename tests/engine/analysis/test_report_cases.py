"""Reports of unusual runs: classes without images, text from outside, other metrics."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_runs import cells, draw_dots, record, start_run

from engine.analysis.final_table import final_table
from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import markdown, slug
from engine.analysis.matrix_figure import row_shares
from engine.analysis.report.facts import Facts
from engine.analysis.report.write import write_report
from engine.analysis.study import Study
from engine.queries.read_study import collect
from engine.store import history, listing, queue
from engine.store.database import Store


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_dots(monkeypatch)


def test_class_without_images_and_undefined_numbers(store: Store, tmp_path: Path) -> None:
    held = start_run(store, ["a", "b", "c"])
    record(store, held, 1, [[3, 1, 0], [0, 0, 0], [1, 0, 2]])
    queue.end(store, held, "done")
    study = collect(store, run_ids=[1], sweep=None)
    write_report(study, tmp_path, Facts())
    text = (tmp_path / "report.md").read_text()
    shown = cells(text, "### On digits", 1)
    assert not {"kappa", "balanced accuracy, %"} & set(shown) and "nan" not in text.lower()
    assert "Not measured or not defined in any row, so left out: balanced accuracy, %, kappa" in text
    assert "Test images: 7 (a 4, b 0, c 3)." in text
    assert row_shares([[3, 1], [0, 0]]) == [[0.75, 0.25], [None, None]]


def test_a_row_of_a_matrix_is_summed_once() -> None:
    class Row(list[int]):
        walks = 0

        def __iter__(self) -> Iterator[int]:
            self.walks += 1
            return super().__iter__()

    rows = [Row([1] * 50) for _ in range(50)]
    row_shares(list(rows))
    assert {row.walks for row in rows} == {2}


def test_text_from_outside_stays_text(store: Store, tmp_path: Path) -> None:
    evil = "a|b`Q`\n<img src=x> $x^2$ [l](u) \x1b[31m\u202eR 数"
    latin = "Kr\udce4he"  # a class folder named in another encoding
    held = start_run(store, [evil, latin], data=f"sets/{evil}", pretrained=evil)
    with store.write() as session:
        listing.get_run(session, 1).name = evil
    record(store, held, 1, [[2, 1], [0, 3]], train_acc=0.5)
    queue.end(store, held, "failed", cause="code", error=evil)
    study = collect(store, run_ids=None, sweep=None)
    paths = write_report(study, tmp_path, Facts())
    text = (tmp_path / "report.md").read_text()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]|<img|(?<!\\)\$|(?<!\\)`Q", text)
    page = (tmp_path / "report.html").read_text()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]|<img src=x|\ufffd", page) and "Kr he" in page
    assert cells(text, "## Runs without a final result", 1)["why"].endswith(f"{markdown(evil)}.")
    assert {path.name for path in paths} == {
        f"accuracy-{slug(evil)}-resnet18.png", f"confusion-{slug(evil)}.png", "report.md", "report.html"
    }  # fmt: skip
    assert all(re.fullmatch(r"[a-z0-9.-]+", path.name) for path in paths)
    assert (
        f"### Images of {markdown(evil)}\n\n{markdown(evil)} stands for {markdown(f'sets/{evil}')}." in text
    )
    terminal = final_table(study)
    assert "\x1b" not in terminal and "\u202e" not in terminal


def test_evaluation_only_and_many_classes(store: Store, tmp_path: Path) -> None:
    held = start_run(store, [], epochs=0, arch="resnet50", bottleneck_stride="1x1")
    record(store, held, 0, [[int(row == column) for column in range(20)] for row in range(20)])
    queue.end(store, held, "done")
    study = collect(store, run_ids=None, sweep=None)
    assert len(write_report(study, tmp_path, Facts())) == 4
    text = (tmp_path / "report.md").read_text()
    assert "100.00 @ 0" in text and "Not summarised: ResNet-50 (stride in the 1×1)." in text


def test_highest_accuracy_and_the_epoch_that_another_metric_chose(store: Store, tmp_path: Path) -> None:
    held = start_run(store, ["a", "b"], select_on="test_kappa")
    record(store, held, 1, [[4, 0], [2, 2]], kappa=0.1)
    record(store, held, 2, [[3, 1], [1, 3]], kappa=0.9)
    with store.write() as session:
        listing.get_run(session, 1).best_epoch = 2
    queue.end(store, held, "done")
    [run] = collect(store, run_ids=[1], sweep=None).runs
    assert run.highest is not None and run.highest.epoch == 1
    assert run.best is not None and run.best.epoch == 2
    assert run.matrix == [[3, 1], [1, 3]]
    write_report(Study("", (run,)), tmp_path, Facts())
    text = (tmp_path / "report.md").read_text()
    shown = cells(text, "### On digits", 1)
    assert shown["test accuracy, % @ epoch (epoch chosen by test\\_kappa)"] == "75.00 @ 2"
    assert "chosen by" not in shown and shown["kappa"] == "0.900"
    assert "The numbers of #1 are optimistic: the best epoch was chosen on test data" in text
    assert "highest test accuracy of #1 is 75.00 % @ 1 (epoch chosen on the test set)" in text


def row(text: str, name: str) -> list[str]:
    """The cells of the first table row that begins so."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_all_metrics_of_the_epoch_that_val_chose(store: Store, tmp_path: Path) -> None:
    matrix = [[8, 1, 1], [2, 2, 0], [1, 0, 5]]
    held = start_run(store, ["no", "mild", "moderate"], data="d", select_on="val_acc", eval_train=True)
    best = history.Best(1, 0.75, 0.75, 0.71, 0.5)
    record(store, held, 1, matrix, best=best, kappa=0.5, train_acc=0.6, macro_f1=0.7, auc_referable=0.9,
           sensitivity_referable=5 / 6, specificity_referable=13 / 14, sensitivity_referable_at_93=0.5,
           ece=0.0625, test_nll=0.5, test_loss=1.25, test_acc_seen_group=0.8, test_acc_unseen_group=None,
           images_seen_group=20, images_unseen_group=0, val_acc=0.75, val_kappa=None,
           precision=[8 / 11, 2 / 3, 5 / 6], recall=[0.8, 0.5, 5 / 6], f1=[0.76, 0.57, 0.83])  # fmt: skip
    record(store, held, 2, [[10, 0, 0], [4, 0, 0], [0, 0, 6]], best=best, val_acc=0.5, eval_train_acc=0.99)
    queue.end(store, held, "done")
    other = start_run(store, ["no", "mild", "moderate"], data="d")
    record(store, other, 1, matrix)
    study = collect(store, run_ids=None, sweep=None)
    write_report(study, tmp_path, Facts())
    text = (tmp_path / "report.md").read_text()
    low, high = (100 * end for end in wilson_interval(0.75, 20))
    assert row(text, "accuracy, %") == [f"75.00 ({low:.1f} to {high:.1f}; n 20)"] * 2
    assert row(text, "… a group member in train, %")[0].startswith("80.00 (") and "| … no group" not in text
    assert row(text, "… sensitivity as predicted, %")[0].endswith("; n 6)")
    assert row(text, "… specificity as predicted, %")[0].endswith("; n 14)")
    assert row(text, "calibration error") == ["0.062", "–"]
    assert row(text, "the run's own loss on test") == ["1.250", "–"]
    assert row(text, "val accuracy, %") == ["75.00", "–"] and "| val kappa" not in text
    assert row(text, "accuracy while training, %") == ["60.00", "–"]
    assert row(text, "accuracy on the train images afterwards, % @ last epoch") == ["99.00 @ 2", "–"]
    assert "| #1 | 0.73 / 0.80 / 0.76 | 0.67 / 0.50 / 0.57 | 0.83 / 0.83 / 0.83 |" in text
    shown = cells(text, "### On d", 1)
    assert shown["test accuracy at the best epoch, % @ epoch"] == "75.00 @ 1"
    assert (shown["chosen by"], shown["last epoch, %"]) == ("`val_acc`", "80.00")
    assert cells(text, "### On d", 2)["chosen by"] == "`test_acc`"
    assert "Of the test images, 20 share a group" in text
    assert "The numbers of #2 are optimistic: the best epoch was chosen on test data" in text
    assert "val split instead: `--select-on val_acc`" in text
    assert "highest test accuracy of #1 is 80.00 % @ 2 (epoch chosen on the test set)" in text
    assert "Train, val and test accuracy of resnet18" in text
    assert [int(number) for number in re.findall(r"^\*\*Table (\d+)", text, re.M)] == list(range(1, 12))
    terminal = [line.split() for line in final_table(study).splitlines()]
    expected = "#1 resnet18 scratch 75.00 1 val 80.00 50.00 0.500 none"
    assert expected.split() in terminal


def test_it_says_whether_the_classes_are_in_order(store: Store, tmp_path: Path) -> None:
    def text_of(*runs: int) -> str:
        write_report(collect(store, run_ids=runs, sweep=None), tmp_path, Facts())
        return (tmp_path / "report.md").read_text()

    for run_id, (is_ordered, why) in enumerate(
        ((True, "column level holds grades"), (None, ""), (False, "setting ordered is off")), start=1
    ):
        held = start_run(store, ["0", "1", "2"])
        with store.write() as session:
            row = listing.get_run(session, run_id)
            row.is_ordered, row.ordered_why = is_ordered, why
        record(store, held, 1, [[3, 1, 0], [0, 2, 0], [1, 0, 2]])
        queue.end(store, held, "done")
    assert "(0 4, 1 2, 2 3). The classes are in order (column level holds grades)." in text_of(1)
    assert "in order (" not in text_of(2), "an older version did not note it"
    both = text_of(1, 2, 3)
    assert "The classes of #1 are in order (column level holds grades)." in both
    assert "The classes of #3 are in no order (setting ordered is off)." in both
    assert "`ordered`" not in both
