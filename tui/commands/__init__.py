"""Tables of commands, one for each screen: they feed the keys, the footer, the palette and the help page."""

from dataclasses import replace

from tui.commands.command import (
    GENERAL,
    LIST,
    MOVING,
    ON_WORKER,
    Command,
    Table,
    bindings,
    look,
)
from tui.commands.home import HOME
from tui.commands.run import RUN
from tui.commands.shared import (
    CHART_KEYS,
    HELP,
    LEAVE,
    MATRIX_KEYS,
    MATRIX_MODE,
    QUIT,
    REPORT,
    SAVE_CHART,
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

COMPARE: Table = (
    page(1, "curves", "Show the curves of all runs in one chart"),
    page(2, "numbers", "Show the best and newest numbers of all runs"),
    page(3, "settings", "Show the settings in which the runs differ"),
    page(4, "difference", "Show the difference of two confusion matrices"),
    SCORE_PAGE,
    page(6, "result", "Say in words which runs are told apart"),
    *CHART_KEYS,
    SAVE_CHART,
    *MATRIX_KEYS,
    MATRIX_MODE,
    SCORE_SPLIT,
    replace(REPORT, help="Write a report of the compared runs", group=GENERAL, in_footer=True),
    HELP,
    LEAVE,
)
WORKERS: Table = (
    *up_and_down("worker"),
    look(
        "open_run",
        "enter",
        "open its run",
        "Open the run that the chosen worker trains",
        "enter",
        ON_WORKER,
        in_footer=True,
    ),
    replace(START_WORKER, title="start", group=ON_WORKER),
    Command(
        "drain_worker", "d", "drain", "Stop the chosen worker once its run has ended", "d", ON_WORKER, True
    ),
    Command(
        "stop_worker",
        "x",
        "stop",
        "Stop the chosen worker; its run is kept",
        "x",
        ON_WORKER,
        True,
    ),
    HELP,
    LEAVE,
)
DATA: Table = (
    *up_and_down("data set", in_footer=True),
    look(
        "scroll_down",
        "space,pagedown",
        "scroll",
        "Scroll the text down",
        "space",
        MOVING,
        in_footer=True,
    ),
    look("scroll_up", "b,pageup", "scroll back", "Scroll the text up", "b", MOVING),
    look("again", "r", "again", "Read the data set again from its files", in_footer=True),
    look("check_images", "c", "check images", "Open every image and list all problems", in_footer=True),
    HELP,
    LEAVE,
)
IMAGES: Table = (
    look(
        "next_image",
        "right,l,down,j",
        "next",
        "Show the next image of the matrix cell",
        "→",
        MOVING,
        in_footer=True,
    ),
    look(
        "previous_image", "left,h,up,k", "previous", "Show the previous image of the matrix cell", "←", MOVING
    ),
    look("first_image", "g,home", "first", "Show the first image of the matrix cell", "g", MOVING),
    look("last_image", "G,end", "last", "Show the last image of the matrix cell", "G", MOVING),
    look(
        "next_epoch",
        "right_square_bracket,full_stop",
        "next epoch",
        "Show the cell's images at the next epoch",
        "]",
        MOVING,
        True,
    ),
    look(
        "previous_epoch",
        "left_square_bracket,comma",
        "previous epoch",
        "Show the cell's images an epoch before",
        "[",
        MOVING,
    ),
    look(
        "map",
        "enter",
        "map",
        "Show where the network looks, on or off",
        group=LIST,
        in_footer=True,
    ),
    look(
        "map_class",
        "t",
        "true class",
        "Draw the map of the true or predicted class",
        group=LIST,
        in_footer=True,
    ),
    look(
        "map_side",
        "tab",
        "image/map",
        "Show the image or its map in a narrow window",
        group=LIST,
        in_footer=True,
    ),
    look(
        "order",
        "s",
        "reverse",
        "Show the least or most confident images first",
        group=LIST,
        in_footer=True,
    ),
    look("copy_path", "y", "copy path", "Copy the path of the image's file", group=LIST, in_footer=True),
    HELP,
    replace(LEAVE, keys="escape,q", help="Go back to the confusion matrix"),
)
BROKEN: Table = (
    look("copy_error", "y", "copy", "Copy the error with the program's versions", in_footer=True),
    look("restart", "r", "restart", "Restart the app; training goes on", in_footer=True),
    look("scroll_down", "down,j", "down", "Scroll the text down", "↓"),
    look("scroll_up", "up,k", "up", "Scroll the text up", "↑"),
    replace(QUIT, keys="q,escape", shown="q"),
)
TABLES = (HOME, RUN, COMPARE, WORKERS, DATA, IMAGES, BROKEN)
