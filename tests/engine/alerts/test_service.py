"""Checks and messages through apprise itself, against a server of the tests."""

import pytest
from webhook import TOKEN, Webhook

from engine.alerts import sender
from engine.alerts.errors import AlertError
from engine.alerts.sender import Sender, check_addresses


@pytest.fixture
def db_url() -> str:
    """These tests need no database."""
    return ""


def test_a_message_arrives_as_plain_text(hook: Webhook) -> None:
    sent = Sender().send(hook.url, "gpu03 · #7: failed", "a <b> *c*\nto do: less")
    assert sent.problem is None and sent.seconds > 0
    [got] = hook.messages
    assert (got["title"], got["message"]) == ("gpu03 · #7: failed", "a <b> *c*\nto do: less")


def test_a_message_that_is_refused_says_why(hook: Webhook) -> None:
    hook.answers = [500, 404]
    assert (
        Sender().send(hook.url, "t", "b").problem
        == "the service answered with error 500 (Internal Server Error)"
    )
    assert Sender().send(hook.url, "t", "b").problem == "the service answered with error 404 (Not Found)"
    hook.close()
    assert (
        Sender().send(hook.url, "t", "b").problem
        == "no connection to the service: check host, port and network"
    )


def test_a_service_that_does_not_answer_is_given_up(hook: Webhook) -> None:
    hook.holds.clear()
    slow = hook.url + "?rto=600"
    assert Sender(answer_s=3.0).send(slow, "t", "b").problem == "no answer within 3 s"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"slack://{TOKEN}", r"^slack://… is incomplete or wrong \(.*\); its form is slack://\{token_a\}/"),
        (f"slak://{TOKEN}/x", r"^slak://… names no service that apprise knows: check the word before ://$"),
        (f"https://example.org/{TOKEN}", "write a webhook of your own as jsons://HOST/PATH$"),
        (f"discord://{TOKEN}", r"^discord://… is incomplete or wrong"),
        (f"mailto://{TOKEN}@", r"^mailto://… is incomplete or wrong"),
        (TOKEN, "is no URL"),
    ],
)
def test_a_wrong_address_is_explained_without_its_secret(url: str, says: str) -> None:
    with pytest.raises(AlertError, match=says) as error:
        check_addresses([url])
    assert TOKEN not in str(error.value) and "\n" not in str(error.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "find_spec", lambda _name: None)
    with pytest.raises(
        AlertError, match=r"^alerts need the package apprise: pip install 'resnet-tui\[alerts\]'$"
    ):
        check_addresses(["json://example.org"])
    check_addresses([])
