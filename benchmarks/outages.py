"""Power cuts at many random moments of a run: each copy goes on and ends with the bits of the run left alone."""

import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.files.paths import Home
from tests.support.outage import cut_at, finish, result_of

TITLE = "Power cuts"
RUNS, CUTS, EPOCHS = 5, 8, 6


def measure() -> Iterator[str]:
    """AssertionError where a copy does not end as the run did; every second one has a torn checkpoint."""
    for seed in range(RUNS):
        dice = random.Random(seed)
        with tempfile.TemporaryDirectory() as place:
            root = Path(place) / "home"
            moments = sorted(dice.random() * 0.9 for _ in range(CUTS))
            copies = cut_at(root, moments, dice, subprocess.Popen, epochs=EPOCHS)
            calm = result_of(Home.find(root, cache=root / "cache"))
            for number, each in enumerate(copies):
                last = each.run(1).last
                if number % 2 and last.exists():
                    last.write_bytes(last.read_bytes()[: dice.randrange(last.stat().st_size)])
                run = finish(each, subprocess.Popen)
                assert (run.status, run.epoch) == ("done", EPOCHS), f"seed {seed}, cut {number}: {run.error}"
                assert result_of(each) == calm, f"seed {seed}, cut {number}: other bits"
        yield f"- seed {seed}: {CUTS} cuts, all ended with the same bits"
