"""Images as people see them."""

from pathlib import Path

import numpy as np
import pytest
from pictures import draw
from PIL import Image

from engine.datasets.formats.problems import DataError
from engine.datasets.view import Viewer
from engine.files.paths import Home
from engine.spec.grid import make_spec


def viewer(root: Path, data: str = "set") -> Viewer:
    return Viewer(Home.find(root, cache=root / "cache"), make_spec({"data": data}), most_px=64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label in range(2):
        draw(tmp_path / "set" / f"class{label}" / "drawn.png", label, label)
    return tmp_path / "set" / "class0"


def test_an_image_is_upright_in_colour_and_no_larger_than_asked(folder: Path, tmp_path: Path) -> None:
    wide = Image.new("RGB", (300, 100), "red")
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by a quarter
    wide.save(folder / "turned.jpg", exif=turned)
    Image.fromarray(np.full((200, 100), 40_000, np.uint16)).save(folder / "deep.png")
    wide.quantize(4).save(folder / "palette.png")
    shows = viewer(tmp_path)
    seen = {name: shows.show(f"class0/{name}") for name in ("turned.jpg", "deep.png", "palette.png")}
    assert {name: image.size for name, image in seen.items()} == {
        "turned.jpg": (21, 64),
        "deep.png": (32, 64),
        "palette.png": (64, 21),
    }
    assert all(image.mode == "RGB" for image in seen.values())
    assert seen["deep.png"].getpixel((5, 5)) == (156, 156, 156) and seen["palette.png"].getpixel((5, 5)) == (
        255,
        0,
        0,
    )
    assert shows.where("class0/deep.png") == str(folder / "deep.png")


def test_a_built_in_image_is_the_one_of_its_row(tmp_path: Path) -> None:
    shows = viewer(tmp_path, "fundus")
    one, other = shows.show("fundus#7"), shows.show("fundus#8")
    assert one.size == (64, 64) and one.tobytes() != other.tobytes()
    assert one.tobytes() == viewer(tmp_path, "fundus").show("fundus#7").tobytes()
    assert shows.where("fundus#7") == "fundus#7"


def test_what_cannot_be_shown_says_why(folder: Path, tmp_path: Path) -> None:
    shows = viewer(tmp_path)
    (folder / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="gone.png is missing"):
        shows.show("class0/gone.png")
    with pytest.raises(DataError, match="broken.png cannot be read"):
        shows.show("class0/broken.png")
    with pytest.raises(DataError, match="does not exist"):
        viewer(tmp_path, "nowhere").show("x.png")
