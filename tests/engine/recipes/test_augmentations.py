"""The names that `augment` joins, and what they ask of the packed images."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipes.augmentations import AUGMENTATIONS, canonical, packed_px, passes_of
from engine.spec.grid import SpecError, expand_grid, make_spec


def spec_problem(augment: str) -> str:
    with pytest.raises(SpecError) as caught:
        make_spec({"data": "x", "augment": augment})
    return caught.value.problems["augment"]


def test_words_are_joined_in_one_order() -> None:
    for text in ("rotate+flip", "flip + rotate", "flip+rotate+flip"):
        assert make_spec({"data": "x", "augment": text}).augment == "flip+rotate"
    one, other = (make_spec({"data": "x", "augment": text}) for text in ("crop+rotate", "rotate+crop"))
    assert one.digest() == other.digest()
    grid = expand_grid({"data": "x", "augment": ["none", "flip4", "crop+flip"]})
    assert [spec.augment for spec in grid] == ["none", "flip4", "flip+crop"]


def test_a_wrong_word_says_what_may_be_joined() -> None:
    assert (
        spec_problem("twist") == "'twist' is unknown: choose none, or join flip, flip4, rotate, crop with +"
    )
    assert "'' is unknown" in spec_problem("flip+")
    assert "none stands alone" in spec_problem("none+flip")
    assert "flip4 shows every mirroring already" in spec_problem("flip+flip4")


@given(
    st.sets(st.sampled_from(sorted(AUGMENTATIONS))).filter(lambda words: not {"flip", "flip4"} <= words),
    st.randoms(),
)
def test_canonical_text_does_not_depend_on_the_order(words: set[str], random: object) -> None:
    shuffled = sorted(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    text = "+".join(shuffled) or "none"
    assert canonical(text) == canonical("+".join(reversed(text.split("+")))) == canonical(canonical(text))
    assert passes_of(canonical(text)) == (4 if "flip4" in words else 1)


def test_the_map_has_a_margin_where_something_is_turned_or_cut() -> None:
    assert [packed_px(224, augment) for augment in ("none", "flip", "flip4")] == [224] * 3
    assert packed_px(224, "flip+rotate") == packed_px(224, "crop") == 258
    assert packed_px(100, "crop") == 116 and packed_px(512, "crop") == 590 and packed_px(17, "crop") == 20
