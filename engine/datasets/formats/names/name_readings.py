"""Problems of image names that are no paths of files, but mean files all the same."""

from collections.abc import Sequence

from engine.datasets.formats.names.name_tree import GRAVITY, How, Reading, Readings
from engine.datasets.formats.problems import error, note, some, warning
from engine.problem import Problem, WayOut


def reading_problems(readings: Readings, total: int) -> list[Problem]:
    """Tell which files were taken for such names, a line for each kind of difference; `total` counts all rows."""
    by_how: dict[How, list[tuple[str, Reading]]] = {}
    for name, reading in readings.read.items():
        by_how.setdefault(reading.how, []).append((name, reading))
    return [
        *_ambiguous(readings, total),
        *(_taken(how, by_how[how], total) for how in GRAVITY if how in by_how),
    ]


def _taken(how: How, found: Sequence[tuple[str, Reading]], total: int) -> Problem:
    names = [name for name, _ in found]
    name, file = found[0][0], found[0][1].file
    count = some(len(found), total, "name")
    match how:
        case "spelling":
            text = f"{count} are spelt otherwise than their files, such as {name!r}: {file} is taken"
            return note("names_spelt", text, names)
        case "folder":
            return note("other_folders", f"{count} are files in other folders, such as {file}", names)
        case "prefix":
            text = f"{count} begin with folders that are not here, such as {name!r}: {file} is taken"
            return warning("foreign_folders", text, "folders of image names not here", names)
        case "suffix":
            text = f"{count} have another suffix than their files, such as {name!r}: {file} is taken"
            return warning("other_suffix", text, "other suffixes than the files'", names)
        case "number":
            text = f"{count} are numbers written otherwise than in their files, such as {name!r}: {file} is taken"
            return warning(
                "numbers_as_names", f"{text} (a spreadsheet drops zeros)", "image names are numbers", names
            )


def _ambiguous(readings: Readings, total: int) -> list[Problem]:
    several = {name: files for name, files in readings.ambiguous.items() if len(files) > 1}
    one = {name: files for name, files in readings.ambiguous.items() if len(files) == 1}
    problems = []
    if several:
        name, files = next(iter(several.items()))
        which = f"the first is {name!r}: {' and '.join(files[:3])}"
        ways = [WayOut("write their folders in the table"), WayOut("give one folder with {}", "images")]
        text = f"{some(len(several), total, 'name')} fit several files, {which}"
        problems.append(error("ambiguous_files", text, list(several), ways))
    if one:
        name, files = next(iter(one.items()))
        which = f"the first is {name!r}: {files[0]}"
        ways = [WayOut("write the names as the files have them")]
        text = f"{some(len(one), total, 'name')} fit a file that another name fits too, {which}"
        problems.append(error("ambiguous_files", text, list(one), ways))
    return problems
