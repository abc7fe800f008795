"""A home with a small data set, and the first run in it, trained."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pictures import class_folders
from sessions import Memory
from trainings import spec, train

from engine.files.paths import Home
from engine.spec.archs import ARCH_INFOS

RESNET18 = ARCH_INFOS["resnet18"]
ON_A_CARD = ("test_cuda.py", "test_cuda_workers.py")


@pytest.fixture(scope="module", autouse=True)
def small_resnet18(request: pytest.FixtureRequest) -> Iterator[None]:
    """ResNet-18 with an eighth of its channels: its steps and checkpoints take a tenth of the time. The tests that need
    a card train the published one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.name not in ON_A_CARD:
            patch.setitem(ARCH_INFOS, "resnet18", replace(RESNET18, stem_channels=8))
        yield


@pytest.fixture
def published_resnet18(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCH_INFOS, "resnet18", RESNET18)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("home")
    class_folders(root / "data", classes=3, each=12)
    return Home.find(root, cache=root / "cache")


@pytest.fixture(scope="module")
def trained(home: Home) -> Memory:
    return train(home, 1, spec())
