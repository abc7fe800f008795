"""Line below the form's fields: what is wrong where the cursor stands, or what will be queued. Pure."""

from collections.abc import Mapping

from rich.text import Text

from tui.formatting import plain
from tui.forms.form_report import FormReport
from tui.forms.form_words import LABELS

CHECKING = "checking …"


def problem_lines(
    problems: Mapping[str, str], focused: str, colours: Mapping[str, str], refused: str = ""
) -> list[Text]:
    """Return a line for each problem: that of the focused field first, then from the top of the form to its bottom.

    `problems`: by field, at least one. `refused`: what stands before the first once enter was pressed."""
    places = {"": -2, focused: -1} | {name: place for place, name in enumerate(LABELS) if name != focused}
    first, *others = sorted(problems, key=lambda name: places.get(name, len(places)))
    texts = [
        f"{refused}{labelled(first, problems[first])}",
        *(labelled(each, problems[each]) for each in others),
    ]
    return [Text(f"✖ {text}", style=colours["error"]) for text in texts]


def labelled(name: str, problem: str) -> str:
    """Return a problem after the label of its field."""
    return plain(f"{LABELS.get(name, name)}: {problem}" if name else problem)


def summary_line(runs: int, report: FormReport | None, colours: Mapping[str, str]) -> Text:
    """Summarise the number of runs, duration, repeats, disk use and warnings; `report` is None while it is made."""
    text = Text(f"{runs} run{'s' * (runs != 1)}", style="bold")
    if report is None:
        return text.append(f"   {CHECKING}", style="not bold dim")
    if report.groups:
        text.append(", one group" if report.groups == 1 else f", {report.groups} groups", style="not bold")
    text.append(f", {plain(report.time)}" if report.time else ", time not known yet", style="not bold")
    if repeats := sum(report.repeats):
        text.append(f"   {repeats} repeat{'s' * (repeats == 1)} an earlier run", style="not bold")
    if report.warnings:
        text.append(f"   ⚠ {plain(', '.join(report.warnings))}", style=f"not bold {colours['warning']}")
    if (room := report.room) is not None:
        style = f"not bold {colours['warning']}" if room.shortage else "not bold"
        text.append(f"   {'⚠ ' if room.shortage else ''}{room.brief()}", style=style)
    return text
