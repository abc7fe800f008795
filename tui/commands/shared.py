"""Commands that several screens have, each declared once."""

from tui.commands.command import CONFUSION, CURVES, MOVING, ON_RUNS, PAGES, ROC, Command, Table, look, on_page

HELP = look("help", "question_mark", "help", "show this page", "?", in_footer=True)
LEAVE = look("leave", "escape,q", "back", "back to the runs", "esc", in_footer=True)
QUIT = look("quit", "q", "quit", "quit; training goes on", in_footer=True)
UNDO = Command("undo", "u", "undo", "undo the newest edit of the queue")
START_WORKER = Command("start_worker", "w", "worker", "start a worker that outlives this app", in_footer=True)

CANCEL = Command("cancel_run", "x", "cancel", "cancel; the weights so far are kept", group=ON_RUNS)
FIX = Command("fix", "f", "fix", "clone with suggested fix", group=ON_RUNS)
CLONE = Command("clone_run", "C", "clone", "clone into form", group=ON_RUNS)
EDIT_RUNS = (
    Command("pause", "p", "pause", "pause/resume", group=ON_RUNS),
    Command("retry", "r", "retry", "queue failed and cancelled runs again", group=ON_RUNS),
    CLONE,
)
ANNOTATE = (
    Command("note", "N", "note", "write a note", group=ON_RUNS),
    Command("tag", "t", "tag", "add tags, or remove -tag", group=ON_RUNS),
)
COPY = (
    look("copy_command", "Y", "copy", "copy the command that adds it again", group=ON_RUNS),
    look("copy_path", "ctrl+y", "copy path", "copy the path of its folder", "^y", ON_RUNS),
    look("copy_id", "number_sign", "copy id", "copy its number", "#", ON_RUNS),
)

CHART_KEYS = (
    on_page(CURVES, "left", "left,h", "left", "read the previous values, or the cell to the left", "← →"),
    on_page(CURVES, "right", "right,l", "right", "read the next values", "→"),
    on_page(
        CURVES, "next", "right_square_bracket,full_stop", "next", "next chart, epoch or match", "]",
        in_footer=True,
    ),
    on_page(CURVES, "previous", "left_square_bracket,comma", "previous", "previous one", "["),
    on_page(CURVES, "open", "enter", "1/all", "show one chart, or all", "enter", in_footer=True),
    on_page(CURVES, "more", "plus,equals_sign", "smooth", "more smoothing", "+", in_footer=True),
    on_page(CURVES, "less", "minus", "less smoothing", "less smoothing", "-"),
    on_page(CURVES, "log", "y", "log", "logarithmic scale on/off", "y", in_footer=True),
    on_page(CURVES, "axis", "a", "axis", "x axis: epoch, step or time of training", "a", in_footer=True),
    on_page(CURVES, "zoom_in", "z", "zoom", "zoom in at the cursor", "z", in_footer=True),
    on_page(CURVES, "zoom_out", "Z", "zoom out", "zoom out", "Z"),
)  # fmt: skip
MATRIX_KEYS = (
    on_page(CONFUSION, "up", "up,k", "up", "class or run above, or scroll", "↑ ↓"),
    on_page(CONFUSION, "down", "down,j", "down", "class or run below, or scroll", "↓"),
)
MATRIX_MODE = on_page(
    CONFUSION, "mode", "m", "shares", "counts, row share or column share", "m", in_footer=True
)
SCORE_SPLIT = on_page(
    ROC, "split", "e", "images", "test or val images, best or last epoch", "e", in_footer=True
)


def page(number: int, name: str, text: str = "") -> Command:
    """Make the command that turns to a page of its screen."""
    return look(f"show_{name}", str(number), name, text or name, group=PAGES)


SCORE_PAGE = page(5, "roc", "ROC, precision-recall and reliability of the scores")


def up_and_down(noun: str, *, in_footer: bool = False) -> Table:
    """Make the commands that move through a list of `noun`s."""
    return (
        look("down", "down,j", "down", f"next {noun}", "↓", MOVING, in_footer),
        look("up", "up,k", "up", f"previous {noun}", "↑", MOVING),
    )
