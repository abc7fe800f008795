"""The hand-written networks against torchvision's, and the architecture table read off them."""

import json

import pytest
import torch
import torchvision
from torch import Tensor, nn

from engine.models import resnet, summary
from engine.models.resnet import ARCHS, build_model

ARCH_NAMES = tuple(ARCHS)
MEASURED_3X3 = dict(zip(ARCH_NAMES, (1.814e9, 3.664e9, 4.089e9, 7.801e9, 11.514e9), strict=True))
MEASURED_1X1 = {"resnet50": 3.858e9, "resnet101": 7.570e9, "resnet152": 11.282e9}


def lively_state(model: nn.Module, seed: int) -> dict[str, Tensor]:
    """A state dict whose every tensor matters to the output, BatchNorm's statistics included."""
    generator = torch.Generator().manual_seed(seed)
    state = model.state_dict()
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
        elif tensor.ndim == 1 and not name.startswith("fc"):
            state[name] = torch.rand(tensor.shape, generator=generator) * 0.4 + 0.8
    return state


def logits_of(model: nn.Module) -> Tensor:
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        logits: Tensor = model.eval()(images)
    return logits


@pytest.mark.parametrize("arch", ARCH_NAMES)
def test_states_load_strictly_both_ways_and_answer_alike(arch: str) -> None:
    theirs = build_model(arch, 7, implementation="torchvision", seed=1)
    theirs.load_state_dict(lively_state(theirs, seed=2))
    with torch.device("meta"):
        ours, again = getattr(resnet, arch)(num_classes=7), torchvision.models.get_model(arch, num_classes=7)
    ours.load_state_dict(theirs.state_dict(), strict=True, assign=True)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    logits = logits_of(theirs)
    torch.testing.assert_close(logits_of(ours), logits, rtol=1e-5, atol=1e-5)
    again.load_state_dict(ours.state_dict(), strict=True, assign=True)
    torch.testing.assert_close(logits_of(again), logits, rtol=1e-5, atol=1e-5)


def test_training_gradients_equal_torchvisions() -> None:
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    gradients = []
    for implementation in ("own", "torchvision"):
        model = build_model("resnet50", 5, implementation=implementation, seed=9).train()
        nn.functional.cross_entropy(model(images), torch.tensor([0, 1, 2, 3])).backward()
        gradients.append({name: value.grad for name, value in model.named_parameters()})
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-6)


def test_the_papers_stride_takes_the_same_weights_and_answers_otherwise() -> None:
    paper = build_model("resnet50", 5, bottleneck_stride="1x1", seed=1)
    ours = build_model("resnet50", 5, seed=1)
    paper.load_state_dict(ours.state_dict(), strict=True)
    assert paper.get_submodule("layer2.0.conv1").stride == (2, 2)
    assert paper.get_submodule("layer2.0.conv2").stride == (1, 1)
    assert not torch.allclose(logits_of(paper), logits_of(ours), atol=1e-3)


@pytest.mark.parametrize("implementation", ["own", "torchvision"])
def test_weights_depend_on_the_seed_alone(implementation: str) -> None:
    torch.manual_seed(100)
    first = build_model("resnet18", 5, implementation=implementation, seed=11).state_dict()
    torch.manual_seed(200)
    again = build_model("resnet18", 5, implementation=implementation, seed=11).state_dict()
    other = build_model("resnet18", 5, implementation=implementation, seed=12).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])
    assert not torch.equal(first["fc.weight"], other["fc.weight"])


def test_building_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    build_model("resnet18", 5, implementation="torchvision", seed=11)
    assert torch.equal(torch.get_rng_state(), before)


def test_both_implementations_start_from_the_same_weights() -> None:
    own = build_model("resnet34", 5, seed=11)
    twin = build_model("resnet34", 5, implementation="torchvision", seed=11)
    assert isinstance(twin, torchvision.models.ResNet)
    assert all(torch.equal(tensor, twin.state_dict()[name]) for name, tensor in own.state_dict().items())
    assert all(value.requires_grad and value.device.type == "cpu" for value in twin.parameters())


def test_initialisation_is_hes() -> None:
    model = build_model("resnet50", 1000, seed=0)
    weight = model.get_submodule("layer3.2.conv2").weight
    assert weight.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)
    assert weight.mean().item() == pytest.approx(0, abs=1e-3)
    norm = model.get_submodule("layer3.2.bn3")
    assert torch.all(norm.weight == 1) and torch.all(norm.bias == 0)


@pytest.mark.parametrize("arch", ["resnet18", "resnet50"])
def test_zero_init_residual_makes_blocks_the_identity(arch: str) -> None:
    model = getattr(resnet, arch)(num_classes=2, zero_init_residual=True).eval()
    channels = model.fc.in_features
    x = torch.rand(1, channels, 4, 4)
    assert torch.equal(model.layer4[1](x), x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"implementation": "torchvision", "bottleneck_stride": "1x1"}, "choose implementation own"),
        ({"implementation": "timm"}, "choose own or torchvision"),
        ({"bottleneck_stride": "2x2"}, "choose 3x3 or 1x1"),
        ({"arch": "resnet20"}, "choose one of resnet18, "),
    ],
)
def test_choices_out_of_range_are_named(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        build_model(**{"arch": "resnet50", **arguments}, num_classes=5)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("arch", ARCH_NAMES)
def test_table_counts_equal_the_measured_ones(arch: str) -> None:
    table = summary.summarise(arch)
    with torch.device("meta"):
        theirs = torchvision.models.get_model(arch, weights=None)
    assert table.parameters == sum(value.numel() for value in theirs.parameters())
    assert table.multiply_adds == pytest.approx(MEASURED_3X3[arch], rel=0.005)
    assert [layer.output for layer in table.layers] == ["112×112", "56×56", "28×28", "14×14", "7×7", "1×1"]


@pytest.mark.parametrize("arch", ARCH_NAMES)
def test_the_papers_stride_comes_close_to_the_published_count(arch: str) -> None:
    table = summary.summarise(arch, bottleneck_stride="1x1")
    assert table.multiply_adds == pytest.approx(MEASURED_1X1.get(arch, MEASURED_3X3[arch]), rel=0.005)
    assert table.multiply_adds == pytest.approx(table.published_multiply_adds, rel=0.02)


def test_table_shows_the_papers_blocks() -> None:
    blocks = {layer.name: layer.blocks for layer in summary.summarise("resnet152").layers}
    assert blocks == {
        "conv1": "7×7,64, stride 2",
        "conv2_x": "3×3 max pool, stride 2; [1×1,64; 3×3,64; 1×1,256]×3",
        "conv3_x": "[1×1,128; 3×3,128; 1×1,512]×8",
        "conv4_x": "[1×1,256; 3×3,256; 1×1,1024]×36",
        "conv5_x": "[1×1,512; 3×3,512; 1×1,2048]×3",
        "head": "average pool, fc 1000",
    }


def test_table_follows_size_and_classes() -> None:
    table = summary.summarise("resnet18", num_classes=5, image_size_px=512)
    assert [layer.output for layer in table.layers[:2]] == ["256×256", "128×128"]
    assert table.layers[-1].blocks == "average pool, fc 5"
    assert table.parameters == 11_689_512 - 995 * 513


def test_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary.main(["resnet50", "--json", "--bottleneck-stride", "1x1"]) == 0
    (arch,) = json.loads(capsys.readouterr().out)["archs"]
    assert list(arch) == [
        "arch",
        "bottleneck_stride",
        "parameters",
        "multiply_adds",
        "published_multiply_adds",
        "layers",
    ]
    assert (arch["arch"], arch["bottleneck_stride"]) == ("resnet50", "1x1")
    assert arch["layers"][1]["name"] == "conv2_x"


def test_text_and_wrong_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary.main([]) == 0
    text = capsys.readouterr().out
    assert all(f"{arch}, stride in the 3x3" in text for arch in ARCHS)
    assert summary.main(["resnet20"]) == 2
    error = capsys.readouterr().err
    assert "unknown arch 'resnet20'" in error and error.count("\n") == 1
