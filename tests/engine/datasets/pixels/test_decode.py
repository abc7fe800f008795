"""One image of every kind that is met: its colours right and upright, or one clear line."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from engine.datasets.pixels import read_image
from engine.datasets.pixels.decode import BadImage, Look, decode
from engine.datasets.pixels.preprocess import crop_to_eye, graham
from engine.datasets.pixels.resize import resize, square
from engine.datasets.synthetic.fundus import draw_fundus

SIDE = 32
RAMP = np.linspace(0, 255, SIDE, dtype=np.uint8)[None].repeat(SIDE, 0)
GREY = Image.fromarray(RAMP)
WANTED = np.repeat(RAMP[..., None], 3, axis=2).astype(int)


def shown(path: Path, size_px: int = SIDE, fit: str = "stretch", preprocess: str = "none") -> np.ndarray:
    return decode(path.parent, path.name, Look(size_px, fit, preprocess)).astype(int)


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def deep(levels: np.ndarray) -> Image.Image:
    return Image.fromarray(levels)


@pytest.mark.parametrize(
    ("name", "image"),
    {
        "grey.png": GREY,
        "grey-16.png": deep(RAMP.astype(np.uint16) * 257),
        "grey-16.tif": deep(RAMP.astype(np.uint16) * 257),
        "float-1.tif": deep(RAMP.astype(np.float32) / 255),
        "palette.png": GREY.convert("P"),
        "opaque.png": Image.merge("LA", (GREY, Image.new("L", (SIDE, SIDE), 255))),
        "opaque-rgb.png": Image.merge("RGBA", (GREY, GREY, GREY, Image.new("L", (SIDE, SIDE), 255))),
        "ink.tif": GREY.convert("RGB").convert("CMYK"),
        "hue.tif": GREY.convert("RGB").convert("YCbCr"),
    }.items(),
)
def test_every_mode_becomes_rgb(tmp_path: Path, name: str, image: Image.Image) -> None:
    found = shown(save(tmp_path / name, image))
    assert found.shape == (SIDE, SIDE, 3)
    assert np.abs(found - WANTED).max() <= 2


def test_dark_deep_images_stay_dark(tmp_path: Path) -> None:
    """The range of 16 bits is known: the levels of one image say nothing of it."""
    assert shown(save(tmp_path / "dark.png", deep(np.full((SIDE, SIDE), 200, np.uint16)))).max() <= 1


@pytest.mark.parametrize("top", [200, 255, 256, 65535])
def test_integers_of_32_bits_are_refused_whatever_is_in_them(tmp_path: Path, top: int) -> None:
    levels = np.full((SIDE, SIDE), 200, np.int32)
    levels[0, 0] = top
    with pytest.raises(
        BadImage, match="nothing says which of its 32-bit levels is white: save it with 8 or 16"
    ):
        shown(save(tmp_path / "x.tif", deep(levels)))


def test_floats_have_one_scale(tmp_path: Path) -> None:
    for top in (0.5, 1.0, 1.0005):
        levels = np.full((SIDE, SIDE), 0.4, np.float32)
        levels[0, 0] = top
        assert shown(save(tmp_path / "x.tif", deep(levels)))[4, 4].tolist() == [102] * 3
    for wrong in (1.5, 255, -1):
        levels[0, 0] = wrong
        with pytest.raises(BadImage, match="save floats from 0 to 1"):
            shown(save(tmp_path / "x.tif", deep(levels)))


def test_one_bit_images(tmp_path: Path) -> None:
    found = shown(save(tmp_path / "bits.png", GREY.point(lambda level: 255 * (level > 127)).convert("1")))
    assert np.array_equal(found, np.where(WANTED > 127, 255, 0))


def test_what_is_see_through_is_black(tmp_path: Path) -> None:
    white, clear = Image.new("L", (SIDE, SIDE), 255), Image.new("L", (SIDE, SIDE), 0)
    half = Image.new("L", (SIDE, SIDE), 128)
    assert shown(save(tmp_path / "rgba.png", Image.merge("RGBA", (white, white, white, clear)))).max() == 0
    assert shown(save(tmp_path / "la.png", Image.merge("LA", (white, clear)))).max() == 0
    assert np.abs(shown(save(tmp_path / "half.png", Image.merge("LA", (white, half)))) - 128).max() <= 1
    palette = Image.new("P", (SIDE, SIDE), 1)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    assert shown(save(tmp_path / "solid.png", palette)).min() == 255
    assert shown(save(tmp_path / "key.png", palette, transparency=1)).max() == 0
    rgb = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    assert shown(save(tmp_path / "colour-key.png", rgb, transparency=(255, 255, 255))).max() == 0


def without_adobe_marker(jpeg: bytes) -> bytes:
    """Cut out the APP14 segment that says whose conventions hold."""
    start = jpeg.index(b"\xff\xee")
    length = int.from_bytes(jpeg[start + 2 : start + 4], "big")
    assert jpeg[start + 4 : start + 9] == b"Adobe"
    return jpeg[:start] + jpeg[start + 2 + length :]


def test_ink_in_jpegs_adobes_inverted_and_others_not(tmp_path: Path) -> None:
    ink = GREY.convert("RGB").convert("CMYK")
    adobe = save(tmp_path / "adobe.jpg", ink, quality=95)  # Pillow inverts and marks it, as Photoshop does
    assert b"Adobe" in adobe.read_bytes()
    assert np.abs(shown(adobe) - WANTED).mean() < 4
    inverted = io.BytesIO()
    Image.fromarray(255 - np.asarray(ink), mode="CMYK").save(inverted, "JPEG", quality=95)
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(without_adobe_marker(inverted.getvalue()))
    assert np.abs(shown(plain) - WANTED).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_turned_camera_is_turned_back(tmp_path: Path, orientation: int, suffix: str) -> None:
    """The upright picture is bright at its top and half bright at its left."""
    upright = np.zeros((SIDE, SIDE), dtype=np.uint8)
    upright[:, :12] = 120
    upright[:8] = 255
    undo = {  # how a picture is stored that a viewer brings back by its EXIF orientation (TIFF 6.0, tag 274)
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation]))
    found = shown(save(tmp_path / f"turned.{suffix}", stored, exif=exif, quality=95))[..., 0]
    assert np.abs(found - upright).mean() < 6


def test_the_first_of_several_pictures_is_shown(tmp_path: Path) -> None:
    dark = Image.new("RGB", (SIDE, SIDE), (9, 9, 9))
    for name in ("pages.tif", "moving.png", "moving.webp"):
        lossless = {"lossless": True} if name.endswith("webp") else {}
        path = save(
            tmp_path / name, GREY.convert("RGB"), save_all=True, append_images=[dark, dark], **lossless
        )
        assert np.abs(shown(path) - WANTED).max() <= 2, name


def broken(tmp_path: Path, kind: str) -> Path:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path = tmp_path / f"broken-{kind}"
    match kind.partition(".")[0]:
        case "cut":
            whole = save(path, noise).read_bytes()
            path.write_bytes(whole[: len(whole) // 2])
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("<html>404</html>")
        case "folder":
            path.mkdir()
        case "numberless":
            save(path, deep(np.full((4, 4), np.nan, np.float32)))
        case "boundless":
            save(path, deep(np.full((4, 4), 1e9, np.float32)))
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("cut.jpg", r"cannot be read \(the file is cut off\)"),
        ("cut.png", r"cannot be read \(the file is cut off\)"),
        ("cut.tif", "cannot be read"),
        ("cut.webp", "cannot be read"),
        ("cut.bmp", r"cannot be read \(the file is cut off\)"),
        ("empty.png", r"cannot be read \(no image format that is known: it is empty\)"),
        (
            "text.jpg",
            r"cannot be read \(no image format that is known: its first bytes are those of an HTML page\)",
        ),
        ("folder.png", r"cannot be read \(Is a directory\)"),
        ("missing.png", "is missing$"),
        ("numberless.tif", r"cannot be read \(it has levels that are no number\)"),
        ("boundless.tif", r"cannot be read \(its levels go from 0 to 1e\+09"),
    ],
)
def test_what_is_no_image_gets_one_line(tmp_path: Path, kind: str, says: str) -> None:
    path = broken(tmp_path, kind)
    with pytest.raises(BadImage, match=says) as caught:
        shown(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_gets_one_line(tmp_path: Path) -> None:
    path = save(tmp_path / "mine.png", GREY)
    path.chmod(0)
    with pytest.raises(BadImage, match=r"cannot be read \(Permission denied\)"):
        shown(path)


def test_a_small_file_that_claims_a_huge_image_is_refused_undecoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "bomb.png", Image.new("1", (20_000, 10_000)), compress_level=1)
    assert path.stat().st_size < 300_000
    monkeypatch.setattr(Image.Image, "load", lambda _self: pytest.fail("it was decoded"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BadImage, match="20,000 × 10,000 pixels are more than 150 million"):
            shown(path)


@pytest.mark.parametrize(("stored", "size_px"), [(512, 64), (512, 224), (512, 258), (400, 224)])
def test_the_fast_path_is_close_to_the_exact_one(tmp_path: Path, stored: int, size_px: int) -> None:
    """Against a full decode and Pillow's own antialiased bicubic."""
    path = save(tmp_path / "eye.jpg", Image.fromarray(draw_fundus(1, 2, 3, stored)), quality=90)
    with Image.open(path) as image:
        exact = np.asarray(image.resize((size_px, size_px), Image.Resampling.BICUBIC)).astype(int)
    difference = np.abs(shown(path, size_px, "crop") - exact)
    assert difference.mean() < 1.2 and np.quantile(difference, 0.999) <= 16


def test_libjpeg_never_scales_below_what_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    to_rgb = read_image.to_rgb
    monkeypatch.setattr(read_image, "to_rgb", lambda image: sizes.append(image.size) or to_rgb(image))
    path = save(tmp_path / "wide.jpg", Image.new("RGB", (800, 400)))
    for size_px, fit in ((100, "crop"), (101, "crop"), (100, "pad"), (100, "stretch")):
        shown(path, size_px, fit)
    shown(path, 100, "crop", "graham")
    assert sizes == [(200, 100), (200, 100), (100, 50), (200, 100), (400, 200)]


def test_resizing_is_pillows_to_a_level() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    for height, width in ((25, 30), (80, 90), (50, 70)):
        exact = np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))
        assert np.abs(resize(noise, height, width).astype(int) - exact).max() <= 2


def test_crop_and_pad_keep_the_aspect() -> None:
    wide = np.zeros((32, 64, 3), dtype=np.uint8)
    wide[:, 16:48] = 255
    assert square(wide, 16, "crop").min() > 230
    padded = square(wide, 16, "pad")
    assert padded[:4].max() == 0 and padded[5:11, 5:11].min() == 255 and padded[12:].max() == 0
    stretched = square(wide, 16, "stretch")
    assert stretched[0, 0].max() == 0 and stretched[0, 8].min() == 255


def test_graham_is_his_formula() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    levels = noise.astype(float)
    blurred = gaussian_filter(levels, (60 / 2 / 30, 60 / 2 / 30, 0), mode="nearest", truncate=4.0)
    exact = np.clip(np.rint(4 * levels - 4 * blurred + 128), 0, 255)
    assert np.abs(graham(noise) - exact).max() <= 1
    assert np.abs(graham(np.full((40, 40, 3), 77, np.uint8)).astype(int) - 128).max() == 0


def test_graham_crops_to_the_eye_and_takes_the_light_away(tmp_path: Path) -> None:
    eye = draw_fundus(1, 2, 0, 120)
    photo = np.zeros((200, 400, 3), dtype=np.uint8)
    photo[40:160, 130:250] = eye
    cropped = crop_to_eye(photo)
    assert 108 <= cropped.shape[0] <= 122 and 108 <= cropped.shape[1] <= 122
    dim = shown(save(tmp_path / "dim.png", Image.fromarray(photo // 2)), 64, "crop", "graham")
    full = shown(save(tmp_path / "full.png", Image.fromarray(photo)), 64, "crop", "graham")
    assert dim.shape == full.shape == (64, 64, 3)
    middle = (slice(16, 48), slice(16, 48))
    assert abs(dim[middle].mean() - full[middle].mean()) < 4 and abs(full[middle].mean() - 128) < 4


def test_without_an_eye_the_whole_image_stays() -> None:
    for photo in (np.zeros((50, 60, 3), np.uint8), np.full((50, 60, 3), 90, np.uint8)):
        assert crop_to_eye(photo).shape == photo.shape
    spot = np.zeros((50, 60, 3), np.uint8)
    spot[3:5, 3:5] = 255
    assert crop_to_eye(spot).shape == spot.shape


def test_nearest_copies_pixels_as_pillow_does() -> None:
    small = np.random.default_rng(3).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    large = resize(small, 224, 224, "nearest")
    assert (large == np.asarray(Image.fromarray(small).resize((224, 224), Image.Resampling.NEAREST))).all()
