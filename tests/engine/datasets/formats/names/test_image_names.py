"""Names of images, counted in a folder as they are found."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import touch

from engine.datasets.formats.names.image_names import Listing
from engine.datasets.formats.names.places import Places

STEMS = st.sampled_from(["a", "A", "1", "x.y", ".h"])
SUFFIXES = st.sampled_from(["", ".png", ".PNG", ".Jpg", ".jpg", ".001"])
FOLDERS = st.sampled_from(["", "in/", "In/", "in/in/", "./", ".//in/", "../", "in/../", "/", "none/"])
NAMES = st.lists(
    st.tuples(FOLDERS, STEMS, SUFFIXES).map("".join) | st.sampled_from(["", "\0", "in/"]), max_size=12
)


@given(
    files=st.sets(
        st.tuples(st.sampled_from(["", "in/", "in/in/"]), STEMS, SUFFIXES).map("".join), max_size=8
    ),
    names=NAMES,
)
def test_the_names_that_are_found_are_counted(
    tmp_path_factory: pytest.TempPathFactory, files: set[str], names: list[str]
) -> None:
    root = tmp_path_factory.mktemp("listing")
    touch(root, *files)
    assert Listing(root).count(names) == sum(Listing(root).find(name) is not None for name in names)


def test_only_folders_of_that_name_are_read(tmp_path: Path) -> None:
    touch(tmp_path, *(f"k{number}/{number}.png" for number in range(20)))
    names = [f"k{number}/{number}.png" for number in range(20)]
    places = Places(tmp_path)
    best, others = places.best(names)
    assert best.root == tmp_path and best.count(names) == 20 and others == []
    assert all(listing._folders.keys() == {""} for listing in places._near[1:])


def test_a_file_that_is_looked_up_alone_is_not_replaced_either(tmp_path: Path) -> None:
    touch(tmp_path, "images/1.jpg", "images/2.png", "other/3.png", "other/004.png", "images/sub/5.png")
    places = Places(tmp_path)
    assert places.find("1.jpg") == tmp_path / "images" / "1.jpg"
    assert places.find("2.jpg") == tmp_path / "images" / "2.png"
    assert (
        places.find("3.jpg") is None and places.find("4.png") is None and places.find("images/3.png") is None
    )
    assert places.find("5.png") == tmp_path / "images" / "sub" / "5.png"
