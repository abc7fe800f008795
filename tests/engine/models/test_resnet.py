"""The hand-written networks against torchvision's, and the architecture table read off them."""

import json
from dataclasses import asdict

import pytest
import torch
import torchvision
from torch import Tensor, nn

from engine.analysis.arch_table import own_parameters, read_architectures
from engine.models import resnet, summary
from engine.models.resnet import build_model
from engine.spec.archs import ARCH_INFOS
from engine.spec.stems import STEMS, Stem

IN_PAPER = tuple(arch for arch, info in ARCH_INFOS.items() if info.paper_multiply_adds)
MEASURED_1X1 = {
    "resnet18": 1.814e9, "resnet34": 3.664e9, "resnet50": 3.858e9, "resnet101": 7.570e9, "resnet152": 11.282e9,
}  # fmt: skip


def lively_state(model: nn.Module, seed: int) -> dict[str, Tensor]:
    """Tensors for a network on the meta device, of which each matters to the output, BatchNorm's statistics too."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, like in model.state_dict().items():
        tensor = torch.empty(like.shape, dtype=like.dtype)
        if name.endswith("num_batches_tracked"):
            tensor.fill_(7)
        elif tensor.ndim == 1:
            tensor.uniform_(0.8, 1.2, generator=generator)
        else:
            bound = (6 / tensor[0].numel()) ** 0.5
            tensor.uniform_(-bound, bound, generator=generator)
        state[name] = tensor
    return state


def logits_of(model: nn.Module) -> Tensor:
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        logits: Tensor = model.eval()(images)
    return logits


@pytest.mark.parametrize("arch", ARCH_INFOS)
def test_states_load_strictly_both_ways_and_answer_alike(arch: str) -> None:
    with torch.device("meta"):
        ours = resnet.resnet(arch, 7, "3x3", zero_init_residual=False)
        theirs, again = (torchvision.models.get_model(arch, num_classes=7) for _ in range(2))
    theirs.load_state_dict(lively_state(theirs, seed=2), assign=True)
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
    model = resnet.resnet(arch, 2, "3x3", zero_init_residual=True).eval()
    channels = model.fc.in_features
    x = torch.rand(1, channels, 4, 4)
    assert torch.equal(model.layer4[1](x), x)


@pytest.mark.parametrize("arch", ["resnet18", "resnext50_32x4d"])
def test_the_cifar_stem_keeps_a_small_image_large(arch: str) -> None:
    model = build_model(arch, 5, stem="cifar", seed=1).eval()
    sizes: list[torch.Size] = []
    model.get_submodule("layer4").register_forward_hook(lambda *found: sizes.append(found[2].shape))
    with torch.no_grad():
        assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 5)
    assert sizes[0][2:] == (4, 4)
    usual = build_model(arch, 5, seed=1).state_dict()
    assert {name for name, tensor in model.state_dict().items() if tensor.shape != usual[name].shape} == {
        "conv1.weight"
    }


def test_the_cifar_stem_is_he_initialised_from_the_seed() -> None:
    first, again = (build_model("resnet18", 5, stem="cifar", seed=4).state_dict() for _ in range(2))
    assert torch.equal(first["conv1.weight"], again["conv1.weight"])
    assert first["conv1.weight"].std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"implementation": "torchvision", "bottleneck_stride": "1x1"}, "choose implementation own"),
        ({"implementation": "torchvision", "stem": "cifar"}, "choose implementation own for cifar"),
        ({"implementation": "timm"}, "choose own or torchvision"),
        ({"bottleneck_stride": "2x2"}, "choose 3x3 or 1x1"),
        ({"arch": "resnet20"}, "choose one of resnet18, "),
    ],
)
def test_choices_out_of_range_are_named(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        build_model(**{"arch": "resnet50", **arguments}, num_classes=5)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("arch", ARCH_INFOS)
def test_table_counts_equal_the_measured_ones(arch: str) -> None:
    table = summary.summarise(arch)
    with torch.device("meta"):
        theirs = torchvision.models.get_model(arch, weights=None)
    assert table.parameters == sum(value.numel() for value in theirs.parameters())
    published = torchvision.models.get_model_weights(arch).DEFAULT.meta["_ops"] * 1e9
    assert table.torchvision_multiply_adds == pytest.approx(published, rel=1e-9)
    assert table.multiply_adds == pytest.approx(published, abs=1e6)
    assert table.multiply_adds == ARCH_INFOS[arch].cost("imagenet").multiply_adds
    assert [layer.output for layer in table.layers] == ["112×112", "56×56", "28×28", "14×14", "7×7", "1×1"]


@pytest.mark.parametrize("arch", IN_PAPER)
def test_the_papers_stride_comes_close_to_the_published_count(arch: str) -> None:
    table = summary.summarise(arch, bottleneck_stride="1x1")
    assert table.multiply_adds == pytest.approx(MEASURED_1X1[arch], rel=0.005)
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
    document = json.loads(capsys.readouterr().out)
    (arch,) = document["archs"]
    assert set(document["sources"]) < set(arch) and "_ops" in document["sources"]["torchvision_multiply_adds"]
    assert list(arch) == [
        "arch",
        "bottleneck_stride",
        "parameters",
        "multiply_adds",
        "published_multiply_adds",
        "torchvision_multiply_adds",
        "layers",
    ]
    assert (arch["arch"], arch["bottleneck_stride"]) == ("resnet50", "1x1")
    assert arch["layers"][1]["name"] == "conv2_x"


def test_text_and_wrong_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary.main(["resnet18", "wide_resnet50_2"]) == 0
    text = capsys.readouterr().out
    assert "resnet18, stride in the 3x3" in text and "(published: 1.8e9, torchvision: 1.814e9)" in text
    assert "wide_resnet50_2, stride in the 3x3" in text and "(torchvision: 11.398e9)" in text
    assert summary.main(["resnet20"]) == 2
    error = capsys.readouterr().err
    assert "unknown arch 'resnet20'" in error and error.count("\n") == 1


@pytest.mark.parametrize("stem", STEMS)
def test_parameters_and_last_map_of_a_network_as_it_is_trained(stem: Stem) -> None:
    document = {"archs": [asdict(summary.summarise(arch)) for arch in ("resnet18", "resnet50")]}
    for column in read_architectures(document):
        with torch.device("meta"):
            model = resnet.resnet(column.arch, 7, "3x3", zero_init_residual=False, stem=stem).eval()
            maps: dict[str, str] = {}
            model.layer4.register_forward_hook(summary.size_recorder(maps, "last"))
            for size_px in (28, 33, 64, 224):
                model(torch.empty(1, 3, size_px, size_px))
                side = STEMS[stem].last_map_px(size_px)
                assert maps["last"] == f"{side}×{side}"
        assert own_parameters(column, stem, 7) == sum(each.numel() for each in model.parameters())
