"""Keys of a screen, in the line at its bottom."""

from collections.abc import Callable, Collection

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import ActiveBinding
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget


class KeyFooter(Widget):
    """Keys that do something now, each with a word; a click on one presses it.

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
        self.keys = tuple(
            (each.binding.key, self.app.get_key_display(each.binding), each.binding.description, each.enabled)
            for each in self._active.values()
            if each.binding.id in named
        )

    def render(self) -> Text:
        line = Text(no_wrap=True, overflow="ellipsis")
        bold = self.get_component_rich_style("key-footer--key", partial=True)
        for key, name, does, is_enabled in self.keys:
            press = Style(meta={"key": key, "is_enabled": is_enabled}, dim=not is_enabled)
            line.append(f" {name} ", bold + press).append(f"{does} ", press)
        return line

    def on_mouse_down(self, event: events.MouseDown) -> None:
        under = event.style.meta
        if under.get("is_enabled"):
            self.app.simulate_key(under["key"])
        elif "key" in under:
            self.app.bell()
