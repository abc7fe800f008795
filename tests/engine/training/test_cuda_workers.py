"""Workers on a graphics card: what they hold of it, and who else is on it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from cuda_runs import CARD, bits, spec
from pictures import class_folders
from waiting import LIMIT_S, until

from engine.files.paths import Home
from engine.hardware import telemetry
from engine.store import listing, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import Run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA card")

MARGIN_GB = 0.02
"""Tolerance of the driver's count of a card's memory when nothing of ours is on it."""


def worker(home: Home, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "engine.worker", "--home", str(home.root), "--cache", str(home.cache)]
    command += ["--others", "1000", *options]  # this process is on the card too
    return subprocess.Popen(command)


def stored(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def own_home(tmp_path: Path, each: int = 40) -> tuple[Home, Store]:
    class_folders(tmp_path / "data", classes=3, each=each)
    home = Home.find(tmp_path, cache=tmp_path / "cache")
    return home, open_store(home.database)


def used_gb() -> float:
    return max(card.used_gb or 0.0 for card in telemetry.nvidia().cards)


def test_an_idle_worker_holds_nothing_of_the_card(tmp_path: Path) -> None:
    home, store = own_home(tmp_path)
    before = used_gb()
    one = worker(home)
    try:
        until(lambda: idle_workers(store), what="an idle worker")
        while_idle = used_gb()
        (run_id,) = add_runs(store, [spec(epochs=2)]).ids
        until(lambda: stored(store, run_id).status == "done", what="a run's end")
        until(lambda: idle_workers(store), what="an idle worker again")
        until(lambda: used_gb() - before < MARGIN_GB, what="the card's memory being free again", timeout_s=30)
        assert while_idle - before < MARGIN_GB
        print(
            f"GiB in use: {before:.3f} before, {while_idle:.3f} with an idle worker, {used_gb():.3f} after a run"
        )
    finally:
        one.send_signal(signal.SIGTERM)
        assert one.wait(timeout=LIMIT_S) in (0, 130, -signal.SIGTERM)


def idle_workers(store: Store) -> bool:
    with store.read() as session:
        return any(
            each.state == "idle" and each.device.startswith("cuda") for each in workers.present(session)
        )


@pytest.mark.parametrize(
    "options", [{}, {"arch": "resnet50"}, {"head": "dropout", "augment": "flip+rotate+crop"}]
)
def test_deterministic_runs_have_the_same_bits_also_when_stopped_between(
    tmp_path: Path, options: dict[str, object]
) -> None:
    home, store = own_home(tmp_path, each=160)  # long enough to be stopped twice
    wanted = spec(deterministic=True, epochs=8, batch_size=4, **options)
    whole, again, parted = add_runs(store, [wanted] * 3).ids
    one = worker(home, "--max-runs", "2")
    assert one.wait(timeout=LIMIT_S) == 0
    assert {stored(store, each).status for each in (whole, again)} == {"done"}
    for stops in range(3):
        other = worker(home, "--max-runs", "1")
        if stops < 2:
            before = stored(store, parted).step
            until(lambda: stored(store, parted).step > before + 20 or stored(store, parted).status == "done")  # noqa: B023
            other.send_signal(signal.SIGTERM)
        other.wait(timeout=LIMIT_S)
    run = stored(store, parted)
    assert run.status == "done" and run.attempt == 3, (run.status, run.error, run.attempt)
    assert bits(home, whole) == bits(home, again) == bits(home, parted)


def test_others_that_fill_the_card_end_a_run_with_its_cause_and_shrink_goes_on(tmp_path: Path) -> None:
    home, store = own_home(tmp_path)
    free, _total = torch.cuda.mem_get_info(CARD)
    torch.cuda.empty_cache()
    filler = torch.empty(max(0, free - int(3.2 * 2**30)), dtype=torch.uint8, device=CARD)
    large = {"arch": "resnet50", "image_size": 224, "batch_size": 64, "epochs": 1, "precision": "fp32"}
    failing, shrinking = add_runs(store, [spec(**large), spec(**large, on_oom="shrink")]).ids
    try:
        assert worker(home, "--drain", "--device", "cuda:0").wait(timeout=LIMIT_S) == 0
    finally:
        del filler
        torch.cuda.empty_cache()
    failed, done = stored(store, failing), stored(store, shrinking)
    print(failed.error, "|", failed.suggestion, "|", done.environment.get("micro_batch"))
    assert (failed.status, failed.cause) == ("failed", "out_of_memory")
    assert "would fit (measured)" in (failed.error or "")
    assert done.status == "done" and done.environment["micro_batch"] < 64


def test_no_card_is_visible_where_the_user_hides_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.hardware.device_choice"]
    hidden = subprocess.run(
        command, env=os.environ | {"CUDA_VISIBLE_DEVICES": ""}, capture_output=True, text=True
    )
    shown = subprocess.run(command, capture_output=True, text=True)
    assert hidden.stdout.startswith("cpu: ") and shown.stdout.startswith("cuda:0: ")


def test_doctor_names_driver_capability_and_kernels(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tui.cli import main; main()", "doctor", "--home", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    name = torch.cuda.get_device_name(CARD)
    major, minor = torch.cuda.get_device_capability(CARD)
    driver = telemetry.nvidia().driver
    assert name in done.stdout and f"{major}.{minor}" in done.stdout and str(driver) in done.stdout
