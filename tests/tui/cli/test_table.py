"""Tables for people: whole in a file, fitted on a terminal."""

import os

import pytest

from tui.cli import table
from tui.cli.table import print_table

HEAD = ("id", "data", "kappa", "remark")
ROWS = [("1", "retina", ".512", "2 ahead, starts ≈ 15:52"), ("12", "叶の分類", "–", "")]
WISHES = {"right": ("id", "kappa"), "may_go": ("kappa", "data"), "may_shrink": ("remark",)}


def lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int | None
) -> list[str]:
    monkeypatch.setattr(table.sys.stdout, "isatty", lambda: width is not None)
    monkeypatch.setattr(
        table.shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((width or 10, 24))
    )
    print_table(HEAD, ROWS, **WISHES)
    return capsys.readouterr().out.splitlines()


def test_a_pipe_gets_every_column(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lines(capsys, monkeypatch, None) == [
        "id  data      kappa  remark",
        " 1  retina     .512  2 ahead, starts ≈ 15:52",
        "12  叶の分類      –",
    ]


def test_a_narrow_terminal_first_cuts_then_leaves_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lines(capsys, monkeypatch, 44) == lines(capsys, monkeypatch, None)
    assert lines(capsys, monkeypatch, 34)[1] == " 1  retina     .512  2 ahead, sta…"
    assert lines(capsys, monkeypatch, 28)[0] == "id  data      remark"
    monkeypatch.setattr(table, "print_message", print)
    assert lines(capsys, monkeypatch, 17) == [
        "id  remark",
        " 1  2 ahead, sta…",
        "12",
        "columns left out (terminal too narrow): kappa, data",
    ]
