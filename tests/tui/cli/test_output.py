"""The document of a verb is printed piece by piece, and holds no more than it shows."""

import io
import json
import sys

import pytest
from shell import Shell

from engine.store import history
from engine.store.database import Store
from tui.cli.output import print_json


class Pieces(io.StringIO):
    """Notes the longest text that is written at once."""

    longest = 0

    def write(self, text: str) -> int:
        self.longest = max(self.longest, len(text))
        return super().write(text)


def test_a_large_document_is_printed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"matrix": [[1, 0] * 300] * 300, "name": "\udcff ä", "none": None}
    monkeypatch.setattr(sys, "stdout", pieces := Pieces())
    print_json(document)
    assert pieces.getvalue() == json.dumps(document, indent=2) + "\n"
    assert pieces.longest < len(pieces.getvalue()) / 10


def test_show_unpacks_the_matrices_that_it_tells_of(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = [0]
    unpack = history.unpack_matrix

    def counted(packed: bytes, classes: int) -> history.Matrix:
        unpacked[0] += 1
        return unpack(packed, classes)

    monkeypatch.setattr(history, "unpack_matrix", counted)
    assert shell("show", "4") == 0 and "best: epoch 6" in shell.out
    assert unpacked[0] <= 2
    assert shell("show", "4", "--json") == 0
    assert all(row["confusion"] for row in json.loads(shell.out)["metrics"]) and unpacked[0] > 7
