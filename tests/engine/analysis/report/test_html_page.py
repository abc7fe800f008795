"""report.html: one file that needs no other, the numbers of the store, themes, and text from outside as text."""

import re
from pathlib import Path
from typing import Any

import pytest
from html_pages import Page
from report_runs import draw_dots, record, start_run

from engine.analysis.report.facts import Facts
from engine.analysis.report.write import write_report
from engine.files.paths import Home
from engine.queries.read_study import collect
from engine.store import listing, queue
from engine.store.database import Store, open_store
from tests.support.studies import open_study
from tui.cli.documents import whole

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}{% raw %}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("study")
    open_study(root / "runs.db").close()
    return Home.find(root)


@pytest.fixture(scope="module")
def text(home: Home) -> str:
    store = open_store(home.database)
    write_report(collect(store, run_ids=None, sweep="demo"), home.root / "out", Facts())
    store.close()
    return (home.root / "out" / "report.html").read_text()


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_it_needs_no_other_file_and_no_network(page: Page, text: str) -> None:
    for element in page.elements:
        for name, value in element.attributes.items():
            if name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
                assert value.startswith(("#", "data:image/")), (element.tag, name, value[:80])
            assert not name.startswith("on"), (element.tag, name)
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text), "an address"
    assert not {"link", "iframe", "object", "embed", "base"} & {element.tag for element in page.elements}
    [policy] = [each for each in page.all("meta") if each.attributes.get("http-equiv")]
    assert policy.attributes["content"].startswith("default-src 'none'; ")


def test_its_parts_stand_in_their_order(page: Page) -> None:
    heads = [each.words for each in page.all("h2")]
    assert heads == [
        "Abstract", "What was done", "Data", "Highest test accuracy", "Results", "Discussion",
        "Runs without a final result", "Cost", "How to repeat it", "Checklist",
        "Appendix: settings that all runs share", "Appendix: all metrics", "Appendix: how to read the numbers",
    ]  # fmt: skip
    links = [each.attributes["href"][1:] for each in page.all("a")]
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert set(links) <= set(ids) and len(ids) == len(set(ids))
    assert [each.words for each in page.all("h1")] == ["Report: sweep demo"]


def test_it_can_be_read_without_seeing_it(page: Page) -> None:
    assert all(each.attributes.get("scope") in ("col", "row") for each in page.all("th"))
    assert all(each.attributes.get("alt") for each in page.all("img"))
    drawn = page.all("svg")
    assert len(drawn) == 4
    ids = {each.attributes.get("id"): each for each in page.elements}
    for each in drawn:
        title, about = (ids[name] for name in each.attributes["aria-labelledby"].split())
        assert (title.tag, about.tag) == ("title", "desc") and title.words and re.search(r"\d", about.words)
    assert page.all("html")[0].attributes["lang"] == "en"
    assert all(
        each.attributes.get("tabindex") == "0"
        for each in page.elements
        if "scroll" in each.attributes.get("class", "")
    )


def test_every_number_is_that_of_show_json(page: Page, home: Home) -> None:
    store = open_store(home.database)
    shown = page.all("data")
    documents: dict[int, dict[str, Any]] = {}
    for each in shown:
        words = each.attributes["data-of"].split()
        run_id = int(words[1])
        document = documents.setdefault(run_id, whole(store, home, run_id))
        if words[2] == "epoch":
            [epoch] = [row for row in document["metrics"] if row["epoch"] == int(words[3])]
            value = epoch[words[4]]
        else:
            value = document[words[2]]
        assert float(each.attributes["value"]) == value, words
        text = each.words.replace(",", "")
        places = len(text.partition(".")[2])
        assert text in (f"{value:.{places}f}", f"{100 * value:.{places}f}"), (words, each.words)
    store.close()
    assert len(shown) > 60 and len(documents) == 6


def test_matrices_are_those_of_show_json(page: Page, home: Home, text: str) -> None:
    store = open_store(home.database)
    tables = re.findall(r'<table class="matrix">(.*?)</table>', text, re.DOTALL)
    assert len(tables) == 6
    for table in tables:
        run_id, epoch = map(int, re.search(r"<caption>#(\d+) .*epoch (\d+)", table).groups())  # type: ignore[union-attr]
        [row] = [row for row in whole(store, home, run_id)["metrics"] if row["epoch"] == epoch]
        counts = [int(count) for count in re.findall(r'class="count">(\d+)</span></td>', table)]
        assert counts == [count for line in row["confusion"] for count in line]
    store.close()


def test_both_themes_and_print_define_every_colour_that_is_used(text: str) -> None:
    style = text.split("<style>")[1].split("</style>")[0]
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", text.split("</style>")[1])) | set(
        re.findall(r"var\((--[a-z0-9]+)\)", style)
    )
    used -= {"--w"}  # the width of a figure
    themes = re.findall(r"(?:^|\n|\{)(:root[^{]*)\{([^}]*)\}", style)
    colours = [dict(re.findall(r"(--[a-z0-9]+):(#[0-9a-f]+)", body, re.I)) for _, body in themes]
    full = [each for each in colours if each]
    assert len(full) == 4 and all(used <= set(each) for each in full), used
    for each in full:
        for ink in ("--ink", "--muted", "--link"):
            assert contrast(each[ink], each["--paper"]) >= 4.5, (ink, each)
        assert all(contrast(each[f"--s{number}"], each["--paper"]) >= 3 for number in range(1, 9)), each
    assert ".drawn svg text{fill:var(--ink)}" in style, "text without a colour of its own is black"
    svg = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert not re.search(r"#(000000|ffffff|444444|e4e4e4)", svg), "a colour that a dark page does not change"


def contrast(first: str, second: str) -> float:
    """Contrast ratio of WCAG 2."""
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_from_outside_stays_text(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_dots(monkeypatch)
    held = start_run(store, [EVIL, "</table></svg>"], data=f"sets/{EVIL}", pretrained=EVIL)
    with store.write() as session:
        listing.get_run(session, 1).name = EVIL
    record(store, held, 1, [[2, 1], [0, 3]], train_acc=0.5)
    queue.end(store, held, "failed", cause="code", error=EVIL)
    write_report(collect(store, run_ids=None, sweep=None), tmp_path, Facts(commands=[f"add {EVIL}"]))
    page = Page((tmp_path / "report.html").read_text())
    assert len(page.all("script")) == 1 and not page.all("img")
    assert not any(name.startswith("on") for each in page.elements for name in each.attributes)
    assert "alert(1)" in page.all("main")[0].words and "{{ 7*7 }}" in page.all("pre")[0].words


def test_one_unfinished_run_is_a_report(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_dots(monkeypatch)
    held = start_run(store, ["a", "b"])
    record(store, held, 1, [[2, 1], [0, 3]])
    write_report(collect(store, run_ids=None, sweep=None), tmp_path)
    page = Page((tmp_path / "report.html").read_text())
    [abstract] = [each for each in page.all("section") if each.attributes["id"] == "abstract"]
    assert "No run is done, so there is no result yet." in abstract.words
    assert any("is running at epoch" in each.words for each in page.all("td"))
