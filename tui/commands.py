"""The one table of commands: it feeds the keys, the footer, the palette and the help screen."""

from dataclasses import dataclass

from textual.binding import Binding, BindingType

ON_RUNS, LIST, MOVING, GENERAL = "On marked runs, or the highlighted one", "The list", "Moving", "Elsewhere"


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
    group: str = GENERAL
    """The help page's heading."""

    @property
    def key_text(self) -> str:
        return self.shown or self.keys.split(",")[0]


HOME = (
    Command("new_run", "n", "new", "queue a grid of new runs"),
    Command("mark", "space", "mark", "mark a run: keys act on all marked ones", group=LIST),
    Command("cancel_run", "x", "cancel", "cancel; the weights so far are kept", group=ON_RUNS),
    Command("pause", "p", "pause", "pause, or let go on", group=ON_RUNS),
    Command("retry", "r", "retry", "queue failed and cancelled ones again", in_footer=False, group=ON_RUNS),
    Command("clone_run", "C", "clone", "a form filled as the run was", in_footer=False, group=ON_RUNS),
    Command("fix", "f", "fix", "the same with what its verdict suggests", in_footer=False, group=ON_RUNS),
    Command("move_up", "K", "move up", "move up in the queue", in_footer=False, group=ON_RUNS),
    Command("move_down", "J", "move down", "move down in the queue", in_footer=False, group=ON_RUNS),
    Command("remove", "D", "remove", "remove for good, with the files", in_footer=False, group=ON_RUNS),
    Command("note", "N", "note", "write a note", in_footer=False, group=ON_RUNS),
    Command("tag", "t", "tag", "add tags, or take -tag away", in_footer=False, group=ON_RUNS),
    Command("undo", "u", "undo", "take back the newest edit of the queue", in_footer=False),
    Command("pause_queue", "P", "pause queue", "let no more runs start, or let them again", in_footer=False),
    Command("filter", "slash", "filter", "show only arch:resnet18 lr>1e-3 -tag:old", shown="/", group=LIST),
    Command("sort", "s", "sort", "sort by the next column", in_footer=False, group=LIST),
    Command("reverse", "S", "reverse", "turn the order round", in_footer=False, group=LIST),
    Command(
        "mark_range", "v", "range", "mark from here to where you go; v ends it", in_footer=False, group=LIST
    ),
    Command("mark_all", "a", "mark all", "mark all that are shown, or none", in_footer=False, group=LIST),
    Command(
        "back", "escape", "back", "drop marks, then filter, then order", "esc", in_footer=False, group=LIST
    ),
    Command("journal", "i", "journal", "what happened since you last looked", in_footer=False),
    Command("start_worker", "w", "worker", "start a worker that outlives this app"),
    Command("down", "j", "down", "next run", shown="j ↓", in_footer=False, group=MOVING),
    Command("up", "k", "up", "previous run", shown="k ↑", in_footer=False, group=MOVING),
    Command("first", "g,home", "first", "first run", shown="g", in_footer=False, group=MOVING),
    Command("last", "G,end", "last", "last run", shown="G", in_footer=False, group=MOVING),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("quit", "q", "quit", "leave; training goes on"),
)


def bindings(commands: tuple[Command, ...]) -> list[BindingType]:
    """With priority: a key is done before the next one is looked at, so what is typed fast lands where it should."""
    return [
        Binding(
            command.keys,
            command.id,
            command.title,
            show=command.in_footer,
            key_display=command.shown or None,
            tooltip=command.help,
            id=command.id,
            priority=True,
        )
        for command in commands
    ]
