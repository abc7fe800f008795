"""Folder of drawn JPEGs that every contender reads: `train/<grade>/…` and `test/<grade>/…`."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from engine.datasets.synthetic.fundus import draw_fundus

GRADES = 5
SEED = 77
QUALITY = 90
"""libjpeg's, as cameras write: a 512 px photograph has about 50 kB."""


def draw_folder(folder: Path, *, train: int, test: int, side_px: int) -> None:
    """Draw what is not there yet; grades take turns, so that the classes are balanced."""
    wanted = [
        (folder / split, number + offset, side_px)
        for split, count, offset in (("train", train, 0), ("test", test, 1_000_000))
        for number in range(count)
    ]
    with ProcessPoolExecutor() as processes:
        list(processes.map(_draw, wanted, chunksize=8))


def _draw(wanted: tuple[Path, int, int]) -> None:
    split, number, side_px = wanted
    grade = number % GRADES
    path = split / f"grade{grade}" / f"{number:07}.jpeg"
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    Image.fromarray(draw_fundus(SEED, number, grade, side_px)).save(aside, format="JPEG", quality=QUALITY)
    aside.replace(path)
