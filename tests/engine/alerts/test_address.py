"""Addresses are read from several places and shown without their secrets."""

import io
from pathlib import Path

import pytest

from engine.alerts.address import (
    VARIABLE,
    digest_of,
    of_environment,
    read_addresses,
    scheme_of,
    shown_address,
    with_addresses_shown,
    without_secrets,
)
from engine.alerts.errors import AlertError

SECRET = "tOk3n99"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"slack://{SECRET}/{SECRET}/{SECRET}", "slack://…"),
        (f"discord://123/{SECRET}", "discord://…"),
        (f"tgram://123456789:{SECRET}/12315544/", "tgram://…"),
        (f"ntfy://{SECRET}", "ntfy://…"),
        (f"ntfys://{SECRET}?priority=high", "ntfys://…"),
        (f"ntfys://{SECRET}/?priority=high", "ntfys://…"),
        (f"ntfys://ann:{SECRET}@ntfy.example.org/{SECRET}", "ntfys://ntfy.example.org/…"),
        (f"mailto://ann:{SECRET}@example.org?to={SECRET}", "mailto://example.org/…"),
        (f"https://hooks.slack.com/services/{SECRET}", "https://hooks.slack.com/…"),
        (f"JSON://ann:{SECRET}@example.org:8080/{SECRET}", "json://example.org:8080/…"),
        (f"json://{SECRET} {SECRET}", "json://…"),
        (SECRET, "…"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert shown_address(url) == shown
    assert SECRET not in without_secrets(f"cannot send to {url}: token {SECRET.lower()} is wrong", url)


def test_what_is_no_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(
        AlertError, match=r"^the address of alerts is no URL: write it like ntfys://"
    ) as error:
        scheme_of(SECRET)
    assert SECRET not in str(error.value)


def test_a_message_shows_addresses_without_their_secrets() -> None:
    said = with_addresses_shown(f"unrecognized arguments: --url ntfys://h/{SECRET} slack://{SECRET}/x")
    assert said == "unrecognized arguments: --url ntfys://h/… slack://…"


def test_addresses_come_from_texts_files_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "urls"
    file.write_text("# team\nslack://a/b/c\n\n  ntfys://h/t  \n")
    monkeypatch.setattr("sys.stdin", io.StringIO("json://h/x\n"))
    read = read_addresses(["slack://a/b/c", f"@{file}", "-"])
    assert read == ["slack://a/b/c", "ntfys://h/t", "json://h/x"]
    monkeypatch.setenv(VARIABLE, f"json://one/x @{file}\n")
    assert of_environment() == ["json://one/x", "slack://a/b/c", "ntfys://h/t"]


def test_a_file_that_names_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlertError, match="cannot be read: No such file"):
        read_addresses([f"@{tmp_path / 'none'}"])
    (tmp_path / "empty").write_text("# nothing\n")
    with pytest.raises(AlertError, match="names none: write one a line"):
        read_addresses([f"@{tmp_path / 'empty'}"])


def test_the_digest_tells_addresses_apart() -> None:
    assert digest_of("json://a") == digest_of("json://a") != digest_of("json://b")
