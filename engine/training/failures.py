"""Cause, message and suggestion for the error that ended a training."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.analysis.findings.suggestion import lower_lr
from engine.datasets.layouts import DataError
from engine.datasets.packed import CacheError
from engine.datasets.provenance import LeakError
from engine.files.disk_errors import disk_problem
from engine.models.plugin import PluginError
from engine.models.weight_files import WeightsError
from engine.spec.run_spec import RunSpec
from engine.store.advice import ADVICE
from engine.store.status import Cause
from engine.text import plain
from engine.training.loss_curve import Diverged
from engine.training.out_of_memory import OutOfMemory, is_out_of_memory
from engine.training.precision import MachineError

USER_ERRORS: tuple[tuple[type[Exception], Cause, str], ...] = (
    (LeakError, "data", "choose other data or another split, or add the run with allow_leak"),
    (WeightsError, "data", "choose other weights or fix these, then retry"),
    (PluginError, "code", "fix the plug-in's file, then retry"),
    (DataError, "data", ADVICE["data"]),
    (MachineError, "data", "clone the run with another setting"),
)
"""Errors that a user can fix: the first that fits, with its cause and what to do."""


@dataclass(frozen=True)
class Failure:
    """End of a training, in words."""

    cause: Cause
    text: str
    """One line."""
    suggestion: str
    trace: str = ""
    """Traceback, for a cause in the program."""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "Failure | None":
        """Read what `write` wrote; None where there is nothing."""
        return cls(**json.loads(path.read_text())) if path.exists() else None


def failure_path(folder: Path, rank: int) -> Path:
    """Return the file in which one of several processes leaves the failure that it alone has met."""
    return folder / f"failure-{rank}.json"


def explain(error: Exception, spec: RunSpec) -> tuple[Cause, str, str]:
    """Return the cause, a message of one line, and one suggestion."""
    text = plain(" ".join(str(error).split())) or type(error).__name__
    for kind, cause, suggestion in USER_ERRORS:
        if isinstance(error, kind):
            return cause, text, suggestion
    if isinstance(error, Diverged):
        return "diverged", text, f"try a smaller lr: {lower_lr(spec)['lr']:g}"
    if isinstance(error, OutOfMemory):
        return "out_of_memory", text, error.suggestion
    if is_out_of_memory(error):
        return "out_of_memory", text, f"try a smaller batch_size: {max(1, spec.batch_size // 2)}"
    if isinstance(error, CacheError):
        return "disk", text, ADVICE["disk"]
    if isinstance(error, OSError) and (problem := disk_problem(error)) is not None:
        return "disk", plain(problem), ADVICE["disk"]
    return "code", f"{type(error).__name__}: {text}", "the run's log holds the traceback"
