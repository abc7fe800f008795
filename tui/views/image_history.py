"""Predictions of one image after each epoch, as text."""

from rich.text import Text

from tui.views.cell_images import epochs_seen

NAME_CELLS = len("predicted")


def history_text(history: tuple[int | None, ...], label: int, epoch: int, width: int) -> Text:
    """Write two lines: epochs, and the predictions after them; correct ones are bold."""
    cell = max(len(str(len(history) - 1)), max((len(str(each)) for each in history), default=1)) + 1
    seen = epochs_seen(history, epoch, (width - NAME_CELLS - 1) // cell)
    text = Text(no_wrap=True)
    text.append(f"{'epoch':{NAME_CELLS}}", style="dim")
    for each in seen:
        text.append(f"{each:>{cell}}", style="reverse" if each == epoch else "dim")
    text.append(f"\n{'predicted':{NAME_CELLS}}", style="dim")
    for each in seen:
        answer = history[each]
        text.append(f"{'–' if answer is None else answer:>{cell}}", style="bold" if answer == label else "")
    return text
