"""Modules that the light rooms must not load: read from `sys.modules` of a fresh process."""

import subprocess
import sys

import pytest
from waiting import LIMIT_S

HEAVY = ("torch", "torchvision", "numpy", "pandas", "scipy", "sklearn", "matplotlib", "alembic")


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        ("tui.app, tui.cli", HEAVY),
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
        ("engine.worker.__main__, engine.worker.worker", HEAVY),
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
        ("engine.training.process, engine.hardware.device_choice", ("tui", "textual", "plotext")),
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
