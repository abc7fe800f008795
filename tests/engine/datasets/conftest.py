"""A small folder of images."""

from pathlib import Path

import pytest
from indexes import index_folder
from pictures import class_folders

from engine.datasets.index import Index


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """45 images in three classes."""
    return index_folder(class_folders(tmp_path / "data", each=15), test_fraction=0.2)
