"""Filter and order of the run table. Pure, so that ten thousand rows are tested without a screen."""

import functools
import math
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.store.chosen import Chosen
from tui.formatting import plain, setting
from tui.run_row import RunRow
from tui.views.metric_columns import optional_metrics

QUEUE = "queue"
"""Default order: running, then waiting in the order in which they will be claimed, then ended, newest first."""
TEXTS: Mapping[str, Callable[[RunRow], str]] = {
    "status": lambda row: row.status,
    "name": lambda row: row.name,
    "arch": lambda row: row.arch,
    "pretrained": lambda row: row.pretrained,
    "data": lambda row: row.data,
    "settings": lambda row: row.settings,
    "sweep": lambda row: row.sweep,
    "user": lambda row: row.user,
    "tag": lambda row: " ".join(row.tags),
    "note": lambda row: row.note,
    "findings": lambda row: row.headline,
    "severity": lambda row: row.severity,
}
NUMBERS: Mapping[str, Callable[[RunRow], float | None]] = {
    "id": lambda row: abs(row.id),
    "lr": lambda row: row.lr,
    "epoch": lambda row: row.epoch,
    "epochs": lambda row: row.epochs,
    "best": lambda row: row.best,
    "kappa": lambda row: row.kappa,
    "seed": lambda row: row.seed,
    "fold": lambda row: row.part[0] or None,
    "batch_size": lambda row: row.batch_size,
    "priority": lambda row: row.priority,
}
ALIASES: Mapping[str, str] = {"batch": "batch_size", "verdict": "findings", "finding": "findings"}
"""Other names of fields in a filter."""
HIGHEST_FIRST = ("best", "kappa")
REGEX = "~"
"""Operator of a regular expression."""
MOST_TEXTS = 1 << 14
"""Texts of which a regular expression's search keeps its answer."""
_WORD = re.compile(
    r"(?P<field>[A-Za-z_][A-Za-z_0-9]*)(?P<op>>=|<=|[:=<>~])(?P<value>.*)", re.ASCII | re.DOTALL
)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def value_of(row: RunRow, field: str) -> float | str | None:
    """Read a text of TEXTS, a number of NUMBERS, or another metric or setting that was read of each run."""
    if field in TEXTS:
        return TEXTS[field](row)
    read = NUMBERS.get(field)
    return read(row) if read is not None else row.chosen.get(field)


SWITCH = {
    **dict.fromkeys(("yes", "on", "true", "1"), setting(True)),
    **dict.fromkeys(("no", "off", "false", "0"), setting(False)),
}
"""Value of a setting that is on or off, by the words that are taken for it."""


def is_highest_first(sort: str) -> bool:
    """Return True where a column's highest value is its best."""
    metric = optional_metrics().get(sort)
    return sort in HIGHEST_FIRST or (metric is not None and not metric.metric.lower_is_better)


class FilterError(ValueError):
    """Error of a word in a filter; one line."""


@dataclass(frozen=True)
class Term:
    """One word of a filter; `field` is empty for text that is searched in all columns."""

    field: str
    op: str
    text: str
    number: float | None
    negated: bool
    is_of_result: bool = False
    """True where it speaks of a measured number, which a group has as a mean."""

    def fits(self, row: RunRow) -> bool:
        return self._fits(row) != self.negated

    def _texts(self, row: RunRow) -> Iterator[str]:
        """Return the texts that a regular expression is searched in: of its column, else of all."""
        for field in (self.field,) if self.field else TEXTS:
            shown = value_of(row, field)
            yield shown if isinstance(shown, str) else setting(shown)

    def _fits(self, row: RunRow) -> bool:
        if self.op == REGEX:
            return any(map(_search(self.text), self._texts(row)))
        if not self.field:
            return any(self.text in read(row).lower() for read in TEXTS.values()) or self.text == f"#{row.id}"
        if self.number is None:
            shown = value_of(row, self.field)
            found = (shown if isinstance(shown, str) else setting(shown)).lower()
            if self.op == "=":
                words = found.split() or [""] if self.field == "tag" else [found]
                return self.text in words
            return self.text in found
        value = value_of(row, self.field)
        if value is None or isinstance(value, str):
            return False
        if self.op in _COMPARE:
            return _COMPARE[self.op](value, self.number)
        return abs(value - self.number) <= 1e-9 * max(abs(value), abs(self.number))


def parse_filter(text: str) -> tuple[Term, ...]:
    """Parse a filter such as `arch:resnet18 lr>0.001 auc>.8 -tag:old word`; all words must match, a minus negates one.

    Text columns take `:` (contains), `=` (equals) and `~` (has a match of a regular expression, in any case;
    without a column one is searched in all of them); numbers take `:` `=` `<` `>` `<=` `>=`. So do all metrics and
    settings, whether they are shown or not: `asked_by` tells which ones have to be read. A word with `:` after no
    name of these is text, as in `http://x`; any other operator needs such a name. Raises FilterError."""
    return tuple(map(_term, text.split()))


def asked_by(terms: Iterable[Term]) -> Chosen:
    """Return the metrics and settings that a filter names beside what all rows have."""
    fields = {term.field: None for term in terms if term.field and not _is_own(term.field)}
    metrics = optional_metrics() if fields else {}
    return Chosen(
        tuple(field for field in fields if field in metrics),
        tuple(field for field in fields if field not in metrics),
    )


def _is_own(field: str) -> bool:
    """Return True for what all rows have."""
    return field in TEXTS or field in NUMBERS


def _term(word: str) -> Term:
    negated, bare = word.startswith("-") and len(word) > 1, word.removeprefix("-") or word
    if bare.startswith(REGEX):
        return Term("", REGEX, _expression(bare.removeprefix(REGEX)), None, negated)
    found = _WORD.fullmatch(bare)
    field = found["field"].lower() if found is not None else ""
    field = ALIASES.get(field, field)
    kind = _kind(field) if found is not None else None
    if found is None or kind is None:
        if found is not None and found["op"] != ":":
            names = ", ".join((*TEXTS, *NUMBERS))
            raise FilterError(f"unknown column {field}: choose from {names}, or any metric or setting (M)")
        return Term("", "", bare.lower(), None, negated)
    op, value = found["op"], found["value"]
    if kind is bool:
        if op not in ":=" or (word := SWITCH.get(value.lower(), "")) == "":
            raise FilterError(f"{field} is on or off: write {field}:yes or {field}:no")
        return Term(field, "=", word, None, negated)
    if kind is str:
        if op == REGEX:
            return Term(field, op, _expression(value), None, negated)
        if op not in ":=":
            raise FilterError(f"{field} is text: write {field}:{plain(value)} or {field}={plain(value)}")
        return Term(field, op, value.lower(), None, negated)
    is_of_result = field in HIGHEST_FIRST if _is_own(field) else field in optional_metrics()
    return Term(field, op, "", _number(field, op, value), negated, is_of_result)


def _number(field: str, op: str, value: str) -> float:
    """Raises FilterError where a number cannot be compared so, or `value` is none."""
    try:
        number = float(value) if op != REGEX else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        sample = "=" if op == REGEX else op
        raise FilterError(f"{field}{op}{plain(value)}: give a number, such as {field}{sample}1")
    return number


def _kind(field: str) -> type[str] | type[float] | type[bool] | None:
    """Return what the values of a column, metric or setting are; None where it is none."""
    if _is_own(field):
        return str if field in TEXTS else float
    from engine.spec.run_spec import FIELDS, is_number, is_switch  # the first frame waits for no settings

    if field in FIELDS:
        return float if is_number(field) else bool if is_switch(field) else str
    return float if field in optional_metrics() else None


def _expression(text: str) -> str:
    """Return a regular expression. Raises FilterError where it is none."""
    _search(text)
    return text


@functools.lru_cache(maxsize=8)
def _search(expression: str) -> Callable[[str], bool]:
    """Return a function that tells whether a text has a match, in any case; each text is searched once, as columns
    repeat theirs. Raises FilterError.

    RE2 takes a time in proportion to the text, where Python's own search of `(a+)+$` would hold the app for hours. It
    has no references to groups and no looking ahead or back."""
    import re2  # the first frame waits for no regular expressions

    options = re2.Options()
    options.case_sensitive, options.log_errors = False, False
    try:
        compiled = re2.compile(expression, options)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else ""
        told = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise FilterError(f"~{plain(expression)} is no regular expression: {plain(told)}") from None

    @functools.lru_cache(maxsize=MOST_TEXTS)
    def has_match(text: str) -> bool:
        return compiled.search(text.encode(errors="replace")) is not None

    return has_match


@dataclass(frozen=True)
class TableQuery:
    """Filter and order of the run table; sorted by QUEUE, a column, or a metric or setting that is shown."""

    terms: tuple[Term, ...] = ()
    sort: str = QUEUE
    reverse: bool = False
    pinned: frozenset[int] = frozenset()
    """Runs that come before the others."""

    def key(self, row: RunRow) -> tuple[bool, object, tuple[int, int, int, int]]:
        """Return the sort key of a row; missing values come last in both directions."""
        if self.sort == QUEUE:
            return False, row.rank, row.rank
        value = row.ends if self.sort == "ends" else value_of(row, self.sort)
        is_text = isinstance(value, str)  # a setting may have words beside numbers
        return value in (None, ""), (is_text, value or 0), row.rank

    def fits(self, row: RunRow) -> bool:
        return all(term.fits(row) for term in self.terms)

    def fit_each(self, row: RunRow) -> list[bool]:
        """Return for each word of the filter whether a row fits it."""
        return [term.fits(row) for term in self.terms]


def arrange(rows: Mapping[int, RunRow], query: TableQuery) -> tuple[int, ...]:
    """Return the ids of the matching rows, in the order of the query."""
    fitting = [row for row in rows.values() if query.fits(row)] if query.terms else list(rows.values())
    return tuple(row.id for row in ordered(fitting, query))


def ordered(rows: Collection[RunRow], query: TableQuery) -> list[RunRow]:
    """Return rows in the order of the query, the pinned ones first."""
    found = _sorted(rows, query)
    if query.pinned:
        found.sort(key=lambda row: row.id not in query.pinned)
    return found


def _sorted(rows: Collection[RunRow], query: TableQuery) -> list[RunRow]:
    """Sort rows; those without a value come last."""
    if query.sort == QUEUE:
        return sorted(rows, key=lambda row: row.rank, reverse=query.reverse)
    missing = [row for row in rows if query.key(row)[0]]
    known = [row for row in rows if not query.key(row)[0]]
    known.sort(key=lambda row: row.rank)
    known.sort(key=lambda row: query.key(row)[1], reverse=query.reverse != is_highest_first(query.sort))  # type: ignore[arg-type, return-value]
    missing.sort(key=lambda row: row.rank)
    return [*known, *missing]


def is_still(
    before: Mapping[int, RunRow], after: Mapping[int, RunRow], changed: Collection[int], query: TableQuery
) -> bool:
    """Return True where the changed rows keep their places, so that nothing needs to be sorted again."""
    if before.keys() != after.keys():
        return False
    return all(
        query.key(before[each]) == query.key(after[each])
        and query.fit_each(before[each]) == query.fit_each(after[each])
        for each in changed
    )
