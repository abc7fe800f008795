"""List of all columns of the run table: its own, metrics of the best epoch, and settings."""

from tui.screens.narrowing import NEVER, SHOWN, NarrowingScreen
from tui.views.metric_columns import optional_metrics
from tui.views.table_choice import HIDDEN, TableChoice, choice_text, own_columns, setting_words, table_choice

BY_ITSELF = "·"


def column_words() -> dict[str, str]:
    """Return all columns that can be chosen, with a word for each."""
    own = {key: column.words for key, column in own_columns().items()}
    return {**own, **{key: each.label for key, each in optional_metrics().items()}, **setting_words()}


class ColumnsScreen(NarrowingScreen[str]):
    """Gives the choice at escape, as it is kept."""

    TITLE_TEXT = f"Columns   {SHOWN} always   {BY_ITSELF} as it fits, or not   {NEVER} never"
    KEYS = "↑ ↓ choose   space change   esc done"

    def __init__(self, choice: TableChoice) -> None:
        super().__init__(column_words())
        self._own = own_columns()
        self._state = {
            **dict.fromkeys((*choice.always, *choice.keys), SHOWN),
            **dict.fromkeys(choice.never, NEVER),
        }

    def mark(self, name: str) -> str:
        return self._state.get(name, BY_ITSELF)

    def picked(self, name: str, _key: str) -> None:
        """Turn to the next state: those of the table itself have three."""
        states = (BY_ITSELF, SHOWN, NEVER) if name in self._own else (BY_ITSELF, SHOWN)
        self._state[name] = states[(states.index(self.mark(name)) + 1) % len(states)]
        self.draw_again(name)

    def left(self) -> None:
        shown = [name for name, state in self._state.items() if state == SHOWN]
        hidden = [f"{HIDDEN}{name}" for name, state in self._state.items() if state == NEVER]
        self.dismiss(choice_text(table_choice(",".join((*shown, *hidden)))))
