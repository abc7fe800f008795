"""A home with a small data set, and the first run in it, trained."""

import pytest
from pictures import class_folders
from sessions import Memory
from trainings import spec, train

from engine.files.paths import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("home")
    class_folders(root / "data", classes=3, each=12)
    return Home.find(root, cache=root / "cache")


@pytest.fixture(scope="module")
def trained(home: Home) -> Memory:
    return train(home, 1, spec())
