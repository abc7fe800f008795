"""Maps from a process of its own: of files and built-in images, one after another, and how it ends."""

import io
import threading
from pathlib import Path

import pytest
import torch
from PIL import Image
from quadrants import trained_on_quadrants
from sessions import Memory, context
from waiting import LIMIT_S

from engine.files.paths import Home
from engine.queries import map_client
from engine.queries.map_client import MapClient, MapPicture, NoMaps, maps_of, said_of
from engine.queries.worst_errors import worst_errors
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.training.session import Session
from tests.support.forking import fork_torch

pytest.importorskip("captum", reason="captum makes the maps")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, RunSpec]:
    torch.set_num_threads(1)
    return trained_on_quadrants(tmp_path_factory.mktemp("home"), epochs=1, each=12)


def test_one_process_makes_one_map_after_another(trained: tuple[Home, RunSpec]) -> None:
    home, spec = trained
    client = MapClient(home, 1, spec)
    try:
        first = client.map_of("class0/000.png")
        again = client.map_of("class0/000.png", 1 - int(first.numbers["class"][-1]))
        assert first.numbers["class"] == first.numbers["predicted"] == again.numbers["predicted"]
        assert again.numbers["class"] != first.numbers["class"] and "square" in first.summary()
        for content in (first.map_png, first.seen_png):
            assert Image.open(io.BytesIO(content)).size == (224, 224)
        with pytest.raises(NoMaps, match="none.png is missing"):
            client.map_of("class0/none.png")
        assert not client.has_ended and client.map_of("class1/000.png").numbers["layer"]
    finally:
        client.close()
    with pytest.raises(NoMaps, match="closed"):
        client.map_of("class0/000.png")


def test_the_worst_errors_come_with_maps_for_a_report(
    trained: tuple[Home, RunSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    fork_torch(monkeypatch, map_client)
    home, spec = trained
    names = ("class0", "class1")
    told: list[tuple[int, int]] = []
    wrong = worst_errors(home, 1, spec, names, 0, 4)
    assert wrong and all(each.label != each.predicted for each in wrong)
    assert [each.score for each in wrong] == sorted((each.score for each in wrong), reverse=True)
    found = list(
        maps_of(
            home,
            1,
            spec,
            [each.image for each in wrong],
            progress=lambda done, total: told.append((done, total)),
        )
    )
    assert [made.image for made in found] == [each.image for each in wrong]
    assert told[-1] == (len(found), len(found))
    assert all(isinstance(made, MapPicture) and made.map_png[:4] == b"\x89PNG" for made in found)
    assert worst_errors(home, 2, spec, names, 0, 2) == []  # predictions were not kept


def test_a_run_without_weights_says_so_once(trained: tuple[Home, RunSpec]) -> None:
    home, spec = trained
    found = list(maps_of(home, 7, spec, ["class0/000.png", "class0/001.png"]))
    assert len(found) == 1 and isinstance(found[0], NoMaps) and "run 7 has no weights" in str(found[0])


def test_built_in_images_and_a_broken_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fork_torch(monkeypatch, map_client)
    home = Home.find(tmp_path, cache=tmp_path / "cache")
    (tmp_path / "flat.py").write_text(
        "from torch import nn\n\n"
        "def flat(classes):\n    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, classes))\n"
        "def conv(classes):\n    return nn.Sequential(nn.Conv2d(3, 4, 5), nn.Flatten(), nn.Linear(4 * 784, classes))\n"
    )
    for run_id, function in (1, "conv"), (2, "flat"):
        spec = make_spec({"data": "digits", "arch": f"flat.py:{function}", "image_size": 32, "epochs": 1})
        assert Session(context(spec, home, run_id)).train(Memory(), lambda: False)
        found = next(iter(maps_of(home, run_id, spec, ["digits#3"])))
        if function == "conv":
            assert isinstance(found, MapPicture) and found.numbers["grid"] == [28, 28]
        else:
            assert isinstance(found, MapPicture) and found.numbers["grid"] == [
                4,
                4,
            ]  # the pooled pixels themselves


def test_closing_ends_a_map_that_is_being_made(trained: tuple[Home, RunSpec]) -> None:
    home, spec = trained
    client, said = MapClient(home, 1, spec), []

    def ask() -> None:
        try:
            client.map_of("class0/000.png")
        except NoMaps as problem:
            said.append(str(problem))

    thread = threading.Thread(target=ask)
    thread.start()
    client.close()  # while torch is imported
    thread.join(LIMIT_S)
    assert not thread.is_alive() and said == ["it was closed"]


def test_what_a_map_shows_in_words() -> None:
    shares = {"upper left": 0.614, "upper right": 0.2, "lower left": 0.1, "lower right": 0.086}
    assert (
        said_of({"map_of": "class", "class": "2 mild", "score": 0.7, "quadrants": shares})
        == "2 mild (.700): 61 % in the upper left"
    )
    assert said_of({"map_of": "what raises the grade", "quadrants": None}) == (
        "what raises the grade: nothing in the image speaks for it"
    )
