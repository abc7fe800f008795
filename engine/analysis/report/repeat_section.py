"""Repetition of the study: commands, versions, seeds and the data's fingerprint."""

from collections.abc import Sequence

from engine.analysis.report.blocks import Lines, Section, code, paragraph, section, table
from engine.analysis.report.facts import Facts
from engine.analysis.report.settings_table import environment_rows
from engine.analysis.study import StudyRun

WARM = " A warm start names its source by run number: give it the number that the source then has."


def repeat_section(runs: Sequence[StudyRun], facts: Facts) -> Section:
    seeds = ", ".join(dict.fromkeys(str(run.spec.seed) for run in runs))
    prints = ", ".join(dict.fromkeys(filter(None, (run.environment.get("data_fingerprint") for run in runs))))
    warm = any(run.spec.source_run is not None for run in runs)
    return section(
        "How to repeat it",
        "repeat",
        paragraph(
            f"Seeds: {seeds}. Data fingerprint: {prints or 'not recorded'}. In a folder with the data, queue the runs "
            "and train them with ",
            code("python -m engine.worker --drain"),
            f".{WARM if warm else ''}",
        ),
        Lines(tuple(facts.commands)),
        table(
            "What the runs recorded of their machine",
            ("what", "value"),
            environment_rows(runs),
            left=("value",),
            note="The program's revision is its commit; + marks changes that were not committed.",
        ),
    )
