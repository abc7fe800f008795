"""JSON document of a comparison."""

from dataclasses import asdict
from typing import Any

from engine.analysis.comparison.comparison import Comparison, SideResult
from engine.analysis.comparison.sentences import pair_sentence, side_sentences


def document(found: Comparison) -> dict[str, Any]:
    """Return the document of `compare --json`: every number, and the sentences of each side and pair."""
    return {
        "on": found.on,
        "metric": "test_acc",
        "not_measured": found.not_measured,
        "sides": [_side(side) for side in found.sides],
        "pairs": [
            {**asdict(pair), "sentence": pair_sentence(pair, len(found.pairs))} for pair in found.pairs
        ],
    }


def _side(side: SideResult) -> dict[str, Any]:
    values = asdict(side)
    about = values.pop("about")
    return {**values, **about, "sentences": side_sentences(side)}
