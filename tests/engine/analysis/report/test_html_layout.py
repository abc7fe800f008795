"""report.html as a browser lays it out: no confusion matrix of few classes is cut."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from report_runs import draw_dots, record, start_run

from engine.analysis.report.write import write_report
from engine.queries.read_study import collect
from engine.store import queue
from engine.store.database import Store

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ASK = """<script>document.title = [...document.querySelectorAll('.panel')].map(
each => each.scrollWidth - each.clientWidth).join(' ')</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
@pytest.mark.parametrize("width_px", [1200, 500])
def test_no_matrix_of_three_classes_is_cut(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width_px: int
) -> None:
    draw_dots(monkeypatch)
    for seed in range(5):
        held = start_run(store, ["healthy", "mild", "proliferative"], seed=seed)
        record(store, held, 1, [[2, 1, 0], [0, 3, 0], [1, 1, 1]])
        queue.end(store, held, "done")
    write_report(collect(store, run_ids=None, sweep=None), tmp_path)
    text = (tmp_path / "report.html").read_text()
    page = re.sub("<meta http-equiv[^>]*>|<script>.*?</script>", "", text, flags=re.DOTALL)
    (tmp_path / "asked.html").write_text(page.replace("</body>", ASK))
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width_px},2000", "--dump-dom", (tmp_path / "asked.html").as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    [title] = re.findall("<title>(.*?)</title>", shown)[:1]
    assert title.split() == ["0"] * 5
