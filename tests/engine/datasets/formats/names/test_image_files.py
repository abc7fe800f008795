"""Suffixes of images: what the decoder reads is taken, and what is not is said for each class."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from trees import classes, tree
from waiting import LIMIT_S

from engine.datasets.formats.names import image_files
from engine.datasets.formats.names.image_files import HEIF, SUFFIXES, is_image, suffix_of
from engine.datasets.formats.names.image_names import without_suffix
from engine.datasets.index import Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.pixels.open_image import FORMATS, open_image
from engine.datasets.pixels.rgb import to_rgb
from engine.datasets.read_options import ReadOptions
from engine.datasets.survey import look_at_images

SAVED_AS = {"DIB": "BMP"}


def survey(path: Path) -> Survey:
    return survey_folder(path, ReadOptions())


def said(path: Path) -> list[tuple[str, str]]:
    return [(problem.severity, problem.text.replace(f"{path}", "D")) for problem in survey(path).problems]


def test_formats_and_suffixes_agree() -> None:
    assert set(FORMATS) == set(SUFFIXES)
    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
    known = {suffix: name for suffix, name in Image.registered_extensions().items() if name in FORMATS}
    for name in set(SUFFIXES) - {HEIF}:
        assert set(SUFFIXES[name]) - {".jfif", ".mpo", ".dib"} <= {s for s in known if known[s] == name}, name


@pytest.mark.parametrize("suffix", [suffix for name in SUFFIXES for suffix in SUFFIXES[name] if name != HEIF])
def test_each_suffix_is_read_as_a_class_folder_has_it(tmp_path: Path, suffix: str) -> None:
    name = next(name for name, suffixes in SUFFIXES.items() if suffix in suffixes)
    mode = {".pgm": "L", ".pbm": "1"}.get(suffix, "RGB")
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for number in range(3):
            image = Image.new(mode, (16, 16), 1 if mode == "1" else (200,) * len(mode))
            image.save(tmp_path / label / f"{number}{suffix.upper()}", SAVED_AS.get(name, name))
    index = survey(tmp_path).checked()
    looks = look_at_images(index, lambda _done, _total: None)
    assert looks is not None and looks.sizes == {"16×16": 6} and not looks.unreadable


def test_of_a_gif_the_first_picture_counts(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (8, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    with open_image(tmp_path, "a.gif") as image:
        assert to_rgb(image).getpixel((4, 4)) == (250, 0, 0)


def test_files_that_are_not_decoded_are_counted_for_each_class(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", each=10), "dog/#.HEIC*40", "cat/#.dcm*2", "cat/b#.nii.gz*3", "cat/notes.txt")
    [(severity, text)] = said(tmp_path)
    assert severity == "warning"
    assert text.startswith("5 of 15 files of class cat, 40 of 50 files of class dog are not used: ")
    assert ".heic (no decoder: pip install pillow-heif, or convert them to .jpg)" in text
    assert ".nii.gz (medical files" in text and ".dcm (medical files" in text and "txt" not in text


@pytest.mark.parametrize(
    "suffix", ["dcm", "heic", "nii.gz", "svg", "cr2", "psd", "npy", "pdf", "mat", "bin", "mp4"]
)
def test_a_class_that_has_only_such_files_does_not_vanish(tmp_path: Path, suffix: str) -> None:
    tree(tmp_path, *classes(".", "cat", "fox"), f"dog/#.{suffix}*5")
    [(severity, text)] = said(tmp_path)
    assert (
        severity == "warning"
        and "folder dog holds no image that is read, so dog is no class: 5 files" in text
    )
    assert f".{suffix} (" in text
    tree(tmp_path / "two", *classes(".", "cat"), f"dog/#.{suffix}*5")
    [(severity, text)] = said(tmp_path / "two")
    assert severity == "error" and "no image that is read is in dog: 5 files are not used" in text
    for split in ("train", "test"):
        tree(tmp_path / "split", *(f"{split}/{name}/#.{suffix}*5" for name in ("cat", "dog")))
    [(severity, text)] = said(tmp_path / "split")
    assert severity == "error" and f".{suffix} (" in text


def test_files_without_suffix_and_empty_folders_are_said(tmp_path: Path) -> None:
    tree(tmp_path, *classes("."), "dog/image_#*3", "scripts/a.py", "cat/.hidden", "cat/Thumbs.db")
    (tmp_path / "fox").mkdir()
    lines = said(tmp_path)
    assert [severity for severity, _ in lines] == ["warning", "warning", "note"]
    assert lines[0][1].startswith("3 of 7 files of class dog are not used: no suffix (files without a suffix")
    tree(tmp_path / "cat", "a.jpg.part", "b.zip", "c.xmp", "IMG 12.5 mm")
    assert all(
        f in said(tmp_path)[0][1] for f in (".part (unfinished", ".zip (archives: unpack", "3 of 7 files of")
    )
    assert "folder fox holds no image" in lines[1][1] and "folder scripts" in lines[2][1]


def test_many_classes_with_such_files_are_one_line(tmp_path: Path) -> None:
    names = [f"kind {letter}" for letter in "abcdefgh"]
    tree(tmp_path, *classes(".", *names), *(f"{name}/x.psd" for name in names))
    [(_, text)] = said(tmp_path)
    assert "1 of 5 files of class kind e and files of 3 more classes are not used" in text


def test_heic_is_taken_where_its_decoder_is_installed(tmp_path: Path) -> None:
    assert not is_image("a.heic") or HEIF in FORMATS
    (tmp_path / "pillow_heif.py").write_text(
        "from PIL import Image\n"
        "def register_heif_opener():\n"
        "    Image.register_open('HEIF', lambda *_: Image.new('RGB', (8, 8)), lambda start: start[4:8] == b'ftyp')\n"
    )
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    code = (
        "import pathlib, sys\n"
        "from engine.datasets.formats.names.image_files import is_image\n"
        "assert 'PIL' not in sys.modules and 'pillow_heif' not in sys.modules\n"
        "from engine.datasets.pixels.open_image import open_image\n"
        f"print(is_image('a.HEIC'), open_image(pathlib.Path({str(tmp_path)!r}), 'a.heic').size)"
    )
    here = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": here},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.stdout == "True (8, 8)\n", done.stderr


def test_without_its_decoder_avif_is_said_and_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listdir", lambda _folder: ["_imaging.so"])
    assert "AVIF" not in image_files._suffixes()
    assert "install Pillow 11.3" in image_files.advice_for(".avif")


def test_names_lose_the_same_suffixes_whatever_is_installed() -> None:
    assert [without_suffix(f"a{suffix}") for suffix in (".heic", ".avif", ".JFIF", ".jpg", ".txt")] == [
        *["a"] * 4,
        "a.txt",
    ]
    assert suffix_of("b.NII.gz") == ".nii.gz" and suffix_of("b") == ""
