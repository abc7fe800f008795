"""Where the ImageNet weights of runs are: there, to be downloaded, or to be brought. torch is asked in a process of its
own."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.spec.pretrained import source_kind
from engine.spec.run_spec import RunSpec
from tui.torch_subprocess import AskError, ask


@dataclass(frozen=True)
class ImagenetFile:
    """The file of one network's weights, and the folder that it belongs in."""

    arch: str
    pretrained: str
    name: str
    folder: str
    present: bool
    reachable: bool | None
    """Could it be downloaded now? None where it is there."""

    @property
    def problem(self) -> str | None:
        """What to do where a run would not get it."""
        if self.present or self.reachable:
            return None
        return f"this machine cannot download it: put {self.name} into {self.folder}"


def imagenet_files(wanted: Iterable[tuple[str, str]]) -> list[ImagenetFile]:
    """The files of these pairs of arch and `pretrained`, each once; other pairs need none. Raises AskError."""
    pairs = [f"{arch}:{source}" for arch, source in wanted if source_kind(source) == "imagenet"]
    if not pairs:
        return []
    found = ask("models.imagenet", pairs, what="the list of ImageNet files")["files"]
    return [ImagenetFile(**file) for file in {file["name"]: file for file in found}.values()]


def lacking(specs: Iterable[RunSpec]) -> list[str]:
    """A line for each file that these runs need and would not get, or for why that cannot be said."""
    try:
        files = imagenet_files(dict.fromkeys((spec.arch, spec.pretrained) for spec in specs))
    except AskError as error:
        return [str(error)]
    return [
        f"the ImageNet weights of {file.arch} are missing, and {file.problem}"
        for file in files
        if file.problem
    ]
