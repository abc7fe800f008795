"""`resnet-tui arch`: the paper's table for a person and for a program."""

import json
from dataclasses import asdict
from functools import cache

import pytest

from engine import torch_subprocess
from engine.analysis.arch_table import ArchTable, read_architectures
from engine.models.summary import summarise
from engine.spec.archs import ARCH_INFOS
from tests.support.forking import fork_torch
from tui.cli import run
from tui.cli.arch import table_lines


@cache
def table_of(name: str, stride: str) -> ArchTable:
    found = asdict(summarise(name, bottleneck_stride=stride))
    return read_architectures({"archs": [found]})[0]


def lines(width: int, *names: str, stride: str = "3x3") -> list[str]:
    return table_lines([table_of(name, stride) for name in names or ARCH_INFOS], width)


@pytest.mark.parametrize("width", [80, 120])
def test_the_papers_networks_stand_side_by_side(width: int) -> None:
    table = lines(width, *list(ARCH_INFOS)[:5])
    assert max(map(len, table[:-4])) <= width
    assert table[0].split() == ["layer", "output", *list(ARCH_INFOS)[:5]]
    assert "conv3_x 28×28" in "\n".join(table) and table[1].endswith("112×112  7×7,64, stride 2")
    (counts,) = [line for line in table if "×36" in line]
    assert counts.split() == [
        "conv4_x", "14×14", "3×3,256", "×2", "3×3,256", "×6", "1×1,256", "×6", "1×1,256", "×23", "1×1,256", "×36",
    ]  # fmt: skip
    figures = {line.split()[0]: line.split()[1:] for line in table if line[:4] in ("para", "publ", "mult")}
    assert figures["parameters"][2] == "25,557,032"
    assert figures["multiply-adds"] == ["1.814e9", "3.664e9", "4.089e9", "7.801e9", "11.514e9"]
    assert figures["published"] == ["1.8e9", "3.6e9", "3.8e9", "7.6e9", "11.3e9"]


@pytest.mark.parametrize(("width", "tables"), [(80, 3), (120, 2)])
def test_more_networks_than_fit_stand_below(width: int, tables: int) -> None:
    table = lines(width)
    assert max(map(len, table[:-4])) <= width
    heads = [line.split()[2:] for line in table if line.startswith("layer")]
    assert len(heads) == tables and [arch for head in heads for arch in head] == list(ARCH_INFOS)
    assert [line.split()[1:] for line in table if line.startswith("published")] == [
        ["1.8e9", "3.6e9", "3.8e9", "7.6e9", "11.3e9"]
    ]
    counts = [line.split()[1:] for line in table if line.startswith("torchvision  ")]
    assert [count for some in counts for count in some][5:7] == ["4.230e9", "16.414e9"]
    assert "3×3,256 C=64" in "\n".join(table)


def test_the_stride_is_explained_only_where_it_matters() -> None:
    assert "--bottleneck-stride 1x1" in lines(80, "resnet50")[-1]
    assert "3.858e9" in "\n".join(lines(80, "resnet50", stride="1x1"))
    for table in (lines(80, "resnet50", stride="1x1"), lines(80, "resnet18")):
        assert "as in" not in "\n".join(table)


def test_the_verb_prints_one_document(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a process that is started, as the program does; those of other tests are forked."""
    assert run(["arch", "resnet34", "--bottleneck-stride", "1x1", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["archs"]
    assert (found["arch"], found["bottleneck_stride"]) == ("resnet34", "1x1")
    assert found["layers"][0] == {"name": "conv1", "output": "112×112", "blocks": "7×7,64, stride 2"}
    fork_torch(monkeypatch, torch_subprocess)
    for wrong in (["vgg16"], ["resnet18", "--bottleneck-stride", "2x2"]):
        assert run(["arch", *wrong]) == 2
        assert "choose" in capsys.readouterr().err
