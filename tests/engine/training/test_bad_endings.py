"""Runs that end badly: one line and one suggestion for each, and what waits for them."""

from lab import Lab
from pictures import class_folders


def test_every_bad_ending_is_one_line_and_the_queue_goes_on(lab: Lab) -> None:
    class_folders(lab.home.root / "torn", classes=2, each=12)
    torn = lab.home.root / "torn" / "class1" / "003.png"
    torn.write_bytes(torn.read_bytes()[:50])
    broken = lab.add(data="torn")
    missing = lab.add(pretrained="weights.pth")
    absurd = lab.add(lr=1e30, schedule="constant")
    follower = lab.add(pretrained=f"run:{broken}")
    warm = lab.add()
    warmed = lab.add(pretrained=f"run:{warm}", epochs=0, test_fraction=0.2)
    lab.train_queue()
    found = {run_id: lab.run(run_id) for run_id in (broken, missing, absurd, follower, warm, warmed)}
    assert [found[run_id].status for run_id in found] == ["failed"] * 3 + ["queued", "done", "done"]
    assert [found[run_id].cause for run_id in (broken, missing, absurd)] == ["data", "data", "diverged"]
    assert "torn/class1/003.png cannot be read" in (found[broken].error or "")
    assert "weights.pth" in (found[missing].error or "")
    assert found[absurd].suggestion == "try a smaller lr: 0.1"
    assert (found[absurd].verdict, found[absurd].verdict_change) == ("diverged", {"lr": 0.1})
    assert all("\n" not in (run.error or "") for run in found.values())
    assert all("Traceback" not in lab.log(run_id) for run_id in (broken, missing, absurd))
    assert found[warmed].best == found[warm].best and found[warmed].best_epoch == 0
    assert found[warm].environment["precision"] == "fp32" and found[warm].verdict is not None
