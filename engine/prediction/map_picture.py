"""Picture of a class-activation map over its image, and the same in numbers."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.datasets.pixels.decode import DEFAULT_RESIZE
from engine.prediction.class_maps import ClassMap
from engine.prediction.map_layer import MapLayer
from engine.prediction.trained_network import Network

SMALLEST_PX = 224
"""Side of the pictures of smaller images, which are enlarged by a whole number."""
STRONGEST = 0.7
"""Share of colour where the map is 1; where it is 0 the image shows through alone."""
CONTOUR = 0.5
"""Level of the contour: half of the map's maximum."""
GAP_PX = 8
SHARE_PLACES = 4


RESIZED = {"nearest": "resized to the nearest pixel"}
"""Words for a resize that is not the usual one."""


def seen_picture(found: ClassMap) -> Image.Image:
    """Return the image as the network sees it, enlarged where it is small."""
    return Image.fromarray(_enlarged(found.seen))


def map_picture(found: ClassMap) -> Image.Image:
    """Return the map over the image in shades of grey: colours from viridis, whose lightness rises with the map, so
    that readers who confuse colours read it too, and a black and white contour at half of its maximum."""
    import matplotlib

    pixels = _enlarged(found.seen)
    scale = len(pixels) // len(found.seen)
    heat = _smooth(found.heat, scale)
    grey = (pixels @ np.array([0.299, 0.587, 0.114]))[..., None]
    colours = matplotlib.colormaps["viridis"](heat)[..., :3] * 255
    alpha = STRONGEST * heat[..., None]
    blended = np.rint(grey * (1 - alpha) + colours * alpha).astype(np.uint8)
    inside = heat >= CONTOUR
    blended[_edge(inside)] = 255
    blended[_edge(~inside)] = 0
    return Image.fromarray(blended)


def both_pictures(found: ClassMap) -> Image.Image:
    """Return the image as the network sees it, and the map over it to its right."""
    left, right = seen_picture(found), map_picture(found)
    canvas = Image.new("RGB", (2 * left.width + GAP_PX, left.height), "white")
    canvas.paste(left, (0, 0))
    canvas.paste(right, (left.width + GAP_PX, 0))
    return canvas


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def in_numbers(found: ClassMap, network: Network, layer: MapLayer, *, is_graded: bool) -> dict[str, Any]:
    """Return what the picture shows as a JSON document."""
    shares = found.shares
    return {
        "map_of": "what raises the grade" if is_graded else "class",
        "class": network.class_names[found.label],
        "score": found.score,
        "predicted": network.class_names[found.predicted],
        "predicted_score": found.predicted_score,
        "quadrants": None
        if shares is None
        else {name: round(share, SHARE_PLACES) for name, share in shares.items()},
        "layer": layer.name,
        "grid": list(layer.grid),
        "seen_as": seen_as(network),
        "run": network.about.get("run"),
        "epoch": network.about.get("epoch"),
    }


def seen_as(network: Network) -> str:
    """Say how an image becomes what the network sees."""
    look, size = network.look, network.image_size
    words = {
        "crop": "cropped to the square in its middle",
        "pad": "padded with black to a square",
        "stretch": "stretched to a square",
    }
    steps = [words.get(look.fit, look.fit)]
    if look.resize != DEFAULT_RESIZE:
        steps.append(RESIZED.get(look.resize, f"resized by {look.resize}"))
    if look.preprocess != "none":
        steps.insert(0, f"preprocessed by {look.preprocess}")
    if look.size_px != size:
        steps.append(f"the middle {size} of {look.size_px} px")
    return ", ".join(steps)


def _enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = max(1, -(-SMALLEST_PX // len(pixels)))
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def _smooth(heat: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    """Enlarge a map by a whole number, bilinearly."""
    if scale == 1:
        return heat
    side = len(heat) * scale
    made = Image.fromarray(heat).resize((side, side), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(made, dtype=np.float32), 0, 1)


def _edge(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels inside that touch one outside."""
    padded = np.pad(inside, 1, mode="edge")
    neighbours = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge: NDArray[np.bool_] = inside & ~neighbours
    return edge
