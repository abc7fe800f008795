"""Wording of runs and numbers in a report, and escaping of text from outside."""

import math
import re
import unicodedata
from collections.abc import Sequence

from engine.analysis.finding import headline_of
from engine.analysis.study import StudyRun
from engine.spec.plugin_name import arch_shown
from engine.spec.recipe_words import differing, settings_in_words, weights_from
from engine.text import is_hidden, with_minus
from engine.text import slug as slug

UNDEFINED = "–"
MOST_NAMED = 4
"""Settings in the name of a run or recipe; the report's table of settings has all in which they differ."""
SYNTHETIC_DATA = ("fundus", "fundus-balanced")
_MARKDOWN = re.compile(r"([\\`*_\[\]|~^$<>&]|:(?=//)|(?<=www)\.)")
"""Characters to escape, with those that GitHub turns into links by itself."""
_HTML = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def printable(text: str, limit: int = 200) -> str:
    """Return text as one line without control, direction, invisible or unassigned characters, shortened to `limit`
    characters."""
    kept = "".join(" " if unicodedata.category(char) == "Zs" or is_hidden(char) else char for char in text)
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def markdown(text: str, limit: int = 200) -> str:
    """Escape text so that it shows as it is anywhere in a line of Markdown, table cells included."""
    return _MARKDOWN.sub(lambda found: _HTML.get(found[1], "\\" + found[1]), printable(text, limit))


def table(header: list[str], rows: list[list[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Join finished cells to a Markdown table; `right` are the columns aligned to the right."""
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))


def unique(name: str, taken: Sequence[str]) -> str:
    """Return the name, with a number where it is taken."""
    candidates = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
    return next(each for each in candidates if each not in taken)


def percent(share: float | None) -> str:
    """Format a fraction in percent, as `82.69` without the sign."""
    return UNDEFINED if share is None or not math.isfinite(share) else f"{100 * share:.2f}"


def decimal(value: float | None) -> str:
    return UNDEFINED if value is None or not math.isfinite(value) else with_minus(f"{value:.3f}")


def points(share: float | None, reference: float | None) -> str:
    """Format the signed difference of two fractions in percentage points."""
    if share is None or reference is None:
        return UNDEFINED
    return with_minus(f"{100 * (share - reference):+.2f}")


def weights_in_full(run: StudyRun) -> str:
    """Name the source of a run's initial weights, and of a warm start the data that its source was trained on, where
    they differ from the run's."""
    origin = ""
    if run.data == "fundus" and run.source_data == "fundus-balanced":
        origin = " (same synthetic task, more labels)"
    elif run.source_data not in (None, run.data):
        origin = f" (trained on {run.source_data})"
    return weights_from(run.spec) + origin


def details(run: StudyRun) -> str:
    """List the settings in which the study's runs of the same data, arch and initial weights differ, as
    `lr 0.001, seed 1`."""
    return settings_in_words(run.spec, run.unlike, MOST_NAMED)


def details_among(run: StudyRun, runs: Sequence[StudyRun]) -> str:
    """List all settings that tell a run from these others, as of one figure; of a run alone, its `details`."""
    fields = differing([each.spec for each in runs])
    apart = [field for field in run.unlike if field in fields]
    return settings_in_words(run.spec, apart) if len(runs) > 1 else details(run)


def title_among(run: StudyRun, runs: Sequence[StudyRun]) -> str:
    """Name a run by its network, its first weights, and what tells it from the other runs of a figure."""
    head, told = f"#{run.id} {arch_shown(run.spec.arch)}, {weights_from(run.spec)}", details_among(run, runs)
    return f"{head}; {told}" if told else head


def with_details(text: str, run: StudyRun) -> str:
    return f"{text}; {details(run)}" if run.unlike else text


def title_of(run: StudyRun) -> str:
    return with_details(f"#{run.id} {arch_shown(run.spec.arch)}, {weights_from(run.spec)}", run)


def progress(run: StudyRun) -> str:
    """Word the epochs of a run: `6`; `3 of 6, stopped early`; or `3 of 6, running` for a run that is not done."""
    if run.done and run.epoch >= run.spec.epochs:
        return str(run.epoch)
    return f"{run.epoch} of {run.spec.epochs}, {'stopped early' if run.done else run.status}"


def why_unfinished(run: StudyRun) -> str:
    """Say why a run has no final result: it is not done, or it measured nothing."""
    at = f"epoch {run.epoch} of {run.spec.epochs}"
    match run.status:
        case "failed":
            return f"failed ({run.cause}) after {at}: {_sentence(run.error)} {_try(run.suggestion)}".strip()
        case "queued" if run.waits_for:
            return "waits for " + ", ".join(f"#{other}" for other in run.waits_for)
        case "queued":
            return f"resumes from {at} when a worker is free" if run.epoch else "has not started"
        case "done":
            return "is done, but nothing was measured"
    return f"{'is ' if run.status != 'cancelled' else 'was '}{run.status} at {at}"


def headline_shown(run: StudyRun) -> str:
    """Return the headline of the gravest finding, or `failed`: the cause of a failure says more."""
    if run.status == "failed":
        return "failed"
    return UNDEFINED if run.findings is None else headline_of(run.findings)


def _sentence(text: str | None) -> str:
    return (text or "no reason was recorded").rstrip(". ") + "."


def _try(suggestion: str | None) -> str:
    return f"Suggestion: {suggestion.rstrip('. ')}." if suggestion else ""
