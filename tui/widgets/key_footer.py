"""Keys of a screen, in the line at its bottom."""

from collections.abc import Callable, Collection

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import ActiveBinding
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

LAST = ("help", "leave", "quit")
"""Commands whose keys stand at the end of the line and are never left out."""


class KeyFooter(Widget):
    """Keys that do something now, each with a word; a click on one presses it. Where they are too many for the width,
    the last of those before help and the way out are left out.

    Textual's Footer mounts a widget for each key whenever the focus changes; this draws one line, and only when it
    changes."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"key-footer--key"}
    keys: reactive[tuple[tuple[str, str, str, bool], ...]] = reactive(())
    """Key, its name on the screen, what it does, and whether it does so now; one for each action."""

    def __init__(self, named: Callable[[], Collection[str]]) -> None:
        """`named`: ids of the keys that are to be named now."""
        super().__init__()
        self._named = named
        self._active: dict[str, ActiveBinding] = {}
        """Keys that do something now, by action."""
        self._kept = 0
        """Number of the last keys, which are named however narrow the window is."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._take)

    def _take(self, screen: Screen[object]) -> None:
        if screen is not self.screen:
            return
        self._active = {}
        for active in screen.active_bindings.values():
            if active.binding.id:
                self._active.setdefault(active.binding.action, active)
        self.choose()

    def choose(self) -> None:
        """Name those of the active keys that are to be named now."""
        named = self._named()
        shown = [each for each in self._active.values() if each.binding.id in named]
        shown.sort(key=lambda each: each.binding.id in LAST)
        self._kept = sum(each.binding.id in LAST for each in shown)
        self.keys = tuple(
            (each.binding.key, self.app.get_key_display(each.binding), each.binding.description, each.enabled)
            for each in shown
        )

    def render(self) -> Text:
        entries = [self._entry(*each) for each in self.keys]
        dropped = 0
        while sum(map(len, entries)) + (dropped > 0) > self.size.width and len(entries) > self._kept:
            del entries[len(entries) - self._kept - 1]
            dropped += 1
        if dropped:
            entries.insert(len(entries) - self._kept, Text("…", style="dim"))
        return Text("", no_wrap=True, overflow="ellipsis").join(entries)

    def _entry(self, key: str, name: str, does: str, is_enabled: bool) -> Text:
        bold = self.get_component_rich_style("key-footer--key", partial=True)
        press = Style(meta={"key": key, "is_enabled": is_enabled}, dim=not is_enabled)
        return Text.assemble((f" {name} ", bold + press), (f"{does} ", press))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        under = event.style.meta
        if under.get("is_enabled"):
            self.app.simulate_key(under["key"])
        elif "key" in under:
            self.app.bell()
