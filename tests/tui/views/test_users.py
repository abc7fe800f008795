"""Users of a run table."""

import pytest

from tui.views.users import has_several


@pytest.mark.parametrize(
    ("users", "several"),
    [((), False), (("",), False), (("ann", "ann"), False), (("", "ann"), False), (("ann", "bob", ""), True)],
)
def test_nobody_is_no_user(users: tuple[str, ...], several: bool) -> None:
    assert has_several(users) is several
