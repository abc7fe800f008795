"""Other files in folders of data: traces of systems and programs, other tables, other images."""

from collections.abc import Callable, Sequence

from layouts.case import Case
from layouts.dice import Dice

Noise = Callable[[Dice, Case, str], None]


def hidden(dice: Dice, case: Case, folder: str) -> None:
    case.blank(f"{folder}.hidden.jpg")
    case.text(f"{folder}.DS_Store", "x")
    case.blank(f"{folder}.cache/thumb.png")


def mac(_dice: Dice, case: Case, folder: str) -> None:
    for path in [path for path in case.truth if "#" not in path][:3]:
        above, _, file = path.rpartition("/")
        case.blank(f"__MACOSX/{above}/._{file}" if above else f"__MACOSX/._{file}")
        case.blank(f"{above}/._{file}" if above else f"._{file}")
    case.blank("__MACOSX/thumb.jpg")


def nas(_dice: Dice, case: Case, folder: str) -> None:
    for number in range(2):
        case.blank(f"{folder}@eaDir/{number}.jpg/SYNOPHOTO_THUMB_M.jpg")


def bins(dice: Dice, case: Case, folder: str) -> None:
    name = dice.pick(("$RECYCLE.BIN", "lost+found", "System Volume Information", "#recycle", ".Trash-1000"))
    case.blank(f"{folder}{name}/old.jpg")
    case.blank(f"{folder}{name}/S-1-5/older.png")


def notebooks(_dice: Dice, case: Case, folder: str) -> None:
    case.blank(f"{folder}.ipynb_checkpoints/a-checkpoint.png")
    case.text(f"{folder}.ipynb_checkpoints/labels-checkpoint.csv", "image,label\nx.png,9\n")
    case.text("train.ipynb", "{}")


def texts(dice: Dice, case: Case, _folder: str) -> None:
    case.text(
        "README.txt", dice.pick(("Images of animals\nby Smith, 2019\n", "a b\nc d\ne f\n", "image label\n"))
    )
    case.text("LICENSE", "MIT")
    case.text("requirements.txt", "numpy==1.2\ntorch\n")
    case.text("README.md", "# Data\n")


def windows(_dice: Dice, case: Case, folder: str) -> None:
    case.text(f"{folder}Thumbs.db", "x")
    case.text(f"{folder}desktop.ini", "[.ShellClassInfo]\n")


def empty_folders(_dice: Dice, case: Case, _folder: str) -> None:
    case.text("notes/todo.txt", "relabel\n")
    case.text("models/weights.pt", "x")


HARMLESS: dict[str, Noise] = {
    "hidden files": hidden,
    "__MACOSX": mac,
    "@eaDir": nas,
    "bins": bins,
    "notebooks": notebooks,
    "texts": texts,
    "windows": windows,
    "folders without images": empty_folders,
}
"""Must change nothing about how a case is read."""


def statistics(_dice: Dice, case: Case, _folder: str) -> None:
    case.text("statistics.csv", "class,count\na,12\nb,7\n")


def results(_dice: Dice, case: Case, _folder: str) -> None:
    case.text("results.csv", "epoch,loss,accuracy\n0,1.2,0.4\n1,1.1,0.5\n")


def unlabelled(_dice: Dice, case: Case, _folder: str) -> None:
    """Images that no table names, beside those that one does."""
    for path in [path for path in case.truth if "#" not in path][:2]:
        case.blank(f"{path.rpartition('/')[0]}/extra-{len(path)}.jpg".lstrip("/"))


def figures(_dice: Dice, case: Case, _folder: str) -> None:
    case.blank("figures/plot.png")


BESIDE_TABLES: dict[str, Noise] = {
    "statistics": statistics,
    "results": results,
    "unlabelled images": unlabelled,
    "figures": figures,
}
"""May lie beside a table and its images."""


def add_noise(dice: Dice, case: Case) -> None:
    """Add none to three kinds of noise, at the top or beside the labelled images."""
    known = {**HARMLESS, **BESIDE_TABLES} if case.takes_images else HARMLESS
    for name in dice.some(sorted(known), 3) if dice.chance() else ():
        known[name](dice, case, _folder(dice, case))
        case.choices.append(f"noise: {name}")


def _folder(dice: Dice, case: Case) -> str:
    folders: Sequence[str] = sorted({path.rpartition("/")[0] for path in case.truth if "#" not in path})
    if not folders or dice.chance():
        return ""
    folder = dice.pick(folders)
    return f"{folder}/" if folder else ""
