"""Commands that several screens have, each declared once."""

from tui.commands.command import CONFUSION, CURVES, MOVING, ON_RUNS, PAGES, ROC, Command, Table, look, on_page

HELP = look("help", "question_mark", "help", "Show all keys of this screen", "?", in_footer=True)
LEAVE = look("leave", "escape,q", "back", "Go back to the run table", "esc", in_footer=True)
QUIT = look("quit", "q", "quit", "Quit the app; training goes on", in_footer=True)
UNDO = Command("undo", "u", "undo", "Undo the newest edit of the queue")
START_WORKER = Command("start_worker", "w", "worker", "Start a worker; it outlives this app", in_footer=True)

CANCEL = Command("cancel_run", "x", "cancel", "Cancel the chosen runs; weights are kept", group=ON_RUNS)
FIX = Command("fix", "f", "fix", "Clone the run with its suggested fix", group=ON_RUNS)
CLONE = Command("clone_run", "C", "clone", "Clone the chosen run or group into a form", group=ON_RUNS)
EDIT_RUNS = (
    Command("pause", "p", "pause", "Pause the chosen runs, or resume them", group=ON_RUNS),
    Command("retry", "r", "retry", "Queue failed and cancelled runs again", group=ON_RUNS),
    CLONE,
)
ANNOTATE = (
    Command("note", "N", "note", "Write a note on the chosen runs", group=ON_RUNS),
    Command("tag", "t", "tag", "Add tags to the chosen runs; -TAG removes one", group=ON_RUNS),
)
REPORT = Command("report", "R", "report", "Write a report of marked runs or of the sweep", group=ON_RUNS)
FILES = (
    REPORT,
    Command("export", "o", "export", "Export the trained network, or a table", group=ON_RUNS),
    Command("predict", "I", "predict", "Predict images of a folder with the run", group=ON_RUNS),
)
EXTEND = Command("extend", "E", "extend", "Train a finished run for more epochs", group=ON_RUNS)
DATA_SETS = look("data", "d", "data", "Show the data sets: classes, splits, groups")
COPY = (
    look("copy_command", "Y", "copy", "Copy the command that adds these runs again", group=ON_RUNS),
    look("copy_path", "ctrl+y", "copy path", "Copy the path of the run's folder", "^y", ON_RUNS),
    look("copy_id", "number_sign", "copy id", "Copy the numbers of the chosen runs", "#", ON_RUNS),
)

CHART_KEYS = (
    on_page(CURVES, "left", "left,h", "left", "Go left: previous values, or another cell", "← →"),
    on_page(CURVES, "right", "right,l", "right", "Go right: the next values, or another cell", "→"),
    on_page(
        CURVES,
        "next",
        "right_square_bracket,full_stop",
        "next",
        "Go to the next chart, epoch or match",
        "]",
        in_footer=True,
    ),
    on_page(
        CURVES,
        "previous",
        "left_square_bracket,comma",
        "previous",
        "Go to the previous chart, epoch or match",
        "[",
    ),
    on_page(CURVES, "open", "enter", "1/all", "Show one chart, or all charts", "enter", in_footer=True),
    on_page(CURVES, "charts", "M", "charts", "Choose the charts that are shown", "M", in_footer=True),
    on_page(CURVES, "more", "plus,equals_sign", "smooth", "Smooth the curves more", "+", in_footer=True),
    on_page(CURVES, "less", "minus", "less smoothing", "Smooth the curves less", "-"),
    on_page(
        CURVES,
        "log",
        "y",
        "log",
        "Turn the logarithmic scale on or off",
        "y",
        in_footer=True,
    ),
    on_page(
        CURVES,
        "axis",
        "a",
        "axis",
        "Show curves by epoch, step or training time",
        "a",
        in_footer=True,
    ),
    on_page(CURVES, "zoom_in", "z", "zoom", "Zoom into the chart at the cursor", "z", in_footer=True),
    on_page(CURVES, "zoom_out", "Z", "zoom out", "Zoom out of the chart", "Z"),
)
MATRIX_KEYS = (
    on_page(CONFUSION, "up", "up,k", "up", "Go to the class or run above, or scroll up", "↑ ↓"),
    on_page(CONFUSION, "down", "down,j", "down", "Go to the class or run below, or scroll down", "↓"),
)
SAVE_CHART = Command(
    "save_chart", "s", "save chart", "Save the chart as PNG and SVG in charts/", group=CURVES, pane_key="save"
)
MATRIX_MODE = on_page(
    CONFUSION,
    "mode",
    "m",
    "shares",
    "Show counts, row shares or column shares",
    "m",
    in_footer=True,
)
SCORE_SPLIT = on_page(
    ROC, "split", "e", "images", "Choose test or val images, best or last epoch", "e", in_footer=True
)


def page(number: int, name: str, text: str) -> Command:
    """Make the command that turns to a page of its screen."""
    return look(f"show_{name}", str(number), name, text, group=PAGES)


SCORE_PAGE = page(5, "roc", "Show ROC and other curves of the scores")


def up_and_down(noun: str, *, in_footer: bool = False) -> Table:
    """Make the commands that move through a list of `noun`s."""
    return (
        look("down", "down,j", "down", f"Move to the next {noun}", "↓", MOVING, in_footer),
        look("up", "up,k", "up", f"Move to the previous {noun}", "↑", MOVING),
    )
