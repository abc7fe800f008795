"""`python -m tests.support.fuzzing SEED COUNT`: damaged images through everything that reads them, in bounded memory.

Each image is a real one of some format, cut short, with bits turned, with bytes overwritten, or pieces of two joined.
Prints how many were read and refused; a traceback, or more processor time an image than TOO_LONG_S, is a failure."""

import io
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, features

from engine.datasets.index import Index
from engine.datasets.pixels.decode import BadImage, Look, decode
from engine.datasets.pixels.read_image import is_readable
from engine.datasets.survey import look_at_images

GROWTH_BYTES = 3 << 30
"""Of address space beyond what the libraries take."""
TOO_LONG_S = 30.0
LOOKS = (Look(32, "crop", "none"), Look(48, "pad", "graham"), Look(16, "stretch", "none"))


def samples() -> dict[str, bytes]:
    """Small real images, in every format that is read and in the modes that matter."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 4), dtype=np.uint8)
    rgba = Image.fromarray(noise)
    rgb, grey, palette = rgba.convert("RGB"), rgba.convert("L"), rgba.convert("RGB").quantize(16)
    deep = Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    wanted: list[tuple[str, Image.Image, str, dict[str, object]]] = [
        ("jpg", rgb, "JPEG", {"exif": exif}), ("progressive.jpg", rgb, "JPEG", {"progressive": True}),
        ("cmyk.jpg", rgb.convert("CMYK"), "JPEG", {}), ("grey.jpg", grey, "JPEG", {}),
        ("png", rgb, "PNG", {"exif": exif}), ("palette.png", palette, "PNG", {"transparency": 1}),
        ("deep.png", deep, "PNG", {}), ("moving.png", rgb, "PNG", {"save_all": True, "append_images": [rgb]}),
        ("tif", rgb, "TIFF", {"exif": exif}), ("lzw.tif", rgb, "TIFF", {"compression": "tiff_lzw"}),
        ("deflate.tif", deep, "TIFF", {"compression": "tiff_deflate"}),
        ("jpeg.tif", rgb, "TIFF", {"compression": "jpeg"}),
        ("float.tif", Image.fromarray(noise[..., 0].astype(np.float32) / 255), "TIFF", {}),
        ("webp", rgba, "WEBP", {}), ("lossless.webp", rgb, "WEBP", {"lossless": True}),
        ("bmp", rgb, "BMP", {}), ("palette.bmp", palette, "BMP", {}), ("gif", palette, "GIF", {"interlace": 1}),
        ("ppm", rgb, "PPM", {}), ("tga", rgb, "TGA", {"compression": "tga_rle"}),
        ("ico", rgba.resize((32, 32)), "ICO", {}),
    ]  # fmt: skip
    if features.check("jpg_2000"):
        wanted.append(("jp2", rgb, "JPEG2000", {}))
    if features.check("avif"):
        wanted.append(("avif", rgb, "AVIF", {}))
    made = {}
    for name, image, kind, options in wanted:
        content = io.BytesIO()
        image.save(content, kind, **options)
        made[name] = content.getvalue()
    return made


def damaged(content: bytes, other: bytes, dice: random.Random) -> bytes:
    found = bytearray(content)
    match dice.randrange(5):
        case 0:
            return bytes(found[: dice.randrange(len(found))])
        case 1:
            for _ in range(dice.choice((1, 1, 4, 32))):
                found[dice.randrange(len(found))] ^= 1 << dice.randrange(8)
        case 2:  # near the start lie sizes and offsets
            for _ in range(dice.choice((1, 2, 8))):
                found[dice.randrange(min(len(found), 200))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        case 3:
            start = dice.randrange(len(found))
            found[start : start + dice.randrange(1, 40)] = dice.randbytes(dice.randrange(40))
        case _:
            return bytes(found[: dice.randrange(len(found))]) + other[dice.randrange(len(other)) :]
    return bytes(found)


def limit_memory() -> None:
    taken_kib = int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0])
    most = taken_kib * 1024 + GROWTH_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def read(folder: Path, name: str, look: Look) -> bool:
    try:
        pixels = decode(folder, name, look)
    except BadImage as refused:
        assert "\n" not in str(refused)
        return False
    assert pixels.shape == (look.size_px, look.size_px, 3) and pixels.dtype == np.uint8
    return True


def attack(seed: int, count: int) -> tuple[int, int, float]:
    """Images read, images refused, and the longest time that one took, seconds."""
    dice, real = random.Random(seed), samples()
    names, done, refused, longest_s = sorted(real), 0, 0, 0.0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number in range(count):
            name = names[number % len(names)]
            path = folder / f"{number % 64}-{name}"
            path.write_bytes(damaged(real[name], real[dice.choice(names)], dice))
            began = time.process_time()
            is_readable(folder, path.name)
            if read(folder, path.name, LOOKS[number % len(LOOKS)]):
                done += 1
            else:
                refused += 1
            longest_s = max(longest_s, time.process_time() - began)
        files = tuple(sorted(path.name for path in folder.iterdir()))
        rows = len(files)
        index = Index("fuzz", folder, files, (0,) * rows, ("train",) * rows, None, ("a",), False, "")
        looks = look_at_images(index, lambda _done, _total: None)
        looked_at = sum(path.stat().st_size > 0 for path in folder.iterdir())
        assert looks is not None and sum(looks.sizes.values()) + len(looks.unreadable) >= looked_at
    return done, refused, longest_s


def main() -> None:
    limit_memory()
    done, refused, longest_s = attack(int(sys.argv[1]), int(sys.argv[2]))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{done} read, {refused} refused, longest {longest_s:.2f} s, peak {peak_mib} MiB")
    assert longest_s < TOO_LONG_S


if __name__ == "__main__":
    main()
