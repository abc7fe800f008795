"""Numbers of a report and its findings: one sign for all that are below 0."""

import re
from pathlib import Path

from engine.analysis.evidence import number
from engine.analysis.markdown import decimal, points

GOLDEN = Path(__file__).parents[2] / "golden/report.md"


def test_numbers_below_0_have_a_minus_sign() -> None:
    assert (points(0.1, 0.2), points(0.2, 0.1), points(None, 0.1)) == ("−10.00", "+10.00", "–")
    assert (decimal(-0.2766), decimal(0.5)) == ("−0.277", "0.500")
    assert (number(-1.889), number(-1e-5), number(1e-5)) == ("−1.89", "−1e-05", "1e-05")


def test_no_number_of_a_report_begins_with_a_hyphen() -> None:
    assert re.findall(r"(?<=[ (|\[/])-[0-9.]+", GOLDEN.read_text()) == []
