"""Draw the splits that data do not have: a test and a val split, or the folds of a cross-validation."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.datasets.formats.problems import error, note, some
from engine.datasets.index import LEFT_OUT
from engine.datasets.read_options import ReadOptions
from engine.datasets.splits import draw_folds, draw_split, split_seed
from engine.problem import Problem, WayOut


@dataclass(frozen=True)
class Images:
    """Images that a split is drawn of; all are parallel."""

    labels: Sequence[int]
    groups: Sequence[str]
    """Group of each image; its name where it is alone."""
    lines: Sequence[str]
    """Name, label and given split of each image: the seed of every draw."""
    class_names: Sequence[str]
    has_groups: bool
    """False where each image is alone in its group."""


def draw_splits(
    given: Sequence[str | None], images: Images, options: ReadOptions
) -> tuple[list[str], list[Problem]]:
    """Return the split of each image, and what is wrong with the options for these data.

    Images with a given split keep it. Without a given test split one is drawn from the rest, or a fold of a
    cross-validation is taken for it; then a val split where there is none. A cross-validation of data that have a test
    split divides their train images, and leaves their test images out."""
    whole = [split or "train" for split in given]
    own_test = "test" in given
    seed = split_seed(images.lines)
    seed += f"/{options.split_seed}" if options.split_seed else ""
    problems: list[Problem] = []
    if options.folds:
        problems = list(_fold_problems(whole, images, options.folds, own_test=own_test))
        if not any(problem.severity == "error" for problem in problems):
            rows = _rows_of(whole, "train")
            whole = [LEFT_OUT if split == "test" else split for split in whole]
            drawn = draw_folds(rows, images.labels, images.groups, options.folds, f"{seed}/folds")
            _move(whole, [row for row, fold in drawn.items() if fold == options.fold], "test")
    elif own_test and options.split_seed:
        problems = [_has_its_test_split(options.split_seed)]
    for split, fraction in (("test", options.test_fraction), ("val", options.val_fraction)):
        if split in given or (split == "test" and "test" in whole) or not fraction > 0:
            continue
        rows = _rows_of(whole, "train")
        salt = seed if split == "test" else f"{seed}/{split}"
        taken = rows if fraction == 1 else draw_split(rows, images.labels, images.groups, fraction, salt)
        _move(whole, taken, split)
    return whole, problems


def _rows_of(splits: Sequence[str], split: str) -> list[int]:
    return [row for row, each in enumerate(splits) if each == split]


def _move(splits: list[str], rows: "Sequence[int] | set[int]", split: str) -> None:
    for row in rows:
        splits[row] = split


def _has_its_test_split(split_seed_given: int) -> Problem:
    what = f"{split_seed_given} would draw another split, and the data have their own test split"
    ways = [WayOut("leave {}", "split_seed", 0), WayOut("vary the {} alone", "seed")]
    return error("own_split", what, ways=ways, field="split_seed")


def _fold_problems(splits: Sequence[str], images: Images, folds: int, *, own_test: bool) -> Iterator[Problem]:
    """Yield an error where a class has too few images or groups for a part in each fold, else what the folds are of."""
    rows = _rows_of(splits, "train")
    groups_of: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        groups_of[images.labels[row]].add(images.groups[row])
    few = {
        images.class_names[label]: len(names)
        for label, names in sorted(groups_of.items())
        if len(names) < folds
    }
    if few:
        name, least = min(few.items(), key=lambda each: each[1])
        others = f", nor have {len(few) - 1} more classes enough" if len(few) > 1 else ""
        of = "images of " if images.has_groups else ""
        unit = f"{'group' if images.has_groups else 'image'}{'s' * (least > 1)}"
        text = f"class {name!r} has {of}{least} {unit}, too few for one in each of {folds} folds{others}"
        ways = [WayOut("give {} or fewer", "folds", least)] if least > 1 else []
        yield error("few_for_folds", text, list(few), [*ways, WayOut("take the class out")], field="folds")
        return
    left_out = splits.count("test")
    of = f"the {len(rows):,} train images" if own_test else f"all {len(rows):,} images"
    whole = ", whole groups" if images.has_groups else ""
    text = f"{folds} folds of {of}{whole}, each class near its share: each image is tested on once"
    if own_test:
        text += (
            f"; {some(left_out, len(splits))} are the data's own test split and are left out, to be tested on once, "
            "when the recipe is chosen"
        )
    yield note("folds", text)
