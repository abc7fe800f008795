"""Text of tables in every form that programs write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from layouts.case import Case
from layouts.dice import Dice
from layouts.photos import Photo

IMAGE_HEADINGS = (
    "image", "Image", "filename", "file_name", "Image name", "id_code", "path", "image_id", "name", "ID", "FILE",
)  # fmt: skip
ODD_IMAGE_HEADINGS = ("Image Index", "isic_id", "x", "Fundus", "image:FILE", "img path", "StudyID", "case")
LABEL_HEADINGS = (
    "label",
    "Label",
    "class",
    "level",
    "diagnosis",
    "Retinopathy grade",
    "target",
    "CATEGORY",
    "y",
)
ODD_LABEL_HEADINGS = (
    "dx",
    "Finding Labels",
    "choice",
    "species",
    "emotion",
    "class_name",
    "label:LABEL",
    "name",
    "DR",
    "Id",
)


@dataclass(frozen=True)
class Form:
    """Form in which a table is written."""

    delimiter: str = ","
    is_quoted: bool = False
    newline: str = "\n"
    has_mark: bool = False
    """Byte order mark first."""
    has_separator_line: bool = False
    blank_end: int = 1
    """Line ends after the last row."""
    encoding: str = "utf-8"

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        lines = [f"sep={self.delimiter}"] if self.has_separator_line else []
        lines += [self.delimiter.join(map(self._cell, row)) for row in rows]
        return ("\ufeff" if self.has_mark else "") + self.newline.join(lines) + self.newline * self.blank_end

    def _cell(self, cell: str) -> str:
        if self.is_quoted or self.delimiter in cell or '"' in cell or "\n" in cell:
            return '"' + cell.replace('"', '""') + '"'
        return cell


def draw_form(dice: Dice) -> Form:
    """Draw a form that every reader of tables should take."""
    return Form(
        delimiter=dice.pick((",", ";", "\t")),
        is_quoted=dice.chance(3),
        newline=dice.pick(("\n", "\r\n")),
        has_mark=dice.chance(3),
        blank_end=dice.pick((1, 0, 3)),
    )


def draw_odd_form(dice: Dice, case: Case) -> Form:
    """Draw a form that a reader may refuse."""
    case.doubtful("an odd form of table")
    return dice.pick(
        (
            Form(";", has_separator_line=True),
            Form(",", has_separator_line=True, newline="\r\n", has_mark=True),
            Form("|"),
            Form(" "),
            Form(newline="\r"),
            Form(encoding="utf-16"),
            Form(encoding="latin-1"),
            Form(", "),
        )
    )


@dataclass(frozen=True)
class Column:
    heading: str
    cell: Callable[[Photo], str]


def class_column(
    label: str, one: str = "1", zero: str = "0", also: Mapping[str, str] | None = None
) -> Column:
    """One column of a table that has one for each class; `also` gives the cells of some photos, by stem."""
    return Column(label, lambda photo: (also or {}).get(photo.stem, one if photo.label == label else zero))


def write_table(
    case: Case,
    path: str,
    form: Form,
    columns: Sequence[Column],
    photos: Sequence[Photo],
    *,
    header: bool = True,
) -> None:
    """Write a table with a row for each photo, in the order given."""
    rows = [[column.heading for column in columns]] if header else []
    rows += [[column.cell(photo) for column in columns] for photo in photos]
    text = form.text(rows)
    if form.encoding != "utf-8":
        text = text.encode(form.encoding, "replace").decode(form.encoding)
    case.text(path, text, form.encoding)


def index_column(heading: str, photos: Sequence[Photo], first: int = 0) -> Column:
    """Number the rows as pandas does."""
    place = {photo.stem: str(number) for number, photo in enumerate(photos, first)}
    return Column(heading, lambda photo: place[photo.stem])


def more_columns(photos: Sequence[Photo]) -> list[Column]:
    """Columns of other facts, none of which is a label; some have few values, as labels have."""
    index, from_one = index_column("", photos), index_column("Unnamed: 0", photos)
    return [
        Column("Age", lambda photo: str(30 + photo.number * 7 % 40)),
        Column("sex", lambda photo: ("M", "F")[photo.number % 2]),
        Column("date", lambda photo: f"2021-03-{1 + photo.number % 28:02d}"),
        index,
        from_one,
        Column("quality", lambda photo: str(photo.number % 3)),
        Column("width", lambda _photo: "1024"),
        Column("uid", lambda photo: f"{photo.number * 104729:08x}"),
        Column("patient_id", lambda photo: f"P{photo.number // 2:03d}"),
        Column("age", lambda photo: f"{20 + photo.number % 50}.0"),
        Column("remarks", lambda _photo: ""),
        Column("site", lambda photo: ("left", "right", "back")[photo.number % 3]),
        Column("score", lambda photo: f"{photo.number / 7:.4f}"),
        Column("number", lambda photo: str(photo.number * 7 % len(photos))),
    ]
