"""Order of classes: whether they are grades, by setting, by heading, by layout or by their names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.problems import error
from engine.problem import IF_GRADES, NameSetting, Problem, WayOut, setting_words

GRADE_WORDS = frozenset({
    "level", "levels", "grade", "grades", "grading", "diagnosis", "severity", "stage", "stages", "staging",
    "drlevel", "drgrade", "drstage", "drseverity", "retinopathygrade", "retinopathylevel", "klgrade", "kllevel",
    "diseasestage", "diseasegrade", "diseaselevel", "tumorgrade", "tumourgrade", "cancerstage", "severitylevel",
})  # fmt: skip
"""Words of a heading that say its column holds grades; the longest are headings written as one word."""
SEVERITY: dict[str, float] = {
    "none": 0, "no": 0, "absent": 0, "normal": 0, "negative": 0,
    "doubtful": 1, "questionable": 1, "minimal": 1, "trace": 1,
    "mild": 2, "low": 2, "slight": 2,
    "moderate": 3, "medium": 3, "intermediate": 3, "moderately": 3.5,
    "severe": 4, "high": 4,
    "proliferative": 5, "extreme": 5, "critical": 5,
}  # fmt: skip
"""Words of severity with their rank."""
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
_NUMBERED = re.compile(r"(?:grade|stage|level)[\s_-]*(\d{1,3}|[ivx]{1,4})([a-d]?)")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
MOST_NAMED = 60
"""Classes that advice names one by one; of more it names none."""
TWO, NO_ORDER = "two classes have no other order", "nothing gives their order"


@dataclass(frozen=True)
class LabelSource:
    """Place that labels come from, such as `column level`, and whether it says that they are grades."""

    words: str = "the labels"
    says_grades: bool = False
    is_plural: bool = True

    @classmethod
    def column(cls, words: str, heading: str) -> "LabelSource":
        """Judge a column by its heading; `words` name it in messages."""
        return cls(words, says_grades(heading), is_plural=False)


@dataclass(frozen=True)
class Order:
    """Answer to whether classes are grades, with its reason."""

    is_ordered: bool
    why: str = ""
    way: WayOut | None = None
    """Setting that turns the answer round; None where a setting gave it."""

    def said(self, name_setting: NameSetting = setting_words) -> str:
        """Word it, as `in order (column level holds grades; ordered off if not)`; empty for two classes."""
        if self.why in ("", TWO):
            return ""
        parts = [self.why, *([self.way.said(name_setting)] if self.way else [])]
        return f"{'in order' if self.is_ordered else 'no order'} ({'; '.join(parts)})"


IF_NOT = WayOut("{} if not", "ordered", "off")


def says_grades(heading: str) -> bool:
    """Return True for a heading with a word of grades: `retinopathy grade`, `dr_level`, `KLGrade`."""
    return any(word.lower() in GRADE_WORDS for word in _WORD.findall(heading))


def find_order(
    setting: str, source: LabelSource, classes: Sequence[str], *, are_numbers: bool, are_named: bool
) -> tuple[Order, list[Problem]]:
    """Decide whether classes are grades, with a problem where `setting` is on and nothing gives their order.

    `are_numbers`: the labels are whole numbers and the classes rise with them. `are_named`: the user names the classes
    in order."""
    match setting:
        case "off":
            return Order(False, "setting ordered is off"), []
        case "on" if are_numbers or are_named:
            return Order(True, "setting ordered is on"), []
        case "on":
            return Order(False, NO_ORDER), [_without_order(classes)]
        case _:
            return _guess(source, classes, are_numbers=are_numbers, are_named=are_named), []


def _guess(source: LabelSource, classes: Sequence[str], *, are_numbers: bool, are_named: bool) -> Order:
    """Take classes for grades only where the data say so."""
    if len(classes) == 2:
        return Order(are_numbers or are_named, TWO)
    holds, does = ("hold", "do") if source.is_plural else ("holds", "does")
    if source.says_grades and are_numbers:
        return Order(True, f"{source.words} {holds} grades", IF_NOT)
    if are_named and is_scale(classes):
        return Order(True, "the class names are words of severity", IF_NOT)
    scale = _by_severity(classes)
    if scale and are_named:
        return Order(False, "the class names do not go from the least severe to the worst", IF_GRADES)
    if scale:
        way = WayOut("give it with {}", "class_names", ",".join(scale))
        return Order(False, f"they are words of severity, and {NO_ORDER}", way)
    if source.says_grades:
        return Order(False, f"{source.words} {holds} words that are no grades", IF_GRADES)
    return Order(False, f"{source.words} {does} not say so", IF_GRADES)


def is_scale(names: Sequence[str]) -> bool:
    """Return True for words of severity, each worse than the one before."""
    return bool(names) and _by_severity(names) == list(names)


def _by_severity(names: Sequence[str]) -> list[str]:
    """Sort words of severity and numbered stages; empty where a name is neither, or two have one rank."""
    ranks = {name: severity(name) for name in names}
    known = {name: rank for name, rank in ranks.items() if rank is not None}
    if len(known) < len(names) or len(set(known.values())) < len(names):
        return []
    return sorted(names, key=known.__getitem__)


def severity(name: str) -> float | None:
    """Return the rank of a class name by its first word of severity, or the number of its stage; None for others."""
    if numbered := _NUMBERED.fullmatch(name.strip().lower()):
        number, part = numbered.groups()
        whole = int(number) if number.isdecimal() else _ROMAN.get(number)
        return None if whole is None else whole + ("abcd".index(part) + 1) / 10 if part else whole
    words = [word.lower() for word in _WORD.findall(name)]
    rank = next((SEVERITY[word] for word in words if word in SEVERITY), None)
    if rank is not None and {"very", "extremely"} & set(words):
        rank += 0.5 if rank >= SEVERITY["moderate"] else -0.5
    return rank


def _without_order(classes: Sequence[str]) -> Problem:
    """Refuse words whose order nothing gives; advise the order of severity where the words have one."""
    what = f"the classes are words, and {NO_ORDER}"
    if scale := _by_severity(classes):
        way = WayOut("give it with {}", "class_names", ",".join(scale))
    else:
        few = ",".join(classes) if len(classes) <= MOST_NAMED else None
        way = WayOut("give it with {}, put into order", "class_names", few)
    return error("no_order", what, ways=[way], field="ordered")
