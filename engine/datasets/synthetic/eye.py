"""Healthy parts of a synthetic fundus photograph: position of the eye, its ground, disc and vessels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Points = NDArray[np.float64]
"""Positions in the eye's own frame, (..., 2): the retina's radius is 1, the nose is at +x, y points down."""
Lengths = NDArray[np.float64]
"""One length for each thing drawn, in the eye's units (the retina's radius is 1)."""
Colour = tuple[int, int, int]

VEIN, ARTERY, REFLEX = (96, 16, 14), (150, 36, 22), (224, 128, 84)
DISC_RIM, DISC_CUP = (250, 196, 112), (255, 236, 182)
GRADIENT_PX = 64
"""Smooth gradients are computed at this size and enlarged."""


@dataclass(frozen=True)
class Eye:
    """Position of one eye in the frame, in shares of the half width, and its appearance."""

    side: int
    """+1 for a right eye (disc on the right), -1 for a left eye."""
    turn_rad: float
    centre: tuple[float, float]
    radius: float
    disc: tuple[float, float]
    fovea: tuple[float, float]
    disc_radius: float
    cup_share: float
    ground: tuple[float, float, float]
    """Colour of the retina, 0..1."""
    light: float
    slope: tuple[float, float]
    """Fall-off of the light across the frame, horizontally and vertically."""
    blur: float
    noise: float

    def place(self, points: Points, canvas_px: int) -> Points:
        """Convert points of the eye's frame to pixel positions on a square canvas."""
        cos, sin = np.cos(self.turn_rad), np.sin(self.turn_rad)
        half_px = canvas_px / 2
        turn = np.array([[cos * self.side, sin * self.side], [-sin, cos]]) * (self.radius * half_px)
        shift = np.array([(self.centre[0] + 1.0) * half_px, (self.centre[1] + 1.0) * half_px])
        return np.asarray(points @ turn + shift)

    def lengths_px(self, lengths: float, canvas_px: int) -> float:
        """Convert a length in the eye's frame to pixels of the canvas."""
        return lengths * self.radius * canvas_px / 2


def random_eye(rng: np.random.Generator) -> Eye:
    """Draw the position, colour, light and sharpness of an eye at random."""
    shift = rng.normal(0.0, 0.02, 2)
    warmth, pigment = rng.uniform(-1, 1), rng.uniform(-1, 1)
    ground = (
        0.80 - 0.08 * pigment,
        0.40 + 0.06 * warmth - 0.05 * pigment,
        0.19 + 0.07 * warmth - 0.03 * pigment,
    )
    return Eye(
        side=1 if rng.random() < 0.5 else -1,
        turn_rad=rng.normal(0.0, 0.08),
        centre=(rng.normal(0.0, 0.012), rng.normal(0.0, 0.012)),
        radius=rng.uniform(0.92, 0.97),
        disc=(0.54 + shift[0] + rng.normal(0.0, 0.02), -0.04 + shift[1]),
        fovea=(-0.10 + shift[0], 0.03 + shift[1]),
        disc_radius=rng.uniform(0.135, 0.17),
        cup_share=rng.uniform(0.35, 0.6),
        ground=ground,
        light=rng.uniform(0.86, 1.1),
        slope=(rng.normal(0.0, 0.09), rng.normal(0.0, 0.09)),
        blur=rng.uniform(0.002, 0.006),
        noise=rng.uniform(0.008, 0.018),
    )


def draw_ground(eye: Eye, size_px: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw the retina without disc and vessels, H×W×3, 0..1: mottled by the choroid, darker at the macula."""
    mottle = sum(
        _mottle(rng, cells, size_px) * strength for cells, strength in ((5, 0.045), (13, 0.03), (40, 0.022))
    )
    fovea, disc = (_distance(eye, point, size_px) for point in (eye.fovea, eye.disc))
    pigment = 0.30 * np.exp(-((fovea / 0.20) ** 2)) + 0.26 * np.exp(-((fovea / 0.075) ** 2))
    glow = 0.16 * np.exp(-((disc / 0.33) ** 2))
    tone = np.asarray(mottle)[..., None] * (0.7, 1.1, 1.0)
    tone += glow[..., None] * (0.45, 1.1, 0.9) - pigment[..., None] * (0.55, 1.0, 0.9)
    return np.asarray(np.clip(np.array(eye.ground) * (1.0 + tone), 0.0, 1.0), np.float32)


def _mottle(rng: np.random.Generator, cells: int, size_px: int) -> NDArray[np.float32]:
    grid = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
    return np.asarray(grid.resize((size_px, size_px), Image.Resampling.BICUBIC))


def _distance(eye: Eye, point: tuple[float, float], size_px: int) -> NDArray[np.float32]:
    """Return each pixel's distance to a point of the eye, H×W, in the eye's units."""
    x, y = eye.place(np.array(point), size_px)
    axis = np.arange(size_px, dtype=np.float32) + 0.5
    away_px = np.hypot(axis[None, :] - x, axis[:, None] - y)
    return np.asarray(away_px / eye.lengths_px(1.0, size_px), np.float32)


def stain(photo: Image.Image, outlines: Points, colour: Colour, alpha: int) -> None:
    """Fill closed outlines (outlines, corners, 2) in pixels with a colour; `alpha` 255 is opaque."""
    fill(ImageDraw.Draw(photo, "RGBA"), outlines, (*colour, alpha))


def soft_stain(photo: Image.Image, outlines: Points, colour: Colour, alpha: int, edge_px: float) -> None:
    """Fill closed outlines with a soft edge of `edge_px`; overlaps get no darker."""
    corner = np.floor(outlines.min(axis=(0, 1)) - 3 * edge_px)
    width, height = np.ceil(outlines.max(axis=(0, 1)) + 3 * edge_px - corner).astype(int).tolist()
    mask = Image.new("L", (width, height))
    fill(ImageDraw.Draw(mask), outlines - corner, alpha)
    left, top = corner.astype(int).tolist()
    photo.paste(
        colour, (left, top, left + width, top + height), mask.filter(ImageFilter.GaussianBlur(edge_px))
    )


def fill(draw: ImageDraw.ImageDraw, outlines: Points, ink: int | tuple[int, ...]) -> None:
    """Fill closed outlines, (outlines, corners, 2) in pixels."""
    for outline in outlines.reshape(len(outlines), -1).tolist():
        draw.polygon(outline, fill=ink)


def draw_disc(photo: Image.Image, eye: Eye) -> None:
    """Draw the optic disc, where all vessels meet: a bright oval with a paler cup."""
    angle = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    oval = np.stack([0.88 * np.cos(angle), np.sin(angle)], axis=-1)[None] * eye.disc_radius
    for scale, colour, alpha, edge in ((1.0, DISC_RIM, 225, 0.014), (eye.cup_share, DISC_CUP, 235, 0.025)):
        outline = eye.place(oval * scale + eye.disc, photo.width)
        soft_stain(photo, outline, colour, alpha, eye.lengths_px(edge, photo.width))


def walk(start: Points, heading: NDArray[np.float64], bend: NDArray[np.float64], step: Lengths) -> Points:
    """Return curves (paths, steps + 1, 2) from `start` (paths, 2) that turn by `bend` (paths, steps) at each step."""
    angle = heading[:, None] + np.cumsum(bend, axis=1)
    moves = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * step[:, None, None]
    return np.concatenate([start[:, None], start[:, None] + np.cumsum(moves, axis=1)], axis=1)


def ribbons(paths: Points, width: Lengths, tip_share: float) -> Points:
    """Return outlines (paths, 2 × points, 2) of curves that taper from `width` to `tip_share` of it."""
    along = np.empty_like(paths)
    along[:, 1:] = paths[:, 1:] - paths[:, :-1]
    along[:, 0] = along[:, 1]
    along /= np.maximum(np.hypot(along[..., 0], along[..., 1])[..., None], 1e-9)
    half = width[:, None] / 2 * np.linspace(1.0, tip_share, paths.shape[1])
    aside = np.stack([-along[..., 1], along[..., 0]], axis=-1) * half[..., None]
    return np.concatenate([paths + aside, (paths - aside)[:, ::-1]], axis=1)


def grow_tree(eye: Eye, rng: np.random.Generator) -> list[tuple[Points, Lengths]]:
    """Draw three generations of vessels as (curves, widths); even rows are veins, odd rows arteries.

    Trunks leave the disc in pairs: two arcades bend round the macula, two go straight towards the nose."""
    heading = np.repeat(np.radians([-112.0, 112.0, -48.0, 50.0]), 2) + rng.normal(0.0, 0.10, 8)
    heading += np.tile([-0.10, 0.10], 4)
    turn = np.repeat([-1.75, 1.75, 0.15, -0.15], 2) * rng.uniform(0.85, 1.15, 8)
    length = np.repeat([1.75, 1.75, 0.85, 0.85], 2) * rng.uniform(0.9, 1.1, 8)
    width = np.tile([0.038, 0.028], 4) * rng.uniform(0.85, 1.1, 8)
    start = np.array(eye.disc) + rng.normal(0.0, 0.018, (8, 2))
    generations = []
    for children, steps in ((5, 26), (2, 14), (0, 9)):
        rows = len(heading)
        bend = turn[:, None] / steps + rng.normal(0.0, 0.11, (rows, steps))
        curves = walk(start, heading, bend, length / steps)
        generations.append((curves, width))
        parent = np.repeat(np.arange(rows).reshape(-1, 2), children, axis=0).reshape(-1)
        at = rng.integers(steps // 6, steps - 1, len(parent))
        start = curves[parent, at]
        along = curves[parent, at + 1] - start
        fork = rng.uniform(0.45, 0.95, len(parent)) * rng.choice([-1.0, 1.0], len(parent))
        heading = np.arctan2(along[:, 1], along[:, 0]) + fork
        turn = -fork * 0.7
        left = 1.0 - at / steps
        length = length[parent] * (0.22 + 0.32 * left) * rng.uniform(0.7, 1.1, len(parent))
        width = width[parent] * (0.38 + 0.30 * left)
    return generations


def draw_vessels(photo: Image.Image, eye: Eye, rng: np.random.Generator) -> None:
    """Draw the veins, then the thinner and lighter arteries with their reflex; the fovea stays free."""
    free = 1.0 - np.exp(-((_distance(eye, eye.fovea, GRADIENT_PX) / 0.17) ** 2))
    spare = Image.fromarray((free * 255).astype(np.uint8)).resize(photo.size, Image.Resampling.BICUBIC)
    tree = grow_tree(eye, rng)
    for first, colour, alphas in ((0, VEIN, (205, 164, 123)), (1, ARTERY, (190, 152, 114))):
        mask = Image.new("L", photo.size)
        draw = ImageDraw.Draw(mask)
        for (curves, width), alpha in zip(reversed(tree), reversed(alphas), strict=True):
            fill(draw, eye.place(ribbons(curves[first::2], width[first::2], 0.45), photo.width), alpha)
        photo.paste(colour, mask=ImageChops.multiply(mask, spare))
    curves, width = tree[0]
    stain(photo, eye.place(ribbons(curves[1::2], width[1::2] * 0.3, 0.3), photo.width), REFLEX, 110)
