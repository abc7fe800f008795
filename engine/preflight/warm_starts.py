"""Check warm starts: runs as sources, leaks that are known, heads that cannot answer the data.

A source that has not run yet is judged again when the run starts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.files.paths import Home
from engine.preflight.data_checks import DataFound, ReadKey, read_key
from engine.problem import Problem, WayOut
from engine.spec.conflicts import source_misfit
from engine.spec.pretrained import is_warm_start
from engine.spec.run_spec import RunSpec

if TYPE_CHECKING:
    from engine.datasets.index import Index
    from engine.preflight.source_runs import Source

SHOWN = 12
"""Classes that a message names."""
ONLY_EVALUATES = "epochs 0 only evaluates"


def check_warm_starts(
    home: Home, specs: Sequence[RunSpec], data: Mapping[ReadKey, DataFound], sources: Mapping[int, Source]
) -> list[Problem]:
    """List problems with the first weights of specs; `sources` holds the existing runs that they name."""
    warm = {_what_matters(spec): spec for spec in specs if spec.pretrained != "none"}
    problems: dict[Problem, None] = {}
    for spec in warm.values():
        problems |= dict.fromkeys(_source_problems(home, spec, sources))
        index = data[read_key(spec)].index
        problems |= dict.fromkeys(_leaks(home, spec, index))
        problems |= dict.fromkeys(_heads(spec, index, sources))
    return list(problems)


def _what_matters(spec: RunSpec) -> tuple[object, ...]:
    return *read_key(spec), spec.pretrained, spec.network, spec.allow_leak, spec.epochs == 0


def _source_problems(home: Home, spec: RunSpec, sources: Mapping[int, Source]) -> Iterator[Problem]:
    run = spec.source_run
    if run is None:
        return
    named = (str(run),)
    if run not in sources:
        choose = WayOut("choose one that resnet-tui ls shows")
        yield Problem("pretrained", "error", f"there is no run {run}", named, (choose,), "no_source")
        return
    source = sources[run]
    if (misfit := source_misfit(spec, source.spec)) is not None:
        yield misfit
    if source.status == "done" and not os.path.isfile(home.run(run).best):
        what = f"run {run} is done and its best weights are not there any more"
        ways = WayOut("clone it and start from the clone"), WayOut("start from another run")
        yield Problem("pretrained", "error", what, named, ways, "no_weights")


def _leaks(home: Home, spec: RunSpec, index: Index | None) -> Iterator[Problem]:
    from engine.datasets.provenance import leak_known_early

    if index is None:
        return
    leak = leak_known_early(home, spec, lambda: index)
    if leak is None or not leak.found:
        return
    runs = tuple(map(str, leak.runs))
    ways = WayOut("choose other data or another split"), WayOut("accept it with {}", "allow_leak", True)
    if spec.allow_leak:
        yield Problem("pretrained", "warning", leak.describe(), runs, kind="leak", brief="leak allowed")
    else:
        yield Problem("pretrained", "error", leak.describe(), runs, ways, "leak")


def _heads(spec: RunSpec, index: Index | None, sources: Mapping[int, Source]) -> Iterator[Problem]:
    """Of specs that only evaluate; a file's head is checked with the file."""
    if spec.epochs:
        return
    ways = WayOut("choose weights that were trained on these classes"), WayOut("train with {}", "epochs", 10)
    if not is_warm_start(spec.pretrained):
        what = f"{ONLY_EVALUATES}, and the 1000 classes of {spec.pretrained} are not those of {spec.data}"
        yield Problem("pretrained", "error", what, (spec.pretrained,), ways, "classes")
        return
    source = sources.get(spec.source_run or 0)
    theirs, ours = source.class_names if source else (), index.class_names if index else ()
    if theirs and ours and theirs != ours:
        what = (
            f"{ONLY_EVALUATES}, and run {spec.source_run} predicts other classes than {spec.data} has "
            f"({_in_short(theirs)} against {_in_short(ours)})"
        )
        yield Problem("pretrained", "error", what, theirs[:SHOWN], ways, "classes")


def _in_short(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
