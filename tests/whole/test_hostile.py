"""Hostile text in every field that takes some, and every output of it: nothing but plain text, no crash."""

import csv
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile import ALL_IN_ONE, CORPUS, FORMULAS, MARKUP, file_names, hidden_in
from markdown_it import MarkdownIt
from pictures import draw
from pilots import app, opened, until
from sqlalchemy import bindparam, text
from studies import open_study
from textual.widgets import Input, Static

from engine.analysis.final_table import final_table
from engine.analysis.markdown import markdown
from engine.analysis.report.facts import Facts
from engine.analysis.report.write import write_report
from engine.files.paths import Home
from engine.prediction.result_files import CsvWriter, Prediction
from engine.queries.read_study import collect
from engine.spec.grid import SpecError, make_spec
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.text import csv_cell, csv_path, plain
from tui.cli import run
from tui.screens.new_run import NewRunScreen

TEXT_COLUMNS = ("name", "note", "sweep", "error", "suggestion", "doing", "verdict_evidence", "verdict_ruled_out",
                "verdict_suggestion", "data", "pretrained")  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find(tmp_path)


@pytest.fixture
def table(home: Home) -> Store:
    """A study whose every text is hostile, another piece of the corpus in each place."""
    store = open_study(home.root / "runs.db")
    pieces = [piece for piece in CORPUS if "\0" not in piece and piece.strip()]
    with store.write() as session:
        for run_id in range(1, 9):
            spec = json.loads(
                str(session.execute(text("SELECT spec FROM run WHERE id = :id"), {"id": run_id}).scalar())
            )
            for field in ("data", "images", "image_column", "group_column", "pretrained"):
                if field != "pretrained" or spec[field] == "none":
                    spec[field] = ALL_IN_ONE
            values = {
                name: pieces[(7 * run_id + place) % len(pieces)] for place, name in enumerate(TEXT_COLUMNS)
            }
            values |= {
                "name": ALL_IN_ONE,
                "tags": json.dumps(list(pieces[:8])),
                "class_names": json.dumps([ALL_IN_ONE, *MARKUP[:4]]),
                "environment": json.dumps({"gpu": ALL_IN_ONE, "driver": pieces[run_id]}),
                "spec": json.dumps(spec),
            }
            columns = ", ".join(f"{name} = :{name}" for name in values)
            session.execute(text(f"UPDATE run SET {columns} WHERE id = :id"), values | {"id": run_id})
        session.execute(text("UPDATE worker SET device_name = :x").bindparams(bindparam("x", ALL_IN_ONE)))
    for run_id in range(1, 9):
        log = home.run(run_id).log
        log.parent.mkdir(parents=True)
        log.write_bytes("\n".join(CORPUS).encode(errors="surrogatepass") + b"\n\xff\xfe\x00 bytes\n")
    return store


@pytest.fixture
def shell(home: Home, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run([arguments[0], "--home", str(home.root), *arguments[1:]])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def assert_plain(*texts: str) -> None:
    for each in texts:
        assert not hidden_in(each), (hidden_in(each)[:5], each[:300])


@pytest.mark.parametrize("piece", CORPUS, ids=lambda piece: ascii(piece)[:20])
def test_each_piece_becomes_plain_everywhere(piece: str) -> None:
    assert_plain(plain(piece), markdown(piece))
    assert "\n" not in plain(piece)
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(f"| {markdown(piece)} |\n| --- |\n")
    assert not re.search(r"<(a|img|script|code|em|strong|s|h1)\b", rendered)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula_and_a_path_stays_one(formula: str, capsys: pytest.CaptureFixture[str]) -> None:
    writer = CsvWriter()
    writer.write(Prediction(formula, formula, 0.5, None))
    _, row = csv.reader(capsys.readouterr().out.splitlines())
    assert row[:2] == [f"./{formula}", f"'{formula}"]
    assert (csv_cell("-1"), csv_cell("+2.5"), csv_cell("no DR"), csv_path("a=b.png")) == (
        "-1",
        "+2.5",
        "no DR",
        "a=b.png",
    )


CALLS: tuple[tuple[int, tuple[str, ...]], ...] = (
    *((0, (*call, *flags)) for call in (("ls",), ("news", "--since", "1d"), ("du",)) for flags in ((), ("--json",))),
    (0, ("ls", "--sweep", ALL_IN_ONE)),
    (0, ("prune",)),
    (0, ("prune", "--keep", "log", "--unfinished")),
    *((0, (verb, str(run_id), *flags)) for run_id in range(1, 9)
      for verb, *flags in (("show",), ("show", "--json"), ("log",))),
    (0, ("wait", "1", "2")),
    (1, ("wait", "6")),
    (0, ("cancel", "8")),
    (0, ("undo",)),
    (2, ("predict", "8", ALL_IN_ONE)),
    (2, ("clone", "1")),
    (2, ("edit", "8", "--lr", "0.1")),
    (0, ("retry", "6")),
    (2, ("extend", "1", "--epochs", "90")),
    (0, ("move", "8", "top")),
    (0, ("priority", "8", "3")),
    (0, ("rm", "1")),
    (1, ("undo",)),
)  # fmt: skip
"""A call of each verb on the hostile study, and the code it ends with."""


def test_every_verb_shows_plain_text(table: Store, shell: Callable[..., tuple[int, str, str]]) -> None:
    for expected, call in CALLS:
        code, out, err = shell(*call)
        assert code == expected, (call, err)
        assert_plain(out, err)
        if "--json" in call:
            json.loads(out)


def plant_files(home: Home) -> list[str]:
    """Weights of a done run, and files in the cache, with hostile names; packed images of hostile folders."""
    names = [piece for piece in file_names() if len(piece.encode()) < 200]
    home.cache.mkdir()
    for number, name in enumerate(names):
        (home.run(1).folder / f"{name}.pt").write_bytes(b"weights")
        (home.cache / name).write_bytes(b"mine")
        about = {"kind": name, "root": name, "images": 1, "size_px": 999, "fit": "crop", "preprocess": "none"}
        (home.cache / f"{number:024x}.json").write_text(json.dumps(about))
        (home.cache / f"{number:024x}.{name}").write_bytes(b"mine")
    return names


def test_du_and_prune_show_hostile_names_as_text_and_prune_takes_no_more_than_its_own(
    home: Home, table: Store, shell: Callable[..., tuple[int, str, str]]
) -> None:
    names = plant_files(home)
    shown = [plain(name) for name in names]
    for call in (("du",), ("du", "--json"), ("prune",), ("prune", "--yes")):
        code, out, err = shell(*call)
        assert code == 0, (call, err)
        assert_plain(out, err)
        if "--json" in call:
            assert set(names) <= {each["data"] for each in json.loads(out)["cache"]}
        else:
            assert all(f"packed images of {name} at 999 px" in out for name in shown)
        if call[0] == "prune":
            assert all(f"{name}.pt" in out for name in shown)
    assert {path.name for path in home.run(1).folder.iterdir()} == {"log.txt"}
    mine = [path.name for path in home.cache.iterdir()]
    assert sorted(mine) == sorted([*names, *(f"{number:024x}.{name}" for number, name in enumerate(names))])


@pytest.mark.parametrize(
    "piece", [piece for piece in CORPUS if piece.strip()], ids=lambda piece: ascii(piece)[:20]
)
def test_error_lines_of_what_was_given_are_plain_and_one(
    piece: str, shell: Callable[..., tuple[int, str, str]]
) -> None:
    for flag in ("--data", "--lr", "--arch", "--pretrained", "--class-names", "--images", "--augment"):
        given = ["--data", "digits"] if flag != "--data" else []
        code, out, err = shell("add", *given, f"{flag}={piece}")
        assert code == 2 and out == "" and err.count("\n") == 1, (flag, err)
        assert_plain(err)


def test_names_notes_and_tags_are_kept_and_shown_as_text(shell: Callable[..., tuple[int, str, str]]) -> None:
    pieces = [piece for piece in CORPUS if piece.strip()]
    for number, piece in enumerate(pieces, 1):
        code, out, err = shell("add", "--data", "digits", f"--name={piece}", f"--sweep={piece}")
        assert (code, out) == (0, f"{number}\n"), piece
        assert_plain(err)
        for call in (("note", str(number), piece), ("tag", str(number), piece)):
            code, out, err = shell(*call)
            assert code == (2 if call[0] == "tag" and len(piece) > 1000 else 0), (call, err)
            assert out == "" and err.count("\n") == 1, (call, err)
            assert_plain(err)
    shows = [("show", str(number)) for number in range(1, len(pieces) + 1, 4)]
    for call in (("ls",), ("ls", "--json"), ("news",), *shows, *[("undo",)] * 8):
        code, out, err = shell(*call)
        assert code == 0, (call, err)
        assert_plain(out, err)


def test_a_report_is_plain_and_no_markup_takes_effect(table: Store, tmp_path: Path) -> None:
    study = collect(table, run_ids=None, sweep=None)
    write_report(study, tmp_path / "out", Facts())
    page = (tmp_path / "out" / "report.md").read_text()
    assert_plain(page, final_table(study))
    rendered = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(page)
    assert "<script" not in rendered and "evil.example/x.png" not in re.sub(r">[^<]*<", "><", rendered)
    assert all(line.count("|") >= 3 for line in page.splitlines() if line.startswith("|"))


def test_names_of_classes_images_and_groups(home: Home, shell: Callable[..., tuple[int, str, str]]) -> None:
    """Class folders and image files with hostile names, and a table of such names, labels and groups."""
    names = file_names()
    for number, name in enumerate(names[:12]):
        for each in range(3):
            draw(home.root / "folders" / name / "x.png", number, each)
            os.replace(
                home.root / "folders" / name / "x.png", home.root / "folders" / name / f"{each}{name}.png"
            )
    rows = [["image", "label", "patient"]]
    for number, name in enumerate(file_names(".png")):
        draw(home.root / "table" / "x.png", number % 2, number)
        os.replace(home.root / "table" / "x.png", home.root / "table" / name)
        rows.append([name, ("=1+1", "\x1b[31m\u202elabel")[number % 2], CORPUS[number % len(CORPUS)]])
    with (home.root / "table" / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    for data, checked, added in (("folders", 0, 0), ("table", 1, 2), ("table/list.csv", 1, 2)):
        assert run(["data", "check", data, "--home", str(home.root)]) == checked
        assert run(["data", "check", data, "--json", "--home", str(home.root)]) == checked
        assert run(["add", "--data", data, "--home", str(home.root)]) == added


def test_data_check_shows_hostile_names_as_text(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    test_names_of_classes_images_and_groups(home, lambda *_: (0, "", ""))
    said = capsys.readouterr()
    assert_plain(said.out, said.err)
    assert "\\x1b[31m\\u202elabel" in said.out


async def test_the_app_shows_hostile_text_as_text(home: Home, table: Store) -> None:
    async with app(home).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in range(8):
            assert_screen_is_plain(pilot)
            await pilot.press("j")
            await pilot.pause()
        assert "[@click=app.quit]" in all_text(pilot) or "[bold red]" in all_text(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        for piece in (*CORPUS, ALL_IN_ONE):
            for field in ("data", "pretrained", "lr", "name"):
                pilot.app.screen.query_one(f"#{field}", Input).value = piece
            await pilot.pause()
            assert_screen_is_plain(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert_screen_is_plain(pilot)


def all_text(pilot: Any) -> str:
    widgets = pilot.app.screen.query(Static)
    return "\n".join(str(widget.content) for widget in widgets)


def assert_screen_is_plain(pilot: Any) -> None:
    assert_plain(all_text(pilot))
    picture = pilot.app.export_screenshot()
    root = ElementTree.fromstring(picture)
    drawn = "".join(root.itertext())
    assert_plain(drawn.replace("\xa0", " "))


def test_hostile_settings_are_refused_or_text(home: Home) -> None:
    for piece in CORPUS:
        try:
            spec = make_spec({"data": piece, "class_names": f"{piece},other"})
        except SpecError as error:
            assert "\n" not in plain(error)
        else:
            assert add_runs(open_store(home.database), [spec]).ids
