"""List of the metrics that the run table can show: space turns one on or off."""

from collections.abc import Collection

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.views.metric_columns import choice_text, optional_metrics


class ColumnsScreen(ModalScreen[str]):
    """Gives the choice at escape, as it is remembered."""

    BINDINGS = [("space", "turn", "on/off"), ("escape,q", "leave", "done")]

    def __init__(self, chosen: Collection[str]) -> None:
        super().__init__()
        self._chosen = set(chosen)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Columns: metrics of the best epoch", markup=False)
            yield OptionList(*(Option(self._line(key), key) for key in optional_metrics()), markup=False)
            yield Static("space on/off   esc done", classes="dim")

    def _line(self, key: str) -> str:
        return f"{'x' if key in self._chosen else '·'} {key:<28} {optional_metrics()[key].label}"

    def action_turn(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _toggled(self, event: OptionList.OptionSelected) -> None:
        key = event.option_id or ""
        self._chosen ^= {key}
        event.option_list.replace_option_prompt(key, self._line(key))

    def action_leave(self) -> None:
        self.dismiss(choice_text(self._chosen))
