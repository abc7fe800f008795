"""Tables of commands, one for each screen: they feed the keys, the footer, the palette and the help page."""

from dataclasses import replace

from tui.commands.command import (
    CONFUSION,
    LIST,
    LOG,
    MOVING,
    ON_RUNS,
    ON_WORKER,
    SPEC,
    Command,
    Table,
    bindings,
    look,
    on_page,
)
from tui.commands.shared import (
    ANNOTATE,
    CANCEL,
    CHART_KEYS,
    COPY,
    EDIT_RUNS,
    FIX,
    HELP,
    LEAVE,
    MATRIX_KEYS,
    MATRIX_MODE,
    QUIT,
    SCORE_PAGE,
    SCORE_SPLIT,
    START_WORKER,
    UNDO,
    page,
    up_and_down,
)

__all__ = [
    "BROKEN", "COMPARE", "DATA", "HOME", "IMAGES", "RUN", "TABLES", "UNDO", "WORKERS", "Command", "Table", "bindings",
]  # fmt: skip

HOME: Table = (
    look("open_run", "enter", "open", "open run", "enter", in_footer=True),
    Command("new_run", "n", "new", "queue a grid of new runs", in_footer=True),
    look("mark", "space", "mark", "mark a run: keys act on all marked ones", group=LIST, in_footer=True),
    replace(CANCEL, in_footer=True),
    *EDIT_RUNS,
    FIX,
    look("compare", "c", "compare", "compare marked runs and groups", group=ON_RUNS),
    Command("report", "R", "report", "report of marked runs, or the run's sweep", group=ON_RUNS),
    Command("move_up", "K", "move up", "move up in the queue", group=ON_RUNS),
    Command("move_down", "J", "move down", "move down in the queue", group=ON_RUNS),
    Command("remove", "D", "remove", "remove for good, with the files", group=ON_RUNS),
    *ANNOTATE,
    *COPY,
    UNDO,
    Command("pause_queue", "P", "pause queue", "pause/resume queue"),
    look("filter", "slash", "filter", "show only arch:resnet18 lr>1e-3 -tag:old", "/", LIST, True),
    look("sort", "s", "sort", "sort by the next column", group=LIST),
    look("columns", "M", "columns", "choose metrics as columns", group=LIST),
    look("reverse", "S", "reverse", "reverse order", group=LIST),
    look("groups", "G", "groups", "fold runs that differ only in the seed", group=LIST),
    look("unfold", "right,l", "unfold", "show the members of a group", "→", group=LIST),
    look("fold", "left,h", "fold", "fold the group again", "←", group=LIST),
    look("mark_range", "v", "range", "mark from here to where you go; v ends it", group=LIST),
    look("mark_all", "a", "mark all", "mark all that are shown, or none", group=LIST),
    look("back", "escape", "back", "drop marks, then filter, then order", "esc", LIST),
    look("journal", "i", "journal", "events since your last visit"),
    START_WORKER,
    look("workers", "W", "workers", "workers and graphics cards"),
    look("data", "d", "data", "data sets with their checks"),
    look("down", "j", "down", "next run", "j ↓", MOVING),
    look("up", "k", "up", "previous run", "k ↑", MOVING),
    look("first", "g,home,less_than_sign", "first", "first run", "g", MOVING),
    look("last", "end,greater_than_sign", "last", "last run", "end >", MOVING),
    look("theme", "T", "theme", "dark, light, high contrast"),
    look("tell", "B", "notify", "notify when runs end, on/off"),
    HELP,
    QUIT,
)
RUN: Table = (
    page(1, "curves"),
    page(2, "confusion"),
    page(3, "log"),
    page(4, "spec"),
    SCORE_PAGE,
    *CHART_KEYS,
    *MATRIX_KEYS,
    on_page(CONFUSION, "images", "enter", "images", "images of this cell", "enter", in_footer=True),
    MATRIX_MODE,
    on_page(CONFUSION, "play", "space", "play", "play the epochs", "space", in_footer=True),
    SCORE_SPLIT,
    look("search", "slash", "search", "search for a word", "/", LOG, in_footer=True),
    on_page(
        LOG, "hit", "n,right_square_bracket,full_stop", "next", "next line with the word", "n", in_footer=True
    ),
    on_page(
        LOG,
        "hit_before",
        "N,left_square_bracket,comma",
        "previous",
        "previous line with it",
        "N",
        in_footer=True,
    ),
    on_page(LOG, "wrap", "w", "wrap", "break long lines, or scroll with ← →", "w", in_footer=True),
    on_page(LOG, "first", "g,home", "first", "first line", "g"),
    on_page(LOG, "last", "G,end", "last", "last line, and follow", "G"),
    look("compare_spec", "d", "against", "compare with another run's spec", group=SPEC),
    replace(FIX, in_footer=True),
    *EDIT_RUNS,
    CANCEL,
    *ANNOTATE,
    *COPY,
    UNDO,
    HELP,
    on_page(
        LOG, "unmark", "escape", "end search", "end the search", "esc"
    ),  # before LEAVE, which has its key too
    LEAVE,
)
COMPARE: Table = (
    page(1, "curves", "curves in one chart"),
    page(2, "numbers", "best and newest numbers"),
    page(3, "settings", "settings that differ"),
    page(4, "difference", "difference of two confusion matrices, and whether the accuracies differ"),
    SCORE_PAGE,
    page(6, "result", "which are told apart, in words, and what more would tell"),
    *CHART_KEYS,
    *MATRIX_KEYS,
    MATRIX_MODE,
    SCORE_SPLIT,
    HELP,
    LEAVE,
)
WORKERS: Table = (
    *up_and_down("worker"),
    look(
        "open_run", "enter", "open its run", "open the run that it trains", "enter", ON_WORKER, in_footer=True
    ),
    replace(START_WORKER, title="start", group=ON_WORKER),
    Command("drain_worker", "d", "drain", "stop it after its run has ended", "d", ON_WORKER, True),
    Command("stop_worker", "x", "stop", "its run keeps its place and a checkpoint", "x", ON_WORKER, True),
    HELP,
    LEAVE,
)
DATA: Table = (
    *up_and_down("data set", in_footer=True),
    look("scroll_down", "space,pagedown", "scroll", "scroll down", "space", MOVING, in_footer=True),
    look("scroll_up", "b,pageup", "scroll back", "scroll up", "b", MOVING),
    look("again", "r", "again", "read it again", in_footer=True),
    HELP,
    LEAVE,
)
IMAGES: Table = (
    look("next_image", "right,l,down,j", "next", "next image of the cell", "→", MOVING, in_footer=True),
    look("previous_image", "left,h,up,k", "previous", "previous image", "←", MOVING),
    look("first_image", "g,home", "first", "first image", "g", MOVING),
    look("last_image", "G,end", "last", "last image", "G", MOVING),
    look(
        "next_epoch", "right_square_bracket,full_stop", "next epoch", "cell at the next epoch", "]", MOVING, True
    ),
    look(
        "previous_epoch", "left_square_bracket,comma", "previous epoch", "at the previous epoch", "[", MOVING
    ),
    look("map", "enter", "map", "where the network looks: class-activation map, on/off", group=LIST, in_footer=True),
    look("map_class", "t", "true class", "map for the true or the predicted class", group=LIST, in_footer=True),
    look("map_side", "tab", "image/map", "image or map, where both have no room", group=LIST, in_footer=True),
    look("order", "s", "reverse", "least or most confident first", group=LIST, in_footer=True),
    look("copy_path", "y", "copy path", "copy the file's path", group=LIST, in_footer=True),
    HELP,
    replace(LEAVE, keys="escape,q", help="back to the matrix"),
)  # fmt: skip
BROKEN: Table = (
    look("copy_error", "y", "copy", "copy the error with its versions", in_footer=True),
    look("restart", "r", "restart", "restart the app", in_footer=True),
    look("scroll_down", "down,j", "down", "scroll down", "↓"),
    look("scroll_up", "up,k", "up", "scroll up", "↑"),
    replace(QUIT, keys="q,escape", shown="q"),
)
TABLES = (HOME, RUN, COMPARE, WORKERS, DATA, IMAGES, BROKEN)
