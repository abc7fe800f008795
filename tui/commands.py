"""The one table of commands: it feeds the keys, the footer, the palette and the help screen."""

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Command:
    """`id` names the screen's `action_<id>`."""

    id: str
    keys: str
    """Comma-separated, as Textual writes them."""
    title: str
    help: str
    shown: str = ""
    """The key as people write it, where Textual's name is another."""
    in_footer: bool = True

    @property
    def key_text(self) -> str:
        return self.shown or self.keys.split(",")[0]


HOME = (
    Command("new_run", "n", "new", "queue a grid of new runs"),
    Command("cancel_run", "x", "cancel", "cancel the highlighted run; its weights so far are kept"),
    Command("start_worker", "w", "worker", "start a worker that goes on without this app"),
    Command("down", "j", "down", "next run", shown="j ↓", in_footer=False),
    Command("up", "k", "up", "previous run", shown="k ↑", in_footer=False),
    Command("first", "g,home", "first", "first run", shown="g", in_footer=False),
    Command("last", "G,end", "last", "last run", shown="G", in_footer=False),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("quit", "q", "quit", "leave; training goes on"),
)


def bindings(commands: tuple[Command, ...]) -> list[BindingType]:
    return [
        Binding(
            command.keys,
            command.id,
            command.title,
            show=command.in_footer,
            key_display=command.shown or None,
            tooltip=command.help,
            id=command.id,
        )
        for command in commands
    ]
