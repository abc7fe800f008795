"""Access to the server: the token, and requests without one."""

import pytest

from tui.serve.access import BadAddress, below_token, is_loopback, is_of_this_computer, new_token


def test_tokens_are_long_differ_and_fit_into_an_address() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(each) >= 43 and each.replace("-", "").replace("_", "").isalnum() for each in tokens)


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/secret/", "/"),
        ("/secret/ws", "/ws"),
        ("/secret//ws", "//ws"),
        ("/secret", ""),
        ("/", None),
        ("", None),
        ("/secre/", None),
        ("/secrets/", None),
        ("/SECRET/", None),
        ("/x/secret/", None),
        ("//secret/", None),
        ("/sécret/", None),
        ("/\udcff/", None),
    ],
)
def test_a_path_is_seen_below_the_whole_token_alone(path: str, rest: str | None) -> None:
    assert below_token(path, "secret") == rest


@pytest.mark.parametrize(
    ("host", "origin", "is_ours"),
    [
        ("127.0.0.1:8000", None, True),
        ("localhost:8000", "http://localhost:8000", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("127.0.0.1:8000", "http://127.0.0.1:9000", False),
        ("127.0.0.1:8000", "https://evil.example", False),
        ("127.0.0.1:8000", "null", False),
        ("evil.example:8000", "http://evil.example:8000", False),
        ("localhost.evil.example", None, False),
        ("192.0.2.1:8000", None, False),
        ("", None, False),
        ("[", None, False),
    ],
)
def test_without_a_token_pages_of_others_see_nothing(host: str, origin: str | None, is_ours: bool) -> None:
    assert is_of_this_computer(host, origin) is is_ours


def test_loopback_is_told_from_what_others_reach() -> None:
    assert [is_loopback(each) for each in ("127.0.0.1", "localhost", "0.0.0.0", "::")] == [
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(BadAddress, match="give an address of this computer"):
        is_loopback("no host of this name")
    for unsayable in ("a..b", "a" * 70, "\udcff"):
        with pytest.raises(BadAddress, match="no name of a host"):
            is_loopback(unsayable)
