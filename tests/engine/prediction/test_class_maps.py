"""Class-activation maps: where they lie, their values, the layers that they are read from, and networks without."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from plugin_file import write_plugin
from quadrants import SIZE_PX, quadrant_image, trained_on_quadrants
from torch import nn
from torch.nn import functional

from engine.files.paths import Home
from engine.models.plugin import build_plugin
from engine.models.resnet import build_model
from engine.prediction.class_maps import QUADRANTS, ClassMap, ClassMapper
from engine.prediction.map_layer import NoMap, find_map_layer
from engine.prediction.trained_network import Network, load_network

pytest.importorskip("captum", reason="captum makes the maps")
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    torch.set_num_threads(1)
    return trained_on_quadrants(tmp_path_factory.mktemp("home"))[0]


@pytest.fixture
def network(home: Home) -> Network:
    return load_network(home.run(1).best, CPU, home)


def images(count: int = 40) -> np.ndarray[Any, Any]:
    return np.stack([quadrant_image(number % 2, 5000 + number) for number in range(count)])


def test_the_maps_lie_where_the_class_shows(network: Network) -> None:
    predicted, scores = network.predict(images())
    assert (predicted == np.arange(40) % 2).mean() > 0.9
    maps = ClassMapper(network).maps(images(), predicted, scores)
    shares = [each.shares for each in maps]
    upper_left = np.array([each["upper left"] for each in shares if each is not None])
    assert len(upper_left) >= 38 and (upper_left > 0.5).mean() >= 0.9, upper_left
    assert all(each is None or abs(sum(each.values()) - 1) < 1e-6 for each in shares)


def test_captum_gives_the_values_of_the_paper(network: Network) -> None:
    predicted, scores = network.predict(images(5))
    mapper = ClassMapper(network)
    found = mapper.maps(images(5), predicted, scores, labels=[1] * 5)
    plain = load_network_again(network)
    body, inputs = plain.body, next(iter(network.batches(images(5))))  # type: ignore[attr-defined]
    activations = body(inputs).detach().requires_grad_()
    logits = plain.top(plain.pool(activations).flatten(1))  # type: ignore[attr-defined]
    gradient = torch.autograd.grad(logits[:, 1].sum(), activations)[0]
    coarse = (gradient.mean((2, 3), keepdim=True) * activations).sum(1, keepdim=True).relu()
    fine = functional.interpolate(coarse, (SIZE_PX, SIZE_PX), mode="bilinear")[:, 0].detach().numpy()
    most = fine.max((1, 2), keepdims=True)
    expected = np.divide(fine, most, out=np.zeros_like(fine), where=most > 0)
    assert mapper.layer.grid == (8, 8) and mapper.layer.name in ("body", "body.7")
    assert np.abs(np.stack([each.heat for each in found]) - expected).max() < 1e-4
    assert [each.label for each in found] == [1] * 5
    assert np.allclose([each.score for each in found], scores[:, 1])


def load_network_again(network: Network) -> nn.Module:
    """The same module, without the mapper's hooks."""
    for module in network.model.modules():
        module._forward_hooks.clear()
    return network.model


def test_a_grade_has_a_map_of_what_raises_it(tmp_path: Path) -> None:
    home, _ = trained_on_quadrants(tmp_path, loss="mse-ordinal", epochs=1, each=8)
    graded = load_network(home.run(1).best, CPU, home)
    mapper = ClassMapper(graded)
    predicted, scores = graded.predict(images(3))
    found = mapper.maps(images(3), predicted, scores)
    assert mapper.is_graded and [each.score for each in found] == pytest.approx(scores[:, 0].tolist())
    with pytest.raises(NoMap, match="gives one grade"):
        mapper.label_of("class1")


def test_shares_of_an_odd_number_of_pixels_and_of_an_empty_map() -> None:
    pixels = np.zeros((3, 3, 3), np.uint8)
    heat = np.zeros((3, 3), np.float32)
    assert ClassMap(pixels, heat, 0, 1.0, 0, 1.0).shares is None
    heat[0, 1] = 1
    shares = ClassMap(pixels, heat, 0, 1.0, 0, 1.0).shares
    assert shares == dict(zip(QUADRANTS, (0.5, 0.5, 0, 0), strict=True))


def layer_of(model: nn.Module, head: str, size_px: int) -> tuple[str, tuple[int, int]]:
    found = find_map_layer(model.eval(), head, size_px, CPU)
    return found.name, found.grid


@pytest.mark.parametrize("implementation", ["own", "torchvision"])
def test_the_layer_of_a_resnet(implementation: str) -> None:
    model = build_model("resnet18", 3, implementation=implementation)
    assert layer_of(model, "fc", 224) == ("layer4", (7, 7))
    assert layer_of(model, "fc", 32) == ("layer2", (4, 4))  # layer4's map is 1×1 there, layer3's 2×2


def test_layers_of_others_and_networks_without(tmp_path: Path) -> None:
    path = write_plugin(tmp_path)
    for function, grid in (("small", (31, 31)), ("mobilenet", (4, 4)), ("efficientnet", (4, 4))):
        built = build_plugin(path, function, 3, 64, seed=0)
        assert layer_of(built.model, built.layers.head, 64)[1] == grid, function
    built = build_plugin(path, "vit", 3, 32, seed=0)
    with pytest.raises(NoMap, match="works on other shapes"):
        layer_of(built.model, built.layers.head, 32)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    with pytest.raises(NoMap, match="no layer of this network"):
        layer_of(flat, "1", 8)


def test_a_layer_that_runs_twice_is_passed_over() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
            self.relu, self.head = nn.ReLU(), nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.relu(self.second(self.relu(self.first(x))))
            logits: torch.Tensor = self.head(x.mean((2, 3)))
            return logits

    assert layer_of(Shared(), "head", 16) == ("second", (12, 12))


def test_a_head_that_no_gradient_reaches_is_told_at_once(network: Network) -> None:
    network.model.pool = nn.Sequential(network.model.pool, Cut())
    with pytest.raises(NoMap, match="no gradient reaches body"):
        ClassMapper(network)


class Cut(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach()


def test_without_captum_it_says_what_to_install(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(NoMap, match="need the package captum: pip install captum"):
        ClassMapper(network)
