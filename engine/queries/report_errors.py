"""Most confident wrong test images of a report's runs, with their pictures and class-activation maps."""

import io
import math
from collections.abc import Callable, Sequence

from PIL import Image

from engine.analysis.report.facts import WrongImage, WrongImages
from engine.analysis.study import StudyRun
from engine.datasets.formats.problems import DataError
from engine.datasets.view import Viewer
from engine.files.paths import Home
from engine.queries.map_client import NoMaps, maps_of
from engine.queries.report_predictions import Predicted
from engine.queries.worst_errors import worst_errors
from engine.text import plain

MOST_SHOWN = 12
SIDE_PX = 160
"""Longest side of a picture: a report with three data sets stays below a megabyte."""
QUALITY = 80
Progress = Callable[[str], None]


def wrong_images(
    home: Home, top: Predicted, others: Sequence[Predicted], progress: Progress, *, with_maps: bool
) -> WrongImages:
    """Return the most confident errors of a run after its best epoch, and how many of the other runs, which were
    tested on the same images, share each."""
    answers, epoch, run = top.answers, top.epoch, top.run
    worst = worst_errors(home, run.id, run.spec, run.class_names, epoch, MOST_SHOWN)
    same = [each for each in others if each.has_images_of(top)]
    maps = _maps(home, run, [each.image for each in worst], progress) if with_maps else {}
    viewer = Viewer(home, run.spec, SIDE_PX)
    shown = []
    for each in worst:
        place = answers.names.index(each.image)
        picture, why_not = _picture(viewer, each.image)
        why_not = why_not.replace(f"{home.root}/", "")
        shown.append(
            WrongImage(
                plain(each.image.rpartition("/")[2]),
                run.classes[each.label],
                run.classes[each.predicted],
                each.score if math.isfinite(each.score) else None,
                sum(not other.correct[place] for other in (top, *same)),
                1 + len(same),
                picture,
                why_not,
                maps.get(each.image),
            )
        )
    return WrongImages(run.id, epoch, int((~top.correct).sum()), len(answers.labels), tuple(shown))


def _picture(viewer: Viewer, name: str) -> tuple[bytes | None, str]:
    """Return an image as a small JPEG, or why there is none."""
    try:
        return _jpeg(viewer.show(name)), ""
    except DataError as problem:
        return None, plain(problem)
    except (OSError, ValueError) as error:
        return None, plain(f"it cannot be read ({error})")


def _jpeg(image: Image.Image) -> bytes:
    small = image.convert("RGB")
    small.thumbnail((SIDE_PX, SIDE_PX))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=QUALITY, optimize=True)
    return content.getvalue()


def _maps(home: Home, run: StudyRun, names: Sequence[str], progress: Progress) -> dict[str, bytes]:
    """Return the maps of images by their names; without those that cannot be made."""
    found = {}
    told = lambda done, of: progress(f"map {done} of {of}")  # noqa: E731
    for each in maps_of(home, run.id, run.spec, names, progress=told):
        if not isinstance(each, NoMaps):
            with Image.open(io.BytesIO(each.map_png)) as picture:
                found[each.image] = _jpeg(picture)
    return found
