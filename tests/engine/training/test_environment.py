"""Record of the machine, also of a run that goes on elsewhere."""

import subprocess
from pathlib import Path

import pytest
import torch
from waiting import LIMIT_S

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.training import environment
from engine.training.environment import carried_on, environment_now, git_revision, other_bits
from engine.training.precision import MachineError

FIRST = {"torch": "2.14.1", "device": "cuda:0", "device_name": "H100", "threads": 2, "python": "3.11.2"}


def test_versions_device_and_what_was_resolved_at_the_first_start(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    spec = make_spec({"data": "digits", "threads": 3})
    found = environment_now(spec, torch.device("cpu"), home, {})
    assert found["torch"] == torch.__version__ and found["threads"] == 3
    assert all(found[name] for name in ("python", "torchvision", "numpy", "pillow", "resnet_tui", "host"))
    assert found["device"] == "cpu" and "cores" in found["device_name"]
    assert found["cuda"] is None and found["driver"] is None and found["home_revision"] is None
    again = environment_now(spec, torch.device("cpu"), home, {"threads": 7, "precision": "bf16"})
    assert (again["threads"], again["precision"]) == (7, "bf16")


def test_a_run_begun_in_float16_on_a_card_does_not_resume_on_a_cpu(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="precision fp16 needs an NVIDIA card"):
        environment_now(
            make_spec({"data": "digits"}), torch.device("cpu"), Home.find(tmp_path), {"precision": "fp16"}
        )


def test_changes_between_attempts_are_kept_and_warned_of() -> None:
    same = carried_on(FIRST, {**FIRST, "device": "cuda:1"}, 2)
    assert same == {**FIRST, "device": "cuda:1"} and other_bits(same, 2) is None
    other = carried_on(same, {**FIRST, "torch": "2.15.0", "python": "3.12.1"}, 3)
    assert other["torch"] == "2.14.1"
    assert other["changes"] == [{"attempt": 3, "torch": "2.15.0", "python": "3.12.1"}]
    assert "torch is 2.15.0 now" in (other_bits(other, 3) or "")
    still = carried_on(other, {**FIRST, "torch": "2.15.0", "python": "3.12.1"}, 4)
    assert still["changes"] == other["changes"] and other_bits(still, 4) is None
    back = carried_on(still, FIRST, 5)
    assert [change["attempt"] for change in back["changes"]] == [3, 5]
    shrunk = carried_on({**FIRST, "micro_batch": 8}, {**FIRST, "micro_batch": 4}, 2)
    assert shrunk == {**FIRST, "micro_batch": 4}
    harmless = carried_on(FIRST, {**FIRST, "python": "3.13.0"}, 2)
    assert harmless["changes"] and other_bits(harmless, 2) is None
    before = {**FIRST, "program_revision": "aaa", "torchvision": "0.29.1"}
    newer = carried_on(before, {**before, "program_revision": "bbb", "torchvision": "0.30.0"}, 2)
    assert "torchvision is 0.30.0, program_revision is bbb now" in (other_bits(newer, 2) or "")


def test_the_revision_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "GIT_TIMEOUT_S", LIMIT_S)
    assert git_revision(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    (tmp_path / "notes.txt").write_text("one")
    for command in (["init", "-q"], ["add", "notes.txt"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    clean = git_revision(tmp_path)
    assert clean is not None and len(clean) == 40
    (tmp_path / "runs.db").write_text("untracked files are no change")
    assert git_revision(tmp_path) == clean
    (tmp_path / "notes.txt").write_text("two")
    assert git_revision(tmp_path) == clean + "+"
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_revision(tmp_path) is None


def test_a_program_that_is_installed_inside_anothers_repository_has_no_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    (tmp_path / "__init__.py").write_text("")
    monkeypatch.setattr(environment.engine, "__file__", str(tmp_path / "__init__.py"))
    assert environment.program_revision() is None
