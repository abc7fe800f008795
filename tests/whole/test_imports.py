"""Modules that the light rooms must not load: read from `sys.modules` of a fresh process."""

import os
import subprocess
import sys

import pytest
from waiting import LIMIT_S

HEAVY = ("torch", "torchvision", "numpy", "pandas", "scipy", "sklearn", "matplotlib", "alembic", "apprise")


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        ("tui.app, tui.cli", (*HEAVY, "engine.cluster")),
        (
            "tui.app, tui.feeds.prefetch",
            (
                *HEAVY,
                "sqlalchemy",
                "sqlmodel",
                "pydantic",
                "typer",
                "engine.store.tables",
                "engine.metrics.catalogue",
            ),
        ),
        (
            "tui.start, tui.completion.answer",
            (*HEAVY, "textual", "sqlalchemy", "sqlmodel", "pydantic", "typer", "rich"),
        ),
        (
            "engine.worker.__main__, engine.worker.worker, engine.worker.warm_process",
            (*HEAVY, "PIL", "rich", "textual", "sqlalchemy.dialects.postgresql", "engine.cluster"),
        ),
        ("engine.recipes.registries, engine.recipes.augmentations", (*HEAVY, "pydantic")),
        ("engine.spec.run_spec, engine.files.paths, engine.store.queue, engine.store.history", HEAVY),
        (
            "engine.queries.waiting, engine.queries.read_news, engine.store.edits.retry, engine.store.edits.undo",
            HEAVY,
        ),
        ("engine.datasets.layouts, engine.datasets.index", HEAVY),
        (
            "engine.export.columns, engine.export.tables, engine.export.event_files, engine.export.read_runs",
            (*HEAVY, "pyarrow", "tensorboard"),
        ),
        ("engine.metrics.catalogue, engine.analysis.verdict, engine.analysis.report.write", HEAVY),
        ("tui.feeds.run_table_feed", (*HEAVY, "sqlalchemy.dialects.postgresql")),
        (
            "engine.training.process, engine.training.attempt, engine.hardware.device_choice",
            ("tui", "textual", "plotext", "rich", "sqlalchemy.dialects.postgresql"),
        ),
        ("engine.training.session, engine.models.summary", ("sqlmodel", "sqlalchemy", "engine.store", "tui")),
    ],
)
def test_light_rooms_stay_light(modules: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {modules}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & set(forbidden)


def test_a_call_imports_its_own_verb_alone() -> None:
    code = "import sys; from tui.cli import run; run(['presets']); print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    loaded = set(done.stdout.split())
    verbs = {name for name in loaded if name.startswith("tui.cli.")}
    assert "tui.cli.presets" in verbs and not verbs & {"tui.cli.look", "tui.cli.export", "tui.cli.keys"}
    assert not loaded & {"textual", "engine.export.tables", "engine.analysis.study"}


TRAINING = """
import sys, tempfile
from dataclasses import replace
from pathlib import Path
import engine.training.process
import engine.training.attempt
import torch
from sessions import Memory, context
from engine.files.paths import Home
from engine.recipes.optimizers import OPTIMIZERS, make_optimizer
from engine.spec.archs import ARCH_INFOS
from engine.spec.grid import make_spec
from engine.training.session import Session

ARCH_INFOS["resnet18"] = replace(ARCH_INFOS["resnet18"], stem_channels=8)
recipe = {"data": "digits", "image_size": 16, "batch_size": 256, "epochs": 1, "threads": 1}
with tempfile.TemporaryDirectory() as folder:
    assert Session(context(make_spec(recipe), Home.find(Path(folder)))).train(Memory(), lambda: False)
for name in OPTIMIZERS:
    layer = torch.nn.Linear(2, 2)
    optimizer = make_optimizer(layer, make_spec(recipe | {"optimizer": name}), torch.device("cpu"))
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
print("\\n".join(sys.modules))
"""


def test_a_training_loads_no_library_that_it_does_not_need() -> None:
    """Without torch's compiler and scikit-learn a process of training starts in half the time and memory."""
    path = os.pathsep.join(each for each in sys.path if each)
    done = subprocess.run(
        [sys.executable, "-c", TRAINING],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    unneeded = (
        "torch._dynamo",
        "sympy",
        "sklearn",
        "scipy",
        "pandas",
        "matplotlib",
        "torchvision",
        "alembic",
    )
    assert not set(done.stdout.split()) & set(unneeded)
