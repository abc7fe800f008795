"""Image names as other programs write them: the file that is meant is read, or the message says what is there."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from indexes import kinds, labels_by_name, survey
from pictures import touch

from engine.datasets.formats.names.name_tree import NameTree

NFC = "café"
NFD = unicodedata.normalize("NFD", NFC)
COUNT = 12


def labelled(root: Path, files: list[str], names: list[str], head: str = "image,label\n") -> Path:
    touch(root, *files)
    rows = "".join(f"{name},{'abc'[number % 3]}\n" for number, name in enumerate(names))
    (root / "labels.csv").write_text(head + rows)
    return root


def numbered(form: str) -> list[str]:
    return [form.format(number) for number in range(COUNT)]


@pytest.mark.parametrize(
    ("files", "names", "problem"),
    [
        ("imgs/{:03}.png", "imgs\\{:03}.png", ("note", "names_spelt")),
        ("imgs/{:03}.png", ".\\imgs\\{:03}", ("note", "names_spelt")),
        ("imgs/a{:03}.PNG", "imgs/A{:03}.png", ("note", "names_spelt")),
        (f"{NFD}_{{}}.png", f"{NFC}_{{}}.png", ("note", "names_spelt")),
        (f"{NFC}_{{}}.png", f"{NFD}_{{}}", ("note", "names_spelt")),
        ("imgs/{:03}.png", "data/set/imgs/{:03}.png", ("note", "names_spelt")),
        ("imgs/{:03}.png", "/content/set/imgs/{:03}.png", ("note", "names_spelt")),
        ("imgs/{:03}.png", "C:\\Users\\me\\imgs\\{:03}.png", ("warning", "foreign_folders")),
        ("imgs/{:03}.png", "/data/upload/1/{:03}.png", ("warning", "foreign_folders")),
        ("imgs/{:03}.png", "../elsewhere/imgs/{:03}.png", ("warning", "foreign_folders")),
        ("photo of {}.png", "photo%20of%20{}.png", ("note", "names_spelt")),
        ("photo {}.png", "\u200bphoto {}.png\ufeff", ("note", "names_spelt")),
        ("imgs/{}.png", "gs://bucket/imgs/{}.png", ("warning", "foreign_folders")),
        ("a{:03}.png", "a{:03}.jpg", ("warning", "other_suffix")),
        ("a{:03}.png", "a{:03}.png.jpg", ("warning", "other_suffix")),
        ("{:05}.png", "{}", ("warning", "numbers_as_names")),
        ("{:05}.png", "{}.png", ("warning", "numbers_as_names")),
        ("{}.png", "{}.0", ("warning", "numbers_as_names")),
    ],
)
def test_a_name_with_one_reading_is_taken(
    tmp_path: Path, files: str, names: str, problem: tuple[str, str]
) -> None:
    found = survey(labelled(tmp_path / "set", numbered(files), numbered(names)))
    assert found.usable, [each.text for each in found.problems]
    wanted = {file.rpartition("/")[2]: "abc"[number % 3] for number, file in enumerate(numbered(files))}
    assert labels_by_name(found) == wanted
    severity, kind = problem
    assert kind in kinds(found, severity)
    assert not [each for each in kinds(found, "note") if each == "extra_files"]


def test_an_absolute_path_into_the_data_is_the_file_there(tmp_path: Path) -> None:
    files = numbered("imgs/{:03}.png")
    found = survey(labelled(tmp_path, files, [str(tmp_path / file) for file in files]))
    assert found.usable and kinds(found, "note") == ["names_spelt"] and kinds(found, "warning") == []


@pytest.mark.parametrize("name", ["/etc/passwd", "../../etc/passwd", "C:\\passwd"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    found = survey(labelled(tmp_path, numbered("{:03}.png"), [*numbered("{:03}")[1:], name]))
    wanted = "missing_files" if name.startswith("C:") else "outside_names"
    assert kinds(found) == [wanted] and repr(name) in found.problems[0].text


def test_names_with_two_readings_are_not_guessed(tmp_path: Path) -> None:
    names = ["x.jpg", "X.jpg", *numbered("a{}")]
    found = survey(labelled(tmp_path, ["x.png", *numbered("a{}.png")], names))
    assert kinds(found) == ["ambiguous_files"]
    assert "'x.jpg': x.png" in found.problems[0].text and found.problems[0].count == 2
    found = survey(
        labelled(tmp_path / "zeros", ["01.png", "001.png", *numbered("a{}.png")], ["1", *numbered("a{}")])
    )
    assert kinds(found) == ["ambiguous_files"] and "01.png" in found.problems[0].text


def test_what_is_there_is_said_where_most_names_are_not(tmp_path: Path) -> None:
    found = survey(labelled(tmp_path, numbered("scan_{:04}.png"), numbered("photo{}")))
    assert kinds(found)[0] == "missing_files" and "'scan_0000.png'" in found.problems[0].text


def test_images_in_several_folders_are_looked_up_in_all(tmp_path: Path) -> None:
    files = [f"HAM_part_{1 + (number >= 7)}/ISIC_{number}.jpg" for number in range(COUNT)]
    found = survey(labelled(tmp_path, files, numbered("ISIC_{}")))
    assert found.usable and kinds(found, "note") == ["other_folders"] and kinds(found, "warning") == []
    index = found.checked()
    assert sorted(index.names) == sorted(files) and index.root == tmp_path
    assert index.kind == "table labels.csv, images in HAM_part_1 and HAM_part_2"
    for number, file in enumerate(files[:4]):
        (tmp_path / "HAM_part_2" / file.rpartition("/")[2]).write_bytes(b"x")
        found = survey(tmp_path)
        assert kinds(found) == ["ambiguous_files"] and found.problems[0].count == number + 1
    assert "HAM_part_1/ISIC_0.jpg and HAM_part_2/ISIC_0.jpg" in found.problems[0].text
    assert survey(tmp_path, on_bad="skip").usable is False, "a skipped image is one that is not there"


def test_images_far_below_the_table_and_below_the_images_folder(tmp_path: Path) -> None:
    files = [f"images_{1 + number % 4:03}/images/a{number}.png" for number in range(COUNT)]
    found = survey(labelled(tmp_path, files, numbered("a{}.png")))
    assert sorted(found.checked().names) == sorted(files)
    (tmp_path / "tables").mkdir()
    (tmp_path / "labels.csv").rename(tmp_path / "tables" / "labels.csv")
    found = survey(tmp_path / "tables" / "labels.csv", images=tmp_path)
    assert found.checked().root == tmp_path and sorted(found.checked().names) == sorted(files)


@pytest.mark.parametrize(
    ("here", "there", "missing"),
    [
        ("dogs/", "cats/", "dogs/{}.png"),
        ("train/", "test/", "train/{}.png"),
        ("dogs/", "cats/", "dogs\\{}.png"),
        ("dogs/", "cats/", "Dogs/{}.jpg"),
        ("dogs/", "cats/", "C:\\Users\\me\\dogs\\{}.png"),
        ("pets/dogs/", "pets/cats/", "pets/dogs/{}.png"),
        ("train/dogs/", "test/dogs/", "train/dogs/{}.png"),
        ("train/dogs/", "test/dogs/", "set/train/dogs/{}.png"),
        ("dogs/", "", "dogs/{}.png"),
        ("dogs/", "cats/0", "dogs/{}.png"),
        ("images/", "test/", "{}.jpg"),
        ("images/", "test/0", "{}.png"),
        ("images/", "masks/", "{}.png"),
        ("images/", "masks/", "{}.jpg"),
        ("images/", "thumbnails/", "{}.png"),
        ("images/", "images/thumbs/", "images/{}.png"),
    ],
)
def test_an_image_in_another_folder_is_no_reading_of_a_missing_one(
    tmp_path: Path, here: str, there: str, missing: str
) -> None:
    names = [f"{here}{number}.png" for number in range(8)] + [missing.format(n) for n in range(8, COUNT)]
    touch(tmp_path, *(f"{there}{number}.png" for number in range(7, COUNT)))
    found = survey(labelled(tmp_path, names[:8], names))
    [problem] = [each for each in found.problems if each.severity == "error"]
    assert problem.kind == "missing_files" and problem.count == 4 and repr(names[8]) in problem.text
    assert len(found.missing) == 4


def test_an_empty_folder_that_is_here_is_not_left(tmp_path: Path) -> None:
    touch(tmp_path, *numbered("cats/{}.png"))
    (tmp_path / "dogs").mkdir()
    assert not NameTree(tmp_path).read(numbered("dogs/{}.png")).read
    assert NameTree(tmp_path).read(numbered("owls/{}.png")).read, "a folder that is not here is a prefix"


def test_a_folder_that_a_name_leaves_out_is_none_that_is_not_here(tmp_path: Path) -> None:
    found = survey(labelled(tmp_path, numbered("dogs/new/{}.png"), numbered("dogs/{}.png")))
    assert found.usable and kinds(found, "note") == ["other_folders"]


def test_masks_that_a_name_asks_for_are_read(tmp_path: Path) -> None:
    touch(tmp_path, *numbered("images/{}.png"))
    found = survey(labelled(tmp_path, numbered("masks/{}.png"), numbered("masks\\{}.png")))
    index = found.checked()
    assert {(index.root / name).parent for name in index.names} == {tmp_path / "masks"}


def test_masks_are_no_second_file_of_a_name(tmp_path: Path) -> None:
    files = [f"part_{1 + (number >= 7)}/{number}.png" for number in range(COUNT)]
    touch(tmp_path, *numbered("masks/{}.png")[:5])
    (tmp_path / "part_1" / "masks").mkdir(parents=True)
    touch(tmp_path, *numbered("part_1/masks/{}.png")[:7])
    found = survey(labelled(tmp_path, files, numbered("{}.png")))
    assert found.usable and sorted(found.checked().names) == sorted(files)


def test_links_to_folders_above_are_not_searched_and_other_links_are(tmp_path: Path) -> None:
    root = labelled(tmp_path / "set", numbered("imgs/{}.png"), [*numbered("imgs/{}.png"), "gone.png"])
    touch(tmp_path, "gone.png", "elsewhere/linked.png")
    (root / "proj").symlink_to("/")
    (root / "up").symlink_to(tmp_path)
    (root / "more").symlink_to(tmp_path / "elsewhere")
    assert list(NameTree(root).files) == sorted([*numbered("imgs/{}.png"), "more/linked.png"])
    assert kinds(survey(root)) == ["missing_files"]


def test_too_many_files_to_look_further_are_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.datasets.formats.names.walk.MAX_LOOKED", COUNT)
    names = [*numbered("imgs/{}.png")[:-1], "IMGS/11.png"]
    problem = survey(labelled(tmp_path, numbered("imgs/{}.png"), names)).problems[0]
    assert (
        problem.kind == "missing_files" and f"{tmp_path} holds too many files to look further" in problem.text
    )
    assert NameTree(tmp_path).is_too_large
    monkeypatch.setattr("engine.datasets.formats.names.walk.MAX_LOOKED", COUNT + 2)
    assert survey(tmp_path).usable, "the files, their folder and the table"


FOLDERS = st.lists(st.sampled_from(["a", "b", "train"]), max_size=2).map("/".join)


@given(
    files=st.sets(
        st.tuples(FOLDERS, st.integers(0, 12), st.sampled_from(["", "x", "é"])), min_size=1, max_size=8
    ),
    names=st.lists(st.tuples(FOLDERS, st.integers(0, 12), st.sampled_from(["", "x", "X", "é"])), max_size=8),
    width=st.integers(1, 3),
)
def test_no_two_names_mean_one_file(
    tmp_path_factory: pytest.TempPathFactory,
    files: set[tuple[str, int, str]],
    names: list[tuple[str, int, str]],
    width: int,
) -> None:
    root = tmp_path_factory.mktemp("tree")
    touch(root, *(f"{folder}/{letter}{number:0{width}}.png" for folder, number, letter in files))
    asked = [f"{folder}\\{letter}{number}" for folder, number, letter in names]
    readings = NameTree(root).read(asked)
    taken = [reading.file for reading in readings.read.values()]
    assert len(set(taken)) == len(taken) and not set(readings.read) & set(readings.ambiguous)
    for name, reading in readings.read.items():
        assert (root / reading.file).is_file()
        stem = reading.file.rpartition("/")[2].removesuffix(".png")
        wanted = name.rpartition("\\")[2]
        assert stem.lstrip("xé0") == wanted.lower().lstrip("xé0")
