"""Which folder holds the images of which table."""

from collections.abc import Sequence

from engine.datasets.formats.names import Listing, Places
from engine.datasets.formats.problems import warning
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import split_in_name
from engine.problem import Problem, WayOut


def choose_folders(tables: Sequence[Sequence[Row]], places: Places) -> tuple[list[Listing], list[Problem]]:
    """Each table's folder, and a warning where others hold as many of its images.

    All tables share the folder that holds most of their images, unless folders of their own hold more, or as many
    and are called as their splits: `train` and `test` that are both numbered from 0 tell nothing else."""
    names = [[row.file for row in table] for table in tables]
    every = [name for table in names for name in table]
    together, rivals = places.best(every)
    if len(tables) > 1:
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


def _folder_of(table: Sequence[Row], places: Places) -> tuple[Listing, list[Listing], bool]:
    """The folder that holds most of a table's images, preferably one that is called as its split; others that hold
    as many, unless its name tells it from them; and whether it is called so."""
    best, rivals = places.best([row.file for row in table])
    splits = {row.split for row in table}
    named = [each for each in (best, *rivals) if {split_in_name(each.root.name)} == splits != {None}]
    if len(named) == 1:
        return named[0], [], True
    return best, rivals, best in named


def _several(rivals: Sequence[Listing], taken: Listing, total: int) -> list[Problem]:
    if not rivals:
        return []
    folders = ", ".join(str(listing.root) for listing in rivals)
    text = f"as many of the {total:,} names are files in {folders} as in {taken.root}, which is taken"
    ways = [WayOut("choose with {}", "images")]
    return [warning("several_folders", text, "images in several folders", ways=ways)]
