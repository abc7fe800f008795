"""Content of the whole report, in its order: every number in it is taken or computed here, once."""

from collections import Counter
from collections.abc import Sequence

from engine.analysis.markdown import UNDEFINED, weights_in_full, why_unfinished
from engine.analysis.report.abstract_section import abstract_section
from engine.analysis.report.blocks import Report, Section, section, table
from engine.analysis.report.checklist_section import checklist_section
from engine.analysis.report.comparison_section import comparison_section
from engine.analysis.report.cost_section import cost_section
from engine.analysis.report.data_section import data_section
from engine.analysis.report.discussion_section import discussion_section
from engine.analysis.report.errors_section import errors_section
from engine.analysis.report.facts import Facts
from engine.analysis.report.headline_section import headline_section
from engine.analysis.report.methods_section import methods_section
from engine.analysis.report.metrics_appendix import metrics_appendix
from engine.analysis.report.numbering import numbered
from engine.analysis.report.reading_section import reading_section
from engine.analysis.report.recipes import recipes_of
from engine.analysis.report.repeat_section import repeat_section
from engine.analysis.report.results_section import results_section
from engine.analysis.report.settings_table import settings_appendix
from engine.analysis.study import Study, StudyRun, by_data
from engine.spec.plugin_name import arch_shown


def report_contents(study: Study, facts: Facts) -> Report:
    """Return the report of a study with at least one measured run."""
    data = by_data(study.measured)
    sections = (
        abstract_section(data, facts),
        methods_section(study, recipes_of(study.runs), facts),
        data_section(data, facts),
        headline_section(data, facts),
        results_section(data, facts),
        errors_section(data, facts),
        discussion_section(data),
        comparison_section(data, facts),
        _unfinished([run for run in study.runs if not (run.done and run.best)]),
        cost_section(study.measured),
        repeat_section(study.runs, facts),
        checklist_section(data, facts),
        settings_appendix(study),
        metrics_appendix(data, facts),
        reading_section(),
    )
    title = f"Report: sweep {study.sweep}" if study.sweep else "Report"
    return numbered(Report(title, _subtitle(study), tuple(each for each in sections if each.blocks)))


def _subtitle(study: Study) -> str:
    counts = Counter(run.status for run in study.runs)
    states = ", ".join(f"{count} {status}" for status, count in counts.items())
    plural = "run" if len(study.runs) == 1 else "runs"
    said = f"{len(study.runs)} {plural}: {states}."
    if len(by_data(study.measured)) > 1:
        said += " Results on different data sets cannot be compared; each set has its own section."
    return said


def _unfinished(runs: Sequence[StudyRun]) -> Section:
    header = ("run", "name", "data", "arch", "weights from", "why")
    rows = [
        [
            f"#{run.id}",
            run.name or UNDEFINED,
            run.data,
            arch_shown(run.spec.arch),
            weights_in_full(run),
            why_unfinished(run),
        ]
        for run in runs
    ]
    return section(
        "Runs without a final result",
        "unfinished",
        table("Runs without a final result", header, rows, left=header),
    )
