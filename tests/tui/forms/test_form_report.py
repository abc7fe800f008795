"""Report of a form on its data while another field is wrong."""

from pathlib import Path

from pictures import class_folders

from engine.files.paths import Home
from engine.store.database import open_store
from tui.forms.form import check
from tui.forms.form_report import report_on


def test_data_are_read_with_all_settings_that_decide_how(tmp_path: Path) -> None:
    class_folders(tmp_path / "pets", each=10)
    home = Home.find(tmp_path)

    def found(more: str) -> str:
        texts = {"data": "pets", "epochs": "few", "more": more}
        return report_on(home, texts, check(texts)).found

    assert "val" in found("val_fraction=0.5") and "val" not in found("")


def test_the_form_says_whether_the_classes_are_in_order_and_how_to_say_otherwise(tmp_path: Path) -> None:
    class_folders(tmp_path / "pets", each=10)
    home = Home.find(tmp_path)
    open_store(home.database).close()

    def found(more: str) -> str:
        texts = {"data": "pets", "more": more}
        report = report_on(home, texts, check(texts))
        return report.classes or " ".join(report.problems.values())

    assert "no order (names of folders do not say so; ordered=on in more if they are grades)" in found("")
    assert "3 classes (train: class0 8, class1 8, class2 8)" in found("")
    named = "ordered=on class_names=class2,class0,class1"
    assert "(train: class2 8, class0 8, class1 8), in order (setting ordered is on)" in found(named)
    assert (
        "ordered: the classes are words, and nothing gives their order: give it with class_names="
        in found("ordered=on")
    )


def test_the_form_counts_the_groups_that_it_would_queue(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    open_store(home.database).close()
    for typed, groups in (
        ({}, 0),
        ({"seed": "0-4"}, 1),
        ({"more": "folds=3"}, 1),
        ({"lr": "0.1,0.01", "seed": "0-4"}, 2),
    ):
        texts = {"data": "digits", **typed}
        assert report_on(home, texts, check(texts)).groups == groups
