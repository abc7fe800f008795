"""All kinds of layout, and the drawing of one case of a kind."""

from hypothesis import strategies as st

from layouts import (
    downloads,
    folders,
    label_forms,
    more_downloads,
    name_traps,
    single_tables,
    split_tables,
    traps,
)
from layouts.case import Case
from layouts.dice import Dice
from layouts.noise import add_noise
from layouts.photos import DOUBTFUL_IN_FOLDERS, DOUBTFUL_IN_TABLES
from layouts.registry import KINDS

__all__ = ["KINDS", "MODULES", "cases", "draw_case"]
MODULES = (downloads, folders, label_forms, more_downloads, name_traps, single_tables, split_tables, traps)


def draw_case(dice: Dice, kind: str) -> Case:
    """Lay out a case of a kind, add noise, and sometimes a folder around all."""
    case = Case(kind)
    KINDS[kind](dice, case)
    if case.scheme in DOUBTFUL_IN_TABLES and any(truth.told_by for truth in case.truth.values()):
        case.doubtful(f"{case.scheme} as labels of a table")
    if case.scheme in DOUBTFUL_IN_FOLDERS and any(not truth.told_by for truth in case.truth.values()):
        case.doubtful(f"{case.scheme} as folders of classes")
    add_noise(dice, case)
    if not case.given and dice.chance(8):
        case.moved(dice.pick(("my_dataset", "data", "archive")))
        case.doubtful("all in a folder")
    return case


@st.composite
def cases(draw: st.DrawFn, kind: str) -> Case:
    """Strategy of the cases of a kind."""
    return draw_case(Dice.drawn(draw), kind)
