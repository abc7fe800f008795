"""Images that would lead out of their folder, start a program or fill the memory."""

import re
from pathlib import Path

import pytest
from pictures import draw

from engine.datasets.layouts import DataError
from engine.datasets.pixels.decode import BadImage, Look, decode
from engine.datasets.source import index_data
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.text import plain


@pytest.mark.parametrize(
    "name",
    ["../secret.png", "/etc/passwd", "a/../../secret.png", "x\0.png", "..", "", "n" * 5000, "a/" * 3000 + "x.png",
     "..\\..\\secret.png", "~/secret.png", "file:///etc/passwd", "#test/0", "../x.npz#test/0", "/x.npz#test/0"],
)  # fmt: skip
def test_no_image_name_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "data"
    draw(tmp_path / "secret.png", 1, 1)
    draw(inside / "fine.png", 0, 0)
    (inside / "list.csv").write_text(f'image,label\nfine.png,0\n"{name}",1\n')
    home = Home.find(tmp_path)
    with pytest.raises(DataError) as caught:
        index_data(home, make_spec({"data": "data/list.csv"}))
    assert "\n" not in plain(caught.value) and len(str(caught.value)) < 12_000


def test_a_link_inside_is_its_owners_choice(tmp_path: Path) -> None:
    draw(tmp_path / "elsewhere.png", 1, 1)
    for number in range(4):
        draw(tmp_path / "data" / f"{number}.png", 0, number)
    (tmp_path / "data" / "link.png").symlink_to(tmp_path / "elsewhere.png")
    rows = "".join(f"{name}.png,{label}\n" for label, name in enumerate((0, 1, 2, 3, "link")))
    (tmp_path / "data" / "list.csv").write_text(
        "image,label\n" + re.sub(r",[23]\n", ",0\n", rows).replace(",4", ",1")
    )
    assert "link.png" in index_data(Home.find(tmp_path), make_spec({"data": "data/list.csv"})).names


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000)) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(BadImage, match="60,000 × 60,000 pixels are more than 150 million"):
        decode(tmp_path, "bomb.png", Look(32, "crop", "none"))


def test_a_file_that_would_start_another_program_is_no_image(tmp_path: Path) -> None:
    """Pillow hands PostScript to Ghostscript, whatever the file is called."""
    (tmp_path / "image.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    )
    with pytest.raises(BadImage, match="no image format that is known"):
        decode(tmp_path, "image.png", Look(32, "crop", "none"))
