"""The one table of commands: it feeds the keys, the footer, the palette and the help screen."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

ON_RUNS, LIST, MOVING, GENERAL = "On marked runs, or the highlighted one", "The list", "Moving", "Elsewhere"
PAGES, CURVES, CONFUSION, LOG, SPEC, ON_RUN = "Pages", "Curves", "Confusion", "Log", "Spec", "On this run"
ON_WORKER = "On the worker"


@dataclass(frozen=True)
class Command:
    """`id` names the screen's `action_<id>`, but where `action` does."""

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
    action: str = ""
    """Where several commands share one."""

    @property
    def does(self) -> str:
        return self.action or self.id

    @property
    def on_page(self) -> bool:
        """Whether it is for some pages of its screen only."""
        return self.action.startswith("on_page") or self.group in (LOG, SPEC)

    def key_text(self, keymap: Mapping[str, str]) -> str:
        """As people write it; the user's own where there is one."""
        return keymap.get(self.id) or self.shown or self.keys.split(",")[0]


HOME = (
    Command("open_run", "enter", "open", "the run on a screen of its own", "enter"),
    Command("new_run", "n", "new", "queue a grid of new runs"),
    Command("mark", "space", "mark", "mark a run: keys act on all marked ones", group=LIST),
    Command("cancel_run", "x", "cancel", "cancel; the weights so far are kept", group=ON_RUNS),
    Command("pause", "p", "pause", "pause, or let go on", in_footer=False, group=ON_RUNS),
    Command("retry", "r", "retry", "queue failed and cancelled ones again", in_footer=False, group=ON_RUNS),
    Command("compare", "c", "compare", "marked runs beside each other", in_footer=False, group=ON_RUNS),
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
    Command("columns", "M", "columns", "choose metrics as columns", in_footer=False, group=LIST),
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
    Command("workers", "W", "workers", "workers and graphics cards", in_footer=False),
    Command("data", "d", "data", "the data sets with their checks", in_footer=False),
    Command("down", "j", "down", "next run", shown="j ↓", in_footer=False, group=MOVING),
    Command("up", "k", "up", "previous run", shown="k ↑", in_footer=False, group=MOVING),
    Command("first", "g,home", "first", "first run", shown="g", in_footer=False, group=MOVING),
    Command("last", "G,end", "last", "last run", shown="G", in_footer=False, group=MOVING),
    Command(
        "copy_command",
        "Y",
        "copy",
        "copy the command line that makes it again",
        in_footer=False,
        group=ON_RUNS,
    ),
    Command("copy_path", "ctrl+y", "copy path", "copy the path of its folder", "^y", False, ON_RUNS),
    Command("copy_id", "number_sign", "copy id", "copy its number", "#", False, ON_RUNS),
    Command("theme", "T", "theme", "dark, light, high contrast", in_footer=False),
    Command("tell", "B", "tell me", "notify me when runs end, or not", in_footer=False),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("quit", "q", "quit", "leave; training goes on"),
)


def _page(number: int, page: str, text: str = "") -> Command:
    return Command(
        f"show_{page}",
        str(number),
        page,
        text or page,
        in_footer=False,
        group=PAGES,
        action=f"page('{page}')",
    )


def _on_page(
    name: str, keys: str, title: str, text: str, group: str, shown: str = "", footer: bool = False
) -> Command:
    """What the seen page does with a key, where it does anything."""
    return Command(f"{group.lower()}_{name}", keys, title, text, shown, footer, group, f"on_page('{name}')")


_ON_CURVES = (
    _on_page("left", "left,h", "left", "read the values before, or the cell there", CURVES, "← →"),
    _on_page("right", "right,l", "right", "the values after", CURVES, "→"),
    _on_page(
        "next", "right_square_bracket,full_stop", "next", "the next chart, epoch or find", CURVES, "]", True
    ),
    _on_page("previous", "left_square_bracket,comma", "previous", "the one before", CURVES, "["),
    _on_page("open", "enter", "one/all", "one chart alone, or all", CURVES, "enter", True),
    _on_page("more", "plus,equals_sign", "smoother", "smooth more", CURVES, "+", True),
    _on_page("less", "minus", "rougher", "smooth less", CURVES, "-"),
    _on_page("log", "y", "log scale", "a logarithmic scale, or not", CURVES, footer=True),
    _on_page("zoom_in", "z", "zoom", "a narrower window around the cursor", CURVES, footer=True),
    _on_page("zoom_out", "Z", "zoom out", "a wider one", CURVES),
)
RUN = (
    _page(1, "curves"),
    _page(2, "confusion"),
    _page(3, "log"),
    _page(4, "spec"),
    *_ON_CURVES,
    _on_page("up", "up,k", "up", "the class above, or scroll", CONFUSION, "↑ ↓"),
    _on_page("down", "down,j", "down", "the class below, or scroll", CONFUSION, "↓"),
    _on_page("images", "enter", "images", "the images of this cell", CONFUSION, "enter", True),
    _on_page("mode", "m", "shares", "counts, shares of the class, or of the answer", CONFUSION, footer=True),
    _on_page("play", "space", "play", "play the epochs", CONFUSION, footer=True),
    Command("search", "slash", "search", "look for a word; ] [ go on", shown="/", in_footer=False, group=LOG),
    _on_page("first", "g,home", "first", "the first line", LOG, "g"),
    _on_page("last", "G,end", "last", "the last line, and follow", LOG, "G"),
    Command("compare_spec", "d", "against", "what differs from another run", in_footer=False, group=SPEC),
    Command("fix", "f", "fix", "a form with what the verdict suggests", group=ON_RUN),
    Command("clone_run", "C", "clone", "a form filled as the run was", in_footer=False, group=ON_RUN),
    Command("retry", "r", "retry", "queue it again", in_footer=False, group=ON_RUN),
    Command(
        "cancel_run", "x", "cancel", "cancel; the weights so far are kept", in_footer=False, group=ON_RUN
    ),
    Command("pause", "p", "pause", "pause, or let go on", in_footer=False, group=ON_RUN),
    Command("note", "N", "note", "write a note", in_footer=False, group=ON_RUN),
    Command("tag", "t", "tag", "add tags, or take -tag away", in_footer=False, group=ON_RUN),
    Command("copy_command", "Y", "copy", "copy the command line that makes it again", "Y", False, ON_RUN),
    Command("copy_path", "ctrl+y", "copy path", "copy the path of its folder", "^y", False, ON_RUN),
    Command("copy_id", "number_sign", "copy id", "copy its number", "#", False, ON_RUN),
    Command("undo", "u", "undo", "take back the newest edit of the queue", in_footer=False),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("leave", "escape,q", "back", "to the runs", shown="esc"),
)

COMPARE = (
    _page(1, "curves", "curves over each other"),
    _page(2, "numbers", "best and newest numbers"),
    _page(3, "settings", "the settings that differ"),
    _page(4, "difference", "two runs' confusion matrices, and whether their accuracies differ"),
    *_ON_CURVES,
    _on_page("up", "up,k", "up", "the class above, or scroll", CONFUSION, "↑ ↓"),
    _on_page("down", "down,j", "down", "the class below, or scroll", CONFUSION, "↓"),
    _on_page("mode", "m", "shares", "of the class, counts, or of the answer", CONFUSION, footer=True),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("leave", "escape,q", "back", "to the runs", shown="esc"),
)
WORKERS = (
    Command("down", "down,j", "down", "the next worker", shown="↓", in_footer=False, group=MOVING),
    Command("up", "up,k", "up", "the one before", shown="↑", in_footer=False, group=MOVING),
    Command(
        "open_run",
        "enter",
        "its run",
        "the run that it trains, on a screen of its own",
        "enter",
        group=ON_WORKER,
    ),
    Command("start_worker", "w", "start", "start a worker that outlives this app", group=ON_WORKER),
    Command("drain_worker", "d", "drain", "let it leave when its run has ended", group=ON_WORKER),
    Command("stop_worker", "x", "stop", "its run keeps its place and a checkpoint", group=ON_WORKER),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("leave", "escape,q", "back", "to the runs", shown="esc"),
)
DATA = (
    Command("down", "down,j", "down", "the next data set", shown="↓", group=MOVING),
    Command("up", "up,k", "up", "the one before", shown="↑", in_footer=False, group=MOVING),
    Command(
        "scroll_down",
        "space,pagedown",
        "scroll",
        "on in what is said of it",
        group=MOVING,
        action="scroll(10)",
    ),
    Command(
        "scroll_up", "b,pageup", "scroll back", "back", in_footer=False, group=MOVING, action="scroll(-10)"
    ),
    Command("again", "r", "again", "read it anew"),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("leave", "escape,q", "back", "to the runs", shown="esc"),
)
IMAGES = (
    Command("next_image", "right,l,down,j", "next", "the next image of the cell", shown="→", group=MOVING),
    Command(
        "previous_image",
        "left,h,up,k",
        "previous",
        "the one before",
        shown="←",
        in_footer=False,
        group=MOVING,
    ),
    Command("first_image", "g,home", "first", "the first", shown="g", in_footer=False, group=MOVING),
    Command("last_image", "G,end", "last", "the last", shown="G", in_footer=False, group=MOVING),
    Command(
        "next_epoch",
        "right_square_bracket,full_stop",
        "next epoch",
        "the cell an epoch later",
        "]",
        group=MOVING,
    ),
    Command(
        "previous_epoch", "left_square_bracket,comma", "epoch before", "an epoch earlier", "[", False, MOVING
    ),
    Command("order", "s", "turn order", "the least sure answers first, or the most", group=LIST),
    Command("copy_path", "y", "copy path", "the file's path to the clipboard", group=LIST),
    Command("help", "question_mark", "help", "this page", shown="?"),
    Command("leave", "escape,q,enter", "back", "to the matrix", shown="esc"),
)
BROKEN = (
    Command("copy_error", "y", "copy", "copy the error with its versions"),
    Command("restart", "r", "start anew", "start the app anew"),
    Command("scroll_down", "down,j", "down", "down", shown="↓", in_footer=False, action="scroll(3)"),
    Command("scroll_up", "up,k", "up", "up", shown="↑", in_footer=False, action="scroll(-3)"),
    Command("quit", "q,escape", "quit", "leave; training goes on", shown="q"),
)
TABLES = (HOME, RUN, COMPARE, WORKERS, DATA, IMAGES, BROKEN)


def bindings(commands: tuple[Command, ...]) -> list[BindingType]:
    """With priority: a key is done before the next one is looked at, so what is typed fast lands where it should."""
    return [
        Binding(
            command.keys,
            command.does,
            command.title,
            show=command.in_footer,
            key_display=command.shown or None,
            tooltip=command.help,
            id=command.id,
            priority=True,
        )
        for command in commands
    ]
