"""Slowness: said below a third of what runs alike make, and only where that is known."""

import pytest

from engine.analysis.paces import Pace, PastRun
from engine.analysis.slowness import Progress, slow_text

KIND = ("resnet18", 32, "auto", "imagenet")
RUN = Progress(KIND, "cpu", 2, 32, 26.0, steps=10)


def past(*training: float, threads: int | None = 2, device: str = "cpu") -> list[PastRun]:
    return [PastRun(KIND, device, "digits", 1000.0, Pace(1, 1, 1), threads, each, 32) for each in training]


def test_it_names_what_the_run_makes_and_what_runs_alike_make() -> None:
    assert slow_text(RUN, past(200, 240, 5000)) == "slow: 26 images/s, usually 240; is the machine busy?"


@pytest.mark.parametrize(
    ("run", "alike"),
    [
        (RUN, past(78)),
        (RUN, []),
        (RUN, past(240, threads=1)),
        (RUN, past(240, device="another")),
        (RUN, past(0.0)),
        (RUN._replace(kind=("resnet50", 32, "auto", "imagenet")), past(240)),
        (RUN._replace(batch_size=4), past(240)),
        (RUN._replace(steps=9), past(240)),
        (RUN._replace(images_per_s=None), past(240)),
    ],
)
def test_it_is_silent_where_the_run_is_faster_or_nothing_is_known(
    run: Progress, alike: list[PastRun]
) -> None:
    assert slow_text(run, alike) == ""


def test_a_run_that_shares_its_card_is_expected_to_be_slower() -> None:
    [alone] = past(300)
    run = RUN._replace(images_per_s=80.0)
    assert slow_text(run, [alone]) == "slow: 80 images/s, usually 300; is the machine busy?"
    assert slow_text(run._replace(at_once=2), [alone]) == ""
    shared = run._replace(at_once=2, images_per_s=40.0)
    assert slow_text(shared, [alone]) == "slow: 40 images/s, usually 150; is the machine busy?"
    assert slow_text(shared._replace(at_once=1), [alone._replace(at_once=2)]).startswith(
        "slow: 40 images/s, usually 300"
    )
