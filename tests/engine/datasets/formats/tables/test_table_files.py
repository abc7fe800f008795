"""Files that tables come in: text with odd delimiters, JSON lines, spreadsheets."""

import json
import sys
from pathlib import Path

import pandas
import pytest
from indexes import kinds, labels_by_name, survey
from pictures import touch

from engine.datasets.formats.problems import DataError
from engine.datasets.formats.tables.table_files import is_table, read_table

NAMES = [f"eye {number}" for number in range(12)]
CELLS = [(name, ("cat", "golden dog")[number % 2]) for number, name in enumerate(NAMES)]
TRUTH = {f"{name}.png": label for name, label in CELLS}


def images(root: Path) -> Path:
    touch(root, *(f"{name}.png" for name in NAMES))
    return root


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nimage;label\r\n" + "".join(f"{name};{label}\r\n" for name, label in CELLS),
        "image\tlabel\n" + "".join(f"{name}\t{label}\n" for name, label in CELLS),
        "image;label\n" + "".join(f"old, dir/{name};{label}\n" for name, label in CELLS),
        "# made by hand\nLabels of 2021\n\nimage;label\n"
        + "".join(f"{name};{label}\n" for name, label in CELLS),
        "image|label\n" + "".join(f"{name}|{label}\n" for name, label in CELLS),
        "image,label\r" + "".join(f"{name},{label}\r" for name, label in CELLS),
        "\ufeffimage,label\n" + "".join(f'"{name}","{label}"\n' for name, label in CELLS),
        "".join(f"{name}.png {label}\n" for name, label in CELLS),
        "".join(f"scans, old/{name}.png;{label}\n" for name, label in CELLS),
        "".join(f"./{name}.png\t{label}\n" for name, label in CELLS),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_delimiters(tmp_path: Path, text: str, suffix: str) -> None:
    (images(tmp_path) / f"labels{suffix}").write_bytes(text.encode())
    found = survey(tmp_path)
    assert labels_by_name(found) == TRUTH and found.usable
    if suffix == ".csv":
        (tmp_path / "labels.csv").write_bytes(text.removeprefix("\ufeff").encode("utf-16"))
        assert labels_by_name(survey(tmp_path)) == TRUTH, "Excel's Unicode text"


def test_lists_of_each_split_between_blanks(tmp_path: Path) -> None:
    for split, first in (("train", 0), ("valid", 8), ("test", 12)):
        touch(tmp_path / split, *(f"{number:04}.jpg" for number in range(first, first + 8)))
        lines = (f"{number:04}.jpg {number % 3}\n" for number in range(first, first + 8))
        (tmp_path / f"{split}.txt").write_text("".join(lines))
    found = survey(tmp_path)
    assert [len(found.checked().rows_of(split)) for split in ("train", "val", "test")] == [8, 8, 8]
    assert all(
        found.checked().labels[row] == int(name[-8:-4]) % 3 for row, name in enumerate(found.checked().names)
    )


def test_text_beside_images_is_no_table_and_named_so(tmp_path: Path) -> None:
    (images(tmp_path) / "labels.csv").write_text("image,label\n" + "".join(f"{a},{b}\n" for a, b in CELLS))
    (tmp_path / "notes.txt").write_text("Photographs of animals\n\nTaken in 2019, by Smith.\n")
    for name in NAMES:
        (tmp_path / f"{name}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    found = survey(tmp_path)
    assert labels_by_name(found) == TRUTH and kinds(found, "note") == ["unused_tables"]
    assert found.problems[0].text.startswith("not used: notes.txt (")


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        json.dumps({"file_name": f"{name}.png", "label": label, "box": [1, {"x": 2}]})
        for name, label in CELLS
    ]
    (images(tmp_path) / "metadata.jsonl").write_text("\n".join(lines) + "\n\n")
    assert labels_by_name(survey(tmp_path)) == TRUTH


def test_json_lines_with_labels_in_lists_and_absent_keys(tmp_path: Path) -> None:
    path = tmp_path / "metadata.jsonl"
    path.write_text(
        '{"file_name": "a", "label": ["x", "y"]}\n{"file_name": "b", "n": null, "label": ["z"]}\n'
    )
    assert read_table(path).rows == (("file_name", "label", "n"), ("a", "x|y", ""), ("b", "z", ""))
    for text, says in (("{}\n[1]\n", "line 2 of"), ('{"a": 1}\n{"a"\n', "line 2 of"), ("\n", "is empty")):
        path.write_text(text)
        with pytest.raises(DataError, match=says):
            read_table(path)


def test_spreadsheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = images(tmp_path) / "labels.xlsx"
    table = pandas.DataFrame([(name, label, number) for number, (name, label) in enumerate(CELLS)])
    table.to_excel(path, header=["image", "label", "number"], index=False)
    found = survey(tmp_path)
    assert labels_by_name(found) == TRUTH and found.usable
    with pandas.ExcelWriter(path) as writer:
        for sheet in ("train", "test"):
            table.to_excel(writer, sheet_name=sheet)
    assert "has several sheets (train, test)" in survey(path).problems[0].text
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert "save it as CSV, or pip install openpyxl" in survey(path).problems[0].text
    monkeypatch.undo()
    path.write_bytes(b"PK no spreadsheet")
    assert "no spreadsheet that can be read: save it as CSV" in survey(path).problems[0].text


def test_names_of_tables() -> None:
    names = ("a.csv", "A.TSV", "l.txt", "m.jsonl", "b.xlsx", "~$b.xlsx", ".c.csv", "d.json", "e.png")
    assert list(map(is_table, names)) == [True] * 5 + [False] * 4
