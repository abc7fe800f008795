"""Results of a comparison as CSV and as LaTeX tables."""

import csv
import io
from dataclasses import asdict, fields

from engine.analysis.comparison.comparison import Comparison, PairResult, SideResult
from engine.analysis.comparison.sentences import (
    baseline_in_words,
    finding_in_words,
    p_cell,
    pair_sentence,
    side_in_words,
    side_sentences,
    signed,
    verdict,
)
from engine.analysis.latex import escaped

OF_SIDE = ("network", "weights", "settings", "n", "not_done", "epoch_chosen", "baseline", "finding")
"""Fields of each of its sides in a line of CSV."""


def as_csv_text(found: Comparison) -> str:
    """Write a line for each pair, with the fields of the JSON document, then what its two sides are; undefined values
    are empty."""
    names = [field.name for field in fields(PairResult)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    told = [f"{which}_{name}" for which in ("first", "second") for name in OF_SIDE]
    writer.writerow([*names, "sentence", *told])
    sides = {side.name: _told(side) for side in found.sides}
    for pair in found.pairs:
        values = asdict(pair)
        sentence = pair_sentence(pair, len(found.pairs))
        writer.writerow(
            [*(values[name] for name in names), sentence, *sides[pair.first], *sides[pair.second]]
        )
    return out.getvalue()


def _told(side: SideResult) -> list[object]:
    """Return a side's cells, as OF_SIDE names them."""
    about = side.about
    settings = ", ".join(f"{name} {value}" for name, value in about.settings.items())
    not_done = ", ".join(f"#{run_id} {status}" for run_id, status in about.not_done.items())
    told = [baseline_in_words(side).split(" ", 1)[-1], finding_in_words(side)]
    return [about.network, about.weights, settings, side.n, not_done, about.epoch_chosen, *told]


def as_tex_text(found: Comparison) -> str:
    r"""Write two tables for `\usepackage{booktabs}`: the sides and their pairs, with the sentences as notes."""
    sides = _table(
        "lrrlrrrrl",
        ["", "accuracy", r"95~\% interval", "of", "$n$", "sd", "images", "groups", "epoch chosen"],
        [_side(side) for side in found.sides],
    )
    pairs = _table(
        "lrrrrl",
        ["pair", "difference", r"95~\% interval", "$p$", "$p$ (Holm)", ""],
        [_pair(pair) for pair in found.pairs],
    )
    said = [side_in_words(side) for side in found.sides]
    said += [sentence for side in found.sides for sentence in side_sentences(side)]
    said += [pair_sentence(pair, len(found.pairs)) for pair in found.pairs]
    notes = "\n\n".join(map(escaped, said))
    return f"% needs \\usepackage{{booktabs}}\n{sides}\n\n{pairs}\n\n{notes}\n"


def _table(columns: str, head: list[str], rows: list[list[str]]) -> str:
    lines = [f"\\begin{{tabular}}{{{columns}}}", "\\toprule", " & ".join(head) + r" \\", "\\midrule"]
    lines += [" & ".join(row) + r" \\" for row in rows]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _side(side: SideResult) -> list[str]:
    ends = f"{side.low:.4f} to {side.high:.4f}" if side.low is not None and side.high is not None else "–"
    accuracy, sd = ("–" if value is None else f"{value:.4f}" for value in (side.accuracy, side.sd))
    groups = str(side.groups) if side.groups != side.images else "–"
    return list(
        map(
            escaped,
            [
                side.name,
                accuracy,
                ends,
                side.scope or "–",
                str(side.n),
                sd,
                str(side.images),
                groups,
                side.about.epoch_chosen or "–",
            ],
        )
    )


def _pair(pair: PairResult) -> list[str]:
    difference = signed(pair.difference) if pair.difference is not None else "–"
    ends = (
        f"{signed(pair.low)} to {signed(pair.high)}"
        if pair.low is not None and pair.high is not None
        else "–"
    )
    numbers = [p_cell(each) for each in (pair.p, pair.p_holm)]
    return list(map(escaped, [f"{pair.first} − {pair.second}", difference, ends, *numbers, verdict(pair)]))
