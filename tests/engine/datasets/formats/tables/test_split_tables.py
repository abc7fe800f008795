"""Tables beside the images of each split, splits that only folders tell, and folders around a data set."""

import json
from pathlib import Path

import pytest
from indexes import kinds, labels_by_name, survey
from pictures import touch

from engine.datasets.index import Index

SPLITS = {"train": range(12), "valid": range(12, 16), "test": range(16, 22)}
TRUTH = {f"{number}.png": f"c{number % 2}" for numbers in SPLITS.values() for number in numbers}


def given(index: Index) -> dict[str, list[str]]:
    """Names of the images of each split."""
    return {
        split: sorted(index.names[row] for row in index.rows_of(split)) for split in ("train", "val", "test")
    }


@pytest.mark.parametrize("form", ["metadata.csv", "metadata.jsonl", "_classes.csv", "{split}.txt"])
def test_tables_in_the_folders_of_splits(tmp_path: Path, form: str) -> None:
    for split, numbers in SPLITS.items():
        touch(tmp_path / split, *(f"{number}.png" for number in numbers))
        pairs = [(f"{number}.png", number % 2) for number in numbers]
        text = {
            "metadata.csv": "file_name,label\n" + "".join(f"{name},c{label}\n" for name, label in pairs),
            "metadata.jsonl": "\n".join(json.dumps({"file_name": n, "label": f"c{c}"}) for n, c in pairs),
            "_classes.csv": "filename, c0, c1\n" + "".join(f"{name}, {1 - c}, {c}\n" for name, c in pairs),
            "{split}.txt": "".join(f"{name} c{label}\n" for name, label in pairs),
        }[form]
        (tmp_path / split / form.format(split=split)).write_text(text)
    found = survey(tmp_path)
    assert found.own_splits == ("train", "val", "test") and labels_by_name(found) == TRUTH
    wanted = {name: sorted(f"{name}/{n}.png" for n in numbers) for name, numbers in SPLITS.items()}
    assert given(found.checked()) == {
        "train": wanted["train"],
        "val": wanted["valid"],
        "test": wanted["test"],
    }
    (tmp_path / "test" / form.format(split="test")).unlink()
    found = survey(tmp_path)
    assert "flat_split" in kinds(found, "warning") and found.own_splits == ("train", "val")


def by_path(root: Path) -> Path:
    """One table of all images by path, in folders of splits."""
    paths = [f"{split}/{number}.png" for split, numbers in SPLITS.items() for number in numbers]
    touch(root, *paths)
    rows = "".join(f"{path},c{number % 2}\n" for number, path in enumerate(paths))
    (root / "labels.csv").write_text("image,label\n" + rows)
    return root


def test_folders_of_splits_beside_a_table_without_one(tmp_path: Path) -> None:
    found = survey(by_path(tmp_path))
    assert kinds(found, "warning") == ["split_not_used"]
    assert found.warnings[0].text.endswith("take the folders' with split_column folder")
    index = survey(tmp_path, split_column="folder").checked()
    assert {name.partition("/")[0] for name in given(index)["val"]} == {"valid"}
    assert len(given(index)["train"]) == 12 and len(given(index)["test"]) == 6
    (tmp_path / "flat").mkdir()
    touch(tmp_path / "flat", *(f"{number}.png" for number in range(6)))
    (tmp_path / "flat" / "l.csv").write_text("image,label\n" + "".join(f"{n},c{n % 2}\n" for n in range(6)))
    found = survey(tmp_path / "flat", split_column="folder")
    assert (
        "no column 'folder', and its images are not in folders such as train and test"
        in found.problems[0].text
    )


def test_a_folder_around_the_data_is_looked_into_once(tmp_path: Path) -> None:
    by_path(tmp_path / "download" / "my_dataset")
    found = survey(tmp_path / "download", split_column="folder")
    assert labels_by_name(found) == TRUTH and "download holds nothing but my_dataset" in found.why
    assert not survey(tmp_path).usable, "not twice"


def test_a_table_that_holds_the_labels_wins_over_folders_of_splits(tmp_path: Path) -> None:
    for split, numbers in SPLITS.items():
        touch(tmp_path / split, *(f"{number}.png" for number in numbers))
    (tmp_path / "labels.csv").write_text(
        "image,label\n" + "".join(f"{name},{label}\n" for name, label in TRUTH.items())
    )
    found = survey(tmp_path)
    assert labels_by_name(found) == TRUTH and "split_not_used" in kinds(found, "warning")


def test_test_images_with_a_list_of_names_alone_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "train", *(f"{word}/{number}.png" for word in ("cat", "dog") for number in range(6)))
    touch(tmp_path / "test", *(f"{number}.png" for number in range(6)))
    (tmp_path / "test.csv").write_text("id\n" + "".join(f"{number}.png\n" for number in range(6)))
    found = survey(tmp_path)
    assert found.usable and kinds(found, "warning") == ["flat_split"]
    (tmp_path / "test.csv").write_text("id,label\n" + "".join(f"{number}.png,cat\n" for number in range(6)))
    assert not survey(tmp_path).usable
