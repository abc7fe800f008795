"""The line of devices."""

from rich.text import Text

from tui.widgets.bars import devices_text

DEVICES = [Text(f"cpu of worker {number}") for number in range(3)]


def test_devices_that_do_not_fit_are_counted_and_none_is_cut() -> None:
    said = [devices_text(DEVICES, width).plain for width in (51, 50, 40, 39, 19, 8)]
    one, both = "cpu of worker 0", "cpu of worker 0   cpu of worker 1"
    assert said == [f"{both}   cpu of worker 2", *[f"{both}   +1"] * 3, *[f"{one}   +2"] * 2]
