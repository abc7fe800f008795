"""Groups of test images, as the data have them or by their names."""

from pathlib import Path

import pytest
from pictures import draw

from engine.datasets.layouts import DataError
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader, ImageGroups
from engine.spec.grid import make_spec


def test_images_are_taken_together_as_their_data_have_it(tmp_path: Path) -> None:
    """By a column; by names where the data have gone; not at all where the column was named and cannot be read."""
    home = Home.find(tmp_path)
    folder = home.root / "clinic"
    names = [f"{number:03}.png" for number in range(12)]
    for number, name in enumerate(names):
        draw(folder / name, number % 2, number)
    rows = [f"{name},{number % 2},p{number // 3}" for number, name in enumerate(names)]
    (folder / "labels.csv").write_text("\n".join(["image,label,doctor", *rows]) + "\n")
    plain = make_spec({"data": "clinic", "image_size": 16})
    by_column = make_spec({"data": "clinic", "image_size": 16, "group_column": "doctor"})
    reader = GroupReader(home)
    assert reader.groups_of(plain, names) == ImageGroups(None)
    groups = reader.groups_of(by_column, names)
    assert groups.each(names) == [f"p{number // 3}" for number in range(12)] and "doctor" in groups.rule
    with pytest.raises(DataError, match="has different images now"):
        reader.groups_of(by_column, [*names, "new.png"])
    (folder / "labels.csv").unlink()
    assert reader.groups_of(by_column, names) == groups, "the data are read once"
    reader = GroupReader(home)
    eyes = [f"{number}_{eye}.png" for number in range(6) for eye in ("left", "right")]
    groups = reader.groups_of(make_spec({"data": "gone"}), eyes)
    assert (
        groups.of is not None
        and len(set(groups.of.values())) == 6
        and "the data cannot be read" in groups.rule
    )
    with pytest.raises(DataError):
        reader.groups_of(by_column, names)
    assert reader.groups_of(make_spec({"data": "digits"}), ["digits#1", "digits#2"]) == ImageGroups(None)
