"""LaTeX files of a report: booktabs tables, figures as PDF, and everything from outside escaped."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from report_runs import draw_dots, record, start_run

from engine.analysis.latex import escaped
from engine.analysis.report.write import write_report
from engine.queries.read_study import collect
from engine.store import listing, queue
from engine.store.database import Store

EVIL = r"\input{/etc/passwd} $x^2$ & 50% #1 _a_ {b} ~c~ <d> `--' ?` 数 \end{tabular}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a_b & c", r"a\_b \& c"),
        ("50 % of #1", r"50 \% of \#1"),
        (r"\end{x}", r"\textbackslash{}end\{x\}"),
        ("$x^2$ ~", r"\$x\textasciicircum{}2\$ \textasciitilde{}"),
        ("é ß 数", "é ß ?"),
        ("a -- b", "a -{}- b"),
        (" edges ", " edges "),
        ("[0, 1] *", "{[}0, 1{]} {*}"),
        ("łħ", "ł?"),
        ("−1.85", "$-$1.85"),
    ],
)
def test_text_is_shown_as_it_is(given: str, expected: str) -> None:
    assert escaped(given) == expected


def test_tables_and_figures(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_dots(monkeypatch)
    held = start_run(store, [EVIL, "b"])
    with store.write() as session:
        listing.get_run(session, 1).name = EVIL
    record(store, held, 1, [[2, 1], [0, 3]], train_acc=0.5)
    queue.end(store, held, "done")
    written = write_report(collect(store, run_ids=None, sweep=None), tmp_path, with_tex=True)
    tex = tmp_path / "tex"
    assert {path for path in written if path.parent == tex} == set(tex.iterdir())
    tables = sorted(tex.glob("table-*.tex"))
    page = (tmp_path / "report.html").read_text()
    assert len(tables) == page.count('<figure class="table')
    for path in tables:
        text = path.read_text()
        rules = re.findall(r"\\(toprule|midrule|bottomrule)", text)
        assert rules == ["toprule", "midrule", "bottomrule"]
        [columns] = re.findall(r"\\begin\{tabular\}\{([lr]+)\}", text)
        rows = [line for line in text.splitlines() if line.endswith(r"\\")]
        assert all(len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1 for line in rows), path
        assert r"\input" not in text and text.count(r"\end{tabular}") == 1
    whole = (tex / "report.tex").read_text()
    assert "written as ?" in whole.splitlines()[0]
    assert re.findall(r"\\input\{(table-\d+)\}", whole) == [path.stem for path in tables]
    heads = re.findall(r"\\section\*\{(.*)\}", whole)
    assert heads[:2] == ["Abstract", "What was done"] and "Discussion" in heads
    assert "The only" in whole or "The best recipe" in whole
    assert whole.count(r"\begin{itemize}") == whole.count(r"\end{itemize}") > 0
    figures = re.findall(r"\{([a-z0-9-]+\.pdf)\}", whole)
    assert sorted(figures) == sorted(path.name for path in tex.glob("*.pdf"))
    assert all((tex / name).read_bytes().startswith(b"%PDF") for name in figures)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("classes", [(EVIL, "[b]"), ("*b", "".join(map(chr, range(0xA0, 0x180))))])
def test_latex_takes_it(store: Store, tmp_path: Path, classes: tuple[str, str]) -> None:
    held = start_run(store, list(classes))
    record(store, held, 1, [[2, 1], [0, 3]])
    queue.end(store, held, "failed", cause="code", error=EVIL)
    write_report(collect(store, run_ids=None, sweep=None), tmp_path, with_tex=True)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(
        command, cwd=tmp_path / "tex", capture_output=True, text=True, errors="replace", check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
