"""What a form says of its data while another field is wrong."""

from pathlib import Path

from pictures import class_folders

from engine.files.paths import Home
from tui.forms.form import check
from tui.forms.form_report import report_on


def test_data_are_read_with_all_settings_that_decide_how(tmp_path: Path) -> None:
    class_folders(tmp_path / "pets", each=10)
    home = Home.find(tmp_path)

    def found(more: str) -> str:
        texts = {"data": "pets", "epochs": "few", "more": more}
        return report_on(home, texts, check(texts)).found

    assert "val" in found("val_fraction=0.5") and "val" not in found("")
