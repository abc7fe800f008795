"""Reader of tables of images and labels: Kaggle's, APTOS', and any CSV."""

from collections.abc import Sequence

from engine.datasets.formats.labels.grades import LabelSource
from engine.datasets.formats.labels.several_labels import plain_label, with_one_label
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.placing import place
from engine.datasets.formats.problems import DataError, error, no_header
from engine.datasets.formats.rows import Row
from engine.datasets.formats.tables.folder_splits import folder_splits, unused_folder_splits
from engine.datasets.formats.tables.split_column import ACCEPTED
from engine.datasets.formats.tables.table_choice import Fit, takes_folders
from engine.datasets.read_options import ReadOptions
from engine.problem import Problem, WayOut


def read_tables(fits: Sequence[Fit], options: ReadOptions) -> Layout:
    """Read the rows of some tables into one layout."""
    places = Places(fits[0].table.path.parent, options.images)
    problems: list[Problem] = []
    problems += [doubt for fit in fits for doubt in fit.columns.doubts]
    tables = [_rows(fit, fit.split if len(fits) > 1 else None, problems) for fit in fits]
    placed = place(tables, places, on_bad=options.on_bad, split=fits[0].split if len(fits) == 1 else None)
    headless = [f"{fit.name} {fit.body[0][fit.columns.image]}" for fit in fits if _is_headless(fit)]
    if headless:
        problems.append(no_header(f"{' and '.join(fit.name for fit in fits)}:", headless))
    rows, several = with_one_label(_split_by_folder(placed.rows, fits, options), options.class_names)
    problems += unused_folder_splits(rows)
    group = next((fit for fit in fits if fit.columns.group is not None), None)
    return Layout(
        f"{_author(fits)} {' and '.join(fit.name for fit in fits)}{placed.inside}",
        "; ".join(map(_reason, fits)),
        placed.root,
        tuple(rows),
        (*problems, *placed.problems, *several),
        group.columns.named(group.columns.group or 0) if group else "",
        label_source=_label_source(fits[0]),
    )


def _label_source(fit: Fit) -> LabelSource:
    columns = fit.columns
    if len(columns.labels) > 1:
        return LabelSource("columns of 0 and 1")
    return LabelSource.column(columns.named(columns.labels[0]), columns.label_heading)


def _split_by_folder(rows: Sequence[Row], fits: Sequence[Fit], options: ReadOptions) -> Sequence[Row]:
    """Give the rows the splits of their folders where the user asks for it. Raises DataError where these have none."""
    if not takes_folders(fits[0].table, options):
        return rows
    splits = folder_splits(rows)
    if splits is None:
        raise DataError(
            f"{fits[0].table.path} has no column 'folder', and its images are not in folders such as train and test"
        )
    return [row._replace(split=split) for row, split in zip(rows, splits, strict=True)]


def _is_headless(fit: Fit) -> bool:
    return not fit.columns.has_header


def _rows(fit: Fit, split: str | None, problems: list[Problem]) -> list[Row]:
    columns, name = fit.columns, fit.name
    if fit.table.ragged:
        numbers = [str(row) for row in fit.table.ragged]
        text = f"{name} has fewer or more cells in row {', '.join(numbers[:5])} than in most rows: fix them"
        problems.append(error("ragged_rows", text, numbers))
    rows, unknown = [], []
    for cells in fit.body:
        given = cells[columns.split.place] if columns.split is not None else None
        own = split if columns.split is None or given is None else columns.split.split_of(given)
        if given is not None and own is None:
            unknown.append((cells[columns.image], given))
            continue
        group = cells[columns.group] if columns.group is not None else None
        rows.append(Row(cells[columns.image], plain_label(columns.label_of(cells)), own, group))
    if unknown:
        image, given = unknown[0]
        text = (
            f"{len(unknown):,} images of {name} have a split that is not known, the first is {image!r} with "
            f"{given!r} (known are {ACCEPTED})"
        )
        ways = [WayOut("fix them"), WayOut("choose with {}", "split_column")]
        problems.append(error("unknown_split", text, [image for image, _ in unknown], ways))
    return rows


def _author(fits: Sequence[Fit]) -> str:
    """Name the author of a table with a well-known file name or header, else return `table` or `tables`."""
    first = fits[0]
    header = [cell.lower() for cell in first.table.rows[0]] if first.columns.has_header else []
    if first.table.path.name.lower() == "trainlabels.csv" and header[:2] == ["image", "level"]:
        return "Kaggle's"
    if header[:2] == ["id_code", "diagnosis"]:
        return "APTOS'"
    return "table" if len(fits) == 1 else "tables"


def _reason(fit: Fit) -> str:
    """Word the evidence: `trainLabels.csv has images in column image, labels in column level`."""
    without = "" if fit.columns.has_header else "without header "
    return f"{fit.name} {without}has {fit.columns.reason()}"
