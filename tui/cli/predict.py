"""`resnet-tui predict`: predictions of a run's best weights for images."""

import subprocess
from typing import Annotated

import typer

from engine.files.paths import Home
from engine.store.database import open_store
from engine.store.listing import get_run
from engine.torch_subprocess import engine_command
from tui.cli.ids import RunId
from tui.cli.options import takes_home
from tui.cli.output import CliError

Paths = Annotated[
    list[str],
    typer.Argument(metavar="IMAGE|DIR|CSV…", help="Images, folders with images, tables of image names."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document with the probability of each class.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda:N.")]
BatchSize = Annotated[int, typer.Option(min=1, max=100_000, help="Images per batch.")]
Cam = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Write class-activation maps into this new folder: PNG and JSON."),
]
CamClass = Annotated[
    str | None, typer.Option(metavar="NAME", help="Class of the maps; else each image's predicted one.")
]


@takes_home
def predict(
    home: Home,
    run_id: RunId,
    paths: Paths,
    as_json: Json = False,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    cam: Cam = None,
    cam_class: CamClass = None,
) -> int:
    """Predict the classes of images with a run's best weights and its preprocessing: image, class, score as CSV.

    `--cam DIR` writes each image as the network sees it beside a map of what in it speaks for the class (Grad-CAM).
    Images that cannot be read are named on standard error and left out; the exit code is then 1."""
    with open_store(home.database, create=False).read() as session:
        status = get_run(session, run_id).status
    weights = home.run(run_id).best
    if not weights.exists():
        raise CliError(f"run {run_id} ({status}) has no weights at {weights}: choose a run that has trained")
    if cam_class is not None and cam is None:
        raise CliError("--cam-class needs --cam DIR, the folder for the maps")
    arguments = ["--weights", str(weights), "--home", str(home.root), "--device", device]
    arguments += ["--batch-size", str(batch_size)]
    arguments += [f"--cam={cam}"] if cam is not None else []
    arguments += [f"--cam-class={cam_class}"] if cam_class is not None else []
    arguments += ["--json"] if as_json else []
    command = engine_command("prediction", [*arguments, "--", *paths])
    return subprocess.run(command, check=False).returncode
