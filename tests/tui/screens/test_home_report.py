"""The key that builds a report: which runs it is of, its progress, and the path to copy."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pilots import SMALL, app, go_to, notified, opened, shown, until

from engine.files.paths import Home
from engine.store.database import Store
from tui.screens import report_screen
from tui.screens.report_screen import ReportScreen

MAKES = """
import pathlib, sys
out = pathlib.Path(sys.argv[1]); out.mkdir(parents=True)
print("report: figure 1 of 2", file=sys.stderr, flush=True)
(out / "report.html").write_text("page")
print(out / "report.html", file=sys.stderr)
"""
FAILS = """
import sys
print("report: 3 runs\\nno run has an epoch", file=sys.stderr)
sys.exit(2)
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The arguments of each report that was asked for; what builds it writes an empty page."""
    return _replaced(monkeypatch, MAKES)


def _replaced(monkeypatch: pytest.MonkeyPatch, program: str) -> list[Sequence[str]]:
    found: list[Sequence[str]] = []

    def command(_home: Home, arguments: Sequence[str], out: Path) -> list[str]:
        found.append(arguments)
        return [sys.executable, "-c", program, str(out)]

    monkeypatch.setattr(report_screen, "report_command", command)
    return found


async def test_the_highlighted_runs_sweep_is_reported(
    home: Home, study: Store, asked: list[Sequence[str]]
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))
        page = home.root / "reports" / "demo" / "report.html"
        await until(pilot, lambda: shown(pilot, "#report-says") == str(page))
        assert asked == [["--sweep=demo"]] and page.exists()
        await pilot.press("y")
        await until(pilot, lambda: f"copied {page}" in notified(pilot))
        assert pilot.app.clipboard == str(page)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ReportScreen))


async def test_marked_runs_are_reported_also_behind_a_closed_dialog(
    home: Home, study: Store, asked: list[Sequence[str]]
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 3)
        await pilot.press("space", "space")
        await until(pilot, lambda: "2 marked" in shown(pilot, "#head"))
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen) and asked)
        await pilot.press("escape")
        await until(pilot, lambda: (home.root / "reports" / "runs-2-3" / "report.html").exists())
        assert asked == [["2", "3"]]


async def test_what_went_wrong_is_said(home: Home, study: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _replaced(monkeypatch, FAILS)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))
        await until(pilot, lambda: shown(pilot, "#report-says") == "✖ no run has an epoch")
        await pilot.press("y")
        assert pilot.app.clipboard == ""


def test_its_command_names_no_database(home: Home) -> None:
    command = report_screen.report_command(home, ["3", "4"], home.root / "out")
    assert command[1:6] == ["-P", "-m", "tui", "report", "3"] and "--db" not in command
