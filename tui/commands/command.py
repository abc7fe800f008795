"""Commands of the app: a key, a title and a line of help."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

ON_RUNS, LIST, MOVING, GENERAL = "On marked runs, or the highlighted one", "The list", "Moving", "Elsewhere"
PAGES, CURVES, CONFUSION, LOG, SPEC, ROC = "Pages", "Curves", "Confusion", "Log", "Spec", "ROC"
ON_WORKER = "On the worker"
Table = tuple["Command", ...]
"""Commands of one screen."""


@dataclass(frozen=True)
class Command:
    """Entry of a screen's table. The screen looks up what the command does by its `id`."""

    id: str
    """Name in keys.toml."""
    keys: str
    """Comma-separated, as Textual writes them."""
    title: str
    help: str
    shown: str = ""
    """Key as people write it, where Textual's name is another."""
    group: str = GENERAL
    """Heading on the help page."""
    in_footer: bool = False
    pane_key: str = ""
    """Method of the visible page that does it, without `do_`; empty where the screen does it."""
    looks: bool = False
    """True where it changes nothing but what this window shows. A read-only window refuses all others."""

    @property
    def action(self) -> str:
        """Action of the screen, as Textual writes it."""
        return f"command('{self.id}')"

    @property
    def on_page(self) -> bool:
        """Commands of some pages only, which may share a key with those of other pages."""
        return bool(self.pane_key) or self.group in (LOG, SPEC)

    def key_text(self, keymap: Mapping[str, str]) -> str:
        """Return the key as people write it; the user's own where `keymap` has one."""
        return keymap.get(self.id) or self.shown or self.keys.split(",")[0]


def look(
    name: str,
    keys: str,
    title: str,
    text: str,
    shown: str = "",
    group: str = GENERAL,
    in_footer: bool = False,
) -> Command:
    """Make a command that changes nothing but what this window shows: read-only windows have it too."""
    return Command(name, keys, title, text, shown, group, in_footer, looks=True)


def on_page(
    group: str, key: str, keys: str, title: str, text: str, shown: str, *, in_footer: bool = False
) -> Command:
    """Make a command that the visible page does, where it has a method for it. Pages draw, and change nothing."""
    name = f"{group.lower()}_{key}"
    return Command(name, keys, title, text, shown, group, in_footer, pane_key=key, looks=True)


def bindings(table: Iterable[Command]) -> list[BindingType]:
    """Return the key bindings of a table. They have priority: a key is done before the next one is looked at, so that
    fast typing goes where it should."""
    return [
        Binding(
            command.keys,
            command.action,
            command.title,
            show=command.in_footer,
            key_display=command.shown or None,
            id=command.id,
            priority=True,
        )
        for command in table
    ]
