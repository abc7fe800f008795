"""Lesions of diabetic retinopathy on a synthetic retina: the signs that clinical grading uses."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.datasets.synthetic.eye import Eye, Lengths, Points, ribbons, soft_stain, stain, walk

BLOOD, OLD_BLOOD, NEW_VESSEL = (116, 12, 10), (92, 10, 10), (138, 20, 16)
EXUDATE, COTTON_WOOL = (255, 238, 138), (244, 222, 178)


@dataclass(frozen=True)
class Lesions:
    """Least and greatest number of each lesion in an eye of one grade."""

    dots: tuple[int, int] = (0, 0)
    """Microaneurysms."""
    blots: tuple[int, int] = (0, 0)
    """Haemorrhages inside the retina."""
    exudates: tuple[int, int] = (0, 0)
    """Rings and clusters of hard exudates."""
    cotton_wool: tuple[int, int] = (0, 0)
    tufts: tuple[int, int] = (0, 0)
    """Tangles of new vessels."""
    boats: tuple[int, int] = (0, 0)
    """Haemorrhages in front of the retina; gravity gives them a level top."""


BY_GRADE = (
    Lesions(),
    Lesions(dots=(5, 9)),
    Lesions(dots=(8, 14), blots=(2, 5), exudates=(2, 4)),
    Lesions(dots=(12, 20), blots=(16, 26), exudates=(1, 2), cotton_wool=(2, 4)),
    Lesions(dots=(6, 14), blots=(3, 8), exudates=(0, 2), tufts=(2, 3), boats=(1, 2)),
)


def draw_lesions(photo: Image.Image, eye: Eye, grade: int, rng: np.random.Generator) -> None:
    """Draw the lesions of a grade, 0 to 4; the random numbers do not depend on the size of the canvas."""
    lesions = BY_GRADE[grade]
    for draw_kind, (least, most) in (
        (_draw_cotton_wool, lesions.cotton_wool),
        (_draw_exudates, lesions.exudates),
        (_draw_blots, lesions.blots),
        (_draw_dots, lesions.dots),
        (_draw_tufts, lesions.tufts),
        (_draw_boats, lesions.boats),
    ):
        count = int(rng.integers(least, most + 1))
        if count:
            draw_kind(photo, eye, count, rng)


def _spots(eye: Eye, count: int, rng: np.random.Generator, reach: float) -> Points:
    """Draw positions on the retina, (count, 2), in the four quadrants in turn, away from optic disc and fovea."""
    quadrant = np.arange(3 * count) % 4 + rng.integers(4)
    angle = (quadrant + rng.random(3 * count)) * (np.pi / 2)
    radius = reach * np.sqrt(rng.uniform(0.03, 1.0, 3 * count))
    spots = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * radius[:, None]
    taken = np.hypot(*(spots - eye.disc).T) < eye.disc_radius + 0.08
    taken |= np.hypot(*(spots - eye.fovea).T) < 0.11
    order = np.argsort(taken, kind="stable")
    return np.asarray(spots[order[:count]])


def _blobs(
    centres: Points, radius: Lengths, long: Lengths, rng: np.random.Generator, wobble: float
) -> Points:
    """Draw uneven outlines (blobs, 20, 2) around centres (blobs, 2), `long` times longer than wide."""
    angle = np.linspace(0.0, 2 * np.pi, 20, endpoint=False)
    waves, phase = np.array([2, 3, 5]), rng.uniform(0.0, 2 * np.pi, (len(centres), 3, 1))
    dents = np.sum(np.sin(waves[:, None] * angle + phase) / waves[:, None], axis=1)
    reach = radius[:, None] * (1.0 + wobble * dents)
    tilt = rng.uniform(0.0, np.pi, len(centres))[:, None]
    along, across = (
        reach * np.cos(angle) * np.sqrt(long)[:, None],
        reach * np.sin(angle) / np.sqrt(long)[:, None],
    )
    turned = [along * np.cos(tilt) - across * np.sin(tilt), along * np.sin(tilt) + across * np.cos(tilt)]
    return np.asarray(centres[:, None] + np.stack(turned, axis=-1))


def _draw_dots(photo: Image.Image, eye: Eye, count: int, rng: np.random.Generator) -> None:
    radius = rng.uniform(0.019, 0.028, count)
    dots = _blobs(_spots(eye, count, rng, 0.78), radius, np.ones(count), rng, 0.1)
    stain(photo, eye.place(dots, photo.width), BLOOD, 225)


def _draw_blots(photo: Image.Image, eye: Eye, count: int, rng: np.random.Generator) -> None:
    radius = rng.uniform(0.036, 0.068, count)
    blots = _blobs(_spots(eye, count, rng, 0.82), radius, rng.uniform(1.0, 2.2, count), rng, 0.4)
    soft_stain(photo, eye.place(blots, photo.width), OLD_BLOOD, 228, eye.lengths_px(0.010, photo.width))


def _draw_exudates(photo: Image.Image, eye: Eye, count: int, rng: np.random.Generator) -> None:
    flecks = int(rng.integers(9, 15))
    centres = np.repeat(np.array(eye.fovea) + rng.normal(0.0, 0.26, (count, 2)), flecks, axis=0)
    angle, ring = rng.uniform(0.0, 2 * np.pi, len(centres)), rng.normal(0.11, 0.03, len(centres))
    centres = centres + np.stack([np.cos(angle), np.sin(angle)], axis=-1) * ring[:, None]
    radius = rng.uniform(0.012, 0.030, len(centres))
    stain(
        photo,
        eye.place(_blobs(centres, radius, np.full(len(centres), 1.3), rng, 0.3), photo.width),
        EXUDATE,
        235,
    )


def _draw_cotton_wool(photo: Image.Image, eye: Eye, count: int, rng: np.random.Generator) -> None:
    radius = rng.uniform(0.05, 0.08, count)
    patches = _blobs(_spots(eye, count, rng, 0.6), radius, rng.uniform(1.0, 1.8, count), rng, 0.3)
    soft_stain(photo, eye.place(patches, photo.width), COTTON_WOOL, 190, eye.lengths_px(0.025, photo.width))


def _draw_tufts(photo: Image.Image, eye: Eye, count: int, rng: np.random.Generator) -> None:
    """Draw tangles of new vessels; the first grows out of the disc, the others anywhere."""
    twigs, steps = 11, 16
    roots = _spots(eye, count, rng, 0.7)
    roots[0] = np.array(eye.disc) + rng.normal(0.0, 0.07, 2)
    start = np.repeat(roots, twigs, axis=0) + rng.normal(0.0, 0.02, (count * twigs, 2))
    rows = len(start)
    bend = rng.uniform(-0.35, 0.35, rows)[:, None] + rng.normal(0.0, 0.45, (rows, steps))
    curls = walk(start, rng.uniform(0.0, 2 * np.pi, rows), bend, rng.uniform(0.016, 0.028, rows))
    stain(photo, eye.place(ribbons(curls, np.full(rows, 0.017), 0.6), photo.width), NEW_VESSEL, 205)


def _draw_boats(photo: Image.Image, eye: Eye, count: int, rng: np.random.Generator) -> None:
    angle = np.linspace(0.0, np.pi, 24)
    half_width = rng.uniform(0.16, 0.27, count)[:, None]
    depth = half_width * rng.uniform(0.6, 0.95, count)[:, None]
    hull = np.stack([half_width * np.cos(angle), depth * np.sin(angle) ** 0.8], axis=-1)
    hull += rng.normal(0.0, 0.006, hull.shape)
    stain(photo, eye.place(_spots(eye, count, rng, 0.62)[:, None] + hull, photo.width), OLD_BLOOD, 245)
