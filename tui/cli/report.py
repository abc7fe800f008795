"""`resnet-tui report`: a report of runs as a Markdown page with figures."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from engine.analysis.arch_table import ArchTable, archs_used, read_architectures
from engine.analysis.report.write import write_report
from engine.analysis.study import Study
from engine.files.paths import Home
from engine.queries.read_study import collect, with_scores, with_test_digests
from engine.store.database import open_store
from engine.torch_subprocess import ask
from tui.cli.ids import find_ids
from tui.cli.options import takes_home
from tui.cli.output import CliError, checked_text, print_message
from tui.forms.add_command import add_commands


@takes_home
def report(
    home: Home,
    out: Annotated[Path, typer.Option(help="Folder for report.html, report.md and the figures.")],
    run_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Runs, as in 3-7,9 (default: all).")
    ] = None,
    sweep: Annotated[str | None, typer.Option(help="Runs of this sweep.")] = None,
    maps: Annotated[
        bool, typer.Option("--maps/--no-maps", help="Class-activation maps beside the worst errors.")
    ] = True,
    tex: Annotated[bool, typer.Option("--tex", help="LaTeX tables and PDF figures too, in OUT/tex.")] = False,
) -> int:
    """Write the report of runs: report.html to read and print, report.md, and the figures."""
    if run_ids and sweep is not None:
        raise CliError("give run numbers or --sweep, not both")
    checked_text("--sweep", sweep or "")
    store = open_store(home.database, create=False)
    study = collect(store, run_ids=find_ids(store, run_ids) if run_ids else None, sweep=sweep)
    for path in report_of(home, study, out, with_maps=maps, with_tex=tex):
        print_message(str(path))
    return 0


def report_of(
    home: Home, study: Study, out: Path, *, with_maps: bool = True, with_tex: bool = False
) -> list[Path]:
    """Write a study's report and return the files, the HTML first; progress goes to standard error."""
    from engine.queries.report_data import ReportData  # needs numpy, which no other verb waits for
    from engine.queries.report_facts import read_facts

    progress(f"{len(study.runs)} runs")
    study = with_test_digests(study, home)
    data = ReportData(home)
    with ThreadPoolExecutor(max_workers=1) as beside:  # the networks are built in a process of their own
        networks = beside.submit(architectures, study)
        facts = read_facts(
            home,
            study,
            data,
            commands=add_commands(((run.spec, run.name) for run in study.runs), study.sweep),
            progress=progress,
            with_maps=with_maps,
        )
        facts = replace(facts, architectures=networks.result())
    progress("scores")
    return write_report(
        with_scores(study, home, data.groups), out, facts, progress=progress, with_tex=with_tex
    )


def progress(what: str) -> None:
    print_message(f"report: {what}")


def architectures(study: Study) -> list[ArchTable]:
    """Return Table 1 for the study's networks, built in a separate process because they need torch."""
    tables: list[ArchTable] = []
    used = archs_used(study)
    for stride in dict.fromkeys(stride for _, stride in used):
        names = [arch for arch, each in used if each == stride]
        arguments = [*names, "--bottleneck-stride", stride]
        document = ask("models.summary", arguments, what=f"the architecture table of {', '.join(names)}")
        tables += read_architectures(document)
    return tables
