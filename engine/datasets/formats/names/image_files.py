"""File names of images: the formats that are decoded, their suffixes, and other kinds of files that hold pictures."""

import importlib.util
import os
import re

_PILLOW = {
    "JPEG": (".jpeg", ".jpg"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "JPEG2000": (".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"),
    "AVIF": (".avif",),
    "DIB": (".dib",),
    "ICO": (".ico",),
    "TGA": (".tga",),
}
_MORE = {"JPEG": (".jpe", ".jfif", ".mpo"), "PNG": (".apng",)}
HEIF, HEIF_SUFFIXES = "HEIF", (".heic", ".heif", ".hif")


KNOWN_SUFFIXES = (
    *(suffix for kinds in (_PILLOW, _MORE) for suffixes in kinds.values() for suffix in suffixes),
    *HEIF_SUFFIXES,
)
"""Suffixes of all formats that are decoded somewhere, whatever is installed here."""


def _has_avif() -> bool:
    """Return True where the installed Pillow has a decoder of AVIF; Pillow is not imported."""
    pillow = importlib.util.find_spec("PIL")
    folders = (pillow.submodule_search_locations or ()) if pillow else ()
    return any(name.startswith("_avif.") for folder in folders for name in os.listdir(folder))


def _suffixes() -> dict[str, tuple[str, ...]]:
    """Return the suffixes of each format that is decoded here."""
    found = {name: (*suffixes, *_MORE.get(name, ())) for name, suffixes in _PILLOW.items()}
    if not _has_avif():
        del found["AVIF"]
    if importlib.util.find_spec("pillow_heif"):
        found[HEIF] = HEIF_SUFFIXES
    return found


SUFFIXES = _suffixes()
"""Suffixes of the formats that a file may have, by Pillow's name. PostScript is not among them, because Pillow passes
it to Ghostscript, which executes programs in the file. HEIF needs the package pillow-heif."""
IMAGE_SUFFIXES = tuple(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
"""The most usual first: of two files of one name, the first is taken."""
_NO_PICTURES = (
    ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".html", ".htm", ".log", ".py",
    ".ipynb", ".ini", ".lnk", ".url", ".xls", ".xlsx", ".ods", ".doc", ".docx", ".md5", ".sha256", ".cfg",
    ".xmp", ".aae", ".db", ".sqlite", ".toml", ".sh", ".m", ".r",
)  # fmt: skip
"""Suffixes of files that people keep beside images, and that are none."""
CONTAINERS = (
    ".mat", ".pt", ".pth", ".pkl", ".pickle", ".h5", ".hdf5", ".parquet", ".arrow", ".feather", ".tfrecord",
    ".tfrecords", ".lmdb", ".mdb", ".ckpt", ".safetensors", ".onnx", ".joblib",
)  # fmt: skip
"""Suffixes of files of arrays, tables or weights."""
_NAMED_CONTAINERS = re.compile(
    r".*\.tfrecords?-\d+-of-\d+|.*[-.]idx\d-ubyte|(?:data|test)_batch(?:_\d+)?", re.IGNORECASE
)
"""Names of such files that have no suffix."""
_RAW = (".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".gz", ".tgz", ".7z", ".rar")
_UNFINISHED = (".crdownload", ".part", ".download", ".tmp", ".bak")
_VIDEO = (".mp4", ".avi", ".mov", ".mkv", ".mpg", ".mpeg", ".webm")


def is_image(name: str) -> bool:
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")


def suffix_of(name: str) -> str:
    """Return a file's suffix in lower case, `.nii.gz` whole; empty where it has none."""
    stem, suffix = os.path.splitext(name.lower())
    if not re.fullmatch(r"\.\w{1,12}", suffix):
        return ""
    return os.path.splitext(stem)[1] + suffix if suffix == ".gz" else suffix


def may_be_picture(name: str) -> bool:
    """Return False for a file that is certainly none, such as `notes.txt`."""
    return not name.startswith(".") and suffix_of(name) not in _NO_PICTURES and not is_container(name)


def is_container(name: str) -> bool:
    """Return True for a file that holds arrays or tables, of many images perhaps, and is no picture."""
    return suffix_of(name) in CONTAINERS or bool(_NAMED_CONTAINERS.fullmatch(name))


def advice_for(suffix: str) -> str:
    """Say what to do with pictures that have this suffix and are not decoded."""
    if suffix in HEIF_SUFFIXES:
        return "no decoder: pip install pillow-heif, or convert them to .jpg"
    if suffix == ".avif":
        return "no decoder: install Pillow 11.3 or newer, or convert them to .png"
    if suffix in (".dcm", ".nii", ".nii.gz", ".mha", ".nrrd"):
        return "medical files: convert them to .png, with one window for all"
    if suffix in _RAW:
        return "raw files: develop them into .jpg or .tif"
    if suffix == ".npy":
        return "arrays: save them as .png, with one scale for all"
    if suffix in CONTAINERS:
        return "files of arrays or tables: save the images in them as .png"
    if suffix in _VIDEO:
        return "videos: save their frames as images"
    if suffix in _ARCHIVES:
        return "archives: unpack them"
    if suffix in _UNFINISHED:
        return "unfinished downloads or backups"
    return "convert them to .png" if suffix else "files without a suffix: add the suffix of their format"
