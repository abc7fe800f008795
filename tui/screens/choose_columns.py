"""A list of the metrics that the run table can show: space turns one on or off."""

from collections.abc import Collection

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import SelectionList, Static
from textual.widgets.selection_list import Selection

from tui.views.metric_columns import choice_text, optional_metrics


class ColumnsScreen(ModalScreen[str]):
    """Gives the choice at escape, as it is remembered."""

    BINDINGS = [("escape,q", "leave", "done")]

    def __init__(self, chosen: Collection[str]) -> None:
        super().__init__()
        self._chosen = frozenset(chosen)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Columns: metrics of the best epoch", markup=False)
            yield SelectionList[str](
                *(
                    Selection(f"{key:<28} {metric.label}", key, key in self._chosen)
                    for key, metric in optional_metrics().items()
                )
            )
            yield Static("space on/off   esc done", classes="dim")

    def action_leave(self) -> None:
        self.dismiss(choice_text(self.query_one(SelectionList).selected))
