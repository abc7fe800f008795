"""Names of data sets, shortened to what tells them apart."""

from hypothesis import given
from hypothesis import strategies as st

from engine.short_names import short_names
from engine.spec.constants import BUILTIN_DEFAULTS


def test_the_last_part_is_enough_where_nothing_else_ends_in_it() -> None:
    long = "/scratch/project/2026/retina/labels.csv"
    assert short_names([long, "data/leaves", "digits", long]) == {
        long: "labels.csv",
        "data/leaves": "leaves",
        "digits": "digits",
    }


def test_alike_ends_take_in_the_folder_above() -> None:
    names = short_names(["/a/left/labels.csv", "/a/right/labels.csv", "labels.csv"])
    assert list(names.values()) == ["left/labels.csv", "right/labels.csv", "labels.csv"]


def test_a_folder_called_like_a_built_in_set_is_not_taken_for_it() -> None:
    assert short_names(["/mine/digits"]) == {"/mine/digits": "mine/digits"}
    assert short_names(["/digits"]) == {"/digits": "/digits"}


@given(st.lists(st.text(alphabet="ab/", min_size=1, max_size=8) | st.sampled_from(sorted(BUILTIN_DEFAULTS))))
def test_no_two_sets_ever_share_a_name(data: list[str]) -> None:
    names = short_names(data)
    assert names.keys() == set(data)
    assert len(set(names.values())) == len(names)
    assert all(plain(each).endswith(plain(name)) for each, name in names.items())


def plain(path: str) -> str:
    """Without empty parts."""
    return "/".join(filter(None, path.split("/")))
