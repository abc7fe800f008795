"""First line of a run's screen. Pure."""

from rich.text import Text

from tui.snapshot import GLYPHS
from tui.views.run_view import RunView


def head_text(view: RunView) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(view.title, style="bold")
    text.append(f"   {GLYPHS[view.status]} {view.status}")
    text.append(f"  epoch {view.epoch} of {view.epochs}", style="dim")
    if view.worker:
        text.append(f"  on {view.worker}", style="dim")
    if view.name:
        text.append(f"   {view.name}", style="dim")
    return text
