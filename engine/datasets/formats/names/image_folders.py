"""Choice of the folder that holds a table's images."""

from collections.abc import Sequence

from engine.datasets.formats.names.image_names import Listing
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.problems import warning
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import split_in_name
from engine.problem import Problem, WayOut


def choose_folders(
    tables: Sequence[Sequence[Row]], places: Places, split: str | None = None
) -> tuple[list[Listing], list[Problem]]:
    """Choose the folder of each table's images; warn where other folders hold as many of them.

    `split` is the one in the name of an only table. Of folders that hold as many of its images, the one with the
    name of the split is taken, else one that is not called test.

    Several tables share the folder that holds most of their images, unless separate folders hold more of them, or as
    many and have the names of the splits. The last case is for images that are numbered from 0 in both `train` and
    `test`: only the folder's name tells them apart."""
    if len(tables) == 1:
        listing, rivals, _ = _folder_of(tables[0], places, split)
        return [listing], _several(rivals, listing, len(tables[0]))
    names = [[row.file for row in table] for table in tables]
    every = [name for table in names for name in table]
    together, rivals = places.best(every)
    chosen = [_folder_of(table, places) for table in tables]
    apart = [listing for listing, _, _ in chosen]
    found = sum(listing.count(table) for listing, table in zip(apart, names, strict=True))
    as_many = found == together.count(every) and all(is_named for _, _, is_named in chosen)
    if found > together.count(every) or as_many:
        problems = [
            problem
            for table, (listing, others, _) in zip(tables, chosen, strict=True)
            for problem in _several(others, listing, len(table))
        ]
        return apart, problems
    return [together] * len(tables), _several(rivals, together, len(every))


def _folder_of(
    table: Sequence[Row], places: Places, split: str | None = None
) -> tuple[Listing, list[Listing], bool]:
    """Return the folder that holds most of a table's images, its rivals, and whether it has the name of the split.

    Of folders that hold as many, the one with the name of the table's split comes first and has no rivals; one that is
    called test comes last. `split` is that of the rows where these have none."""
    best, rivals = places.best([row.file for row in table])
    splits = {row.split or split for row in table}
    equal = sorted([best, *rivals], key=lambda each: split_in_name(each.root.name) == "test")
    named = [each for each in equal if {split_in_name(each.root.name)} == splits != {None}]
    if len(named) == 1:
        return named[0], [], True
    return equal[0], equal[1:], equal[0] in named


def _several(rivals: Sequence[Listing], taken: Listing, total: int) -> list[Problem]:
    if not rivals:
        return []
    folders = ", ".join(str(listing.root) for listing in rivals)
    text = f"as many of the {total:,} names are files in {folders} as in {taken.root}, which is taken"
    ways = [WayOut("choose with {}", "images")]
    return [warning("several_folders", text, "images in several folders", ways=ways)]
