"""Files of ImageNet weights that runs need: present, to be downloaded, or to be copied here by hand.

torch is asked in a process of its own."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.problem import Problem, WayOut
from engine.spec.pretrained import IMAGENET_WORDS
from engine.spec.run_spec import RunSpec
from engine.torch_subprocess import AskError, ask

CANNOT_DOWNLOAD = "this machine cannot download it"


@dataclass(frozen=True)
class ImagenetFile:
    """File of one network's weights, and the folder that it belongs in."""

    arch: str
    pretrained: str
    name: str
    folder: str
    present: bool
    reachable: bool | None
    """True where it can be downloaded now; None where the file exists already."""

    @property
    def way_out(self) -> str:
        """Advice where a run would not get the file; empty where it would."""
        return "" if self.present or self.reachable else f"put {self.name} into {self.folder}"

    @property
    def problem(self) -> str | None:
        """Return why a run would not get the file, and what to do; None where it would."""
        return f"{CANNOT_DOWNLOAD}: {self.way_out}" if self.way_out else None


def imagenet_files(wanted: Iterable[tuple[str, str]]) -> list[ImagenetFile]:
    """Return the files of these pairs of arch and `pretrained`, each once; other pairs need none. Raises AskError."""
    pairs = [f"{arch}:{source}" for arch, source in wanted if source in IMAGENET_WORDS]
    if not pairs:
        return []
    found = ask("models.imagenet", pairs, what="the list of ImageNet files")["files"]
    return [ImagenetFile(**file) for file in {file["name"]: file for file in found}.values()]


def missing_weights(specs: Iterable[RunSpec]) -> list[Problem]:
    """Return a warning for each file that these runs need and would not get, or one that this is not known.

    It may take seconds: torch is started, and a server is asked for missing files."""
    try:
        files = imagenet_files(dict.fromkeys((spec.arch, spec.pretrained) for spec in specs))
    except AskError as error:
        return [Problem("pretrained", "warning", str(error), kind="weights_unchecked")]
    return [_missing(file) for file in files if file.way_out]


def _missing(file: ImagenetFile) -> Problem:
    what = f"the ImageNet weights of {file.arch} are missing, and {CANNOT_DOWNLOAD}"
    return Problem("pretrained", "warning", what, (file.name,), (WayOut(file.way_out),), "imagenet_file")
