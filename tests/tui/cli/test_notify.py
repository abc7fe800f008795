"""`notify` and `add --notify-url`: addresses are checked, kept, listed without secrets, tested and removed."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell import Shell
from webhook import TOKEN, Webhook, webhook

from engine.alerts import sender
from engine.alerts.address import VARIABLE
from engine.store import alerts
from engine.store.database import open_store

RUN = ("--data", "digits", "--image-size", "16")


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


def test_an_address_is_added_listed_tested_and_removed(shell: Shell, hook: Webhook) -> None:
    assert shell("notify", "add", hook.url) == 0
    assert shell.err == f"address 1, {hook.shown}, is told of failed, finding, stalled, empty, done\n"
    assert shell("notify", "add", hook.url, "--on", "done,best") == 0 and "address 1," in shell.err
    assert shell("notify", "ls") == 0
    head, row = shell.out.splitlines()
    assert head.split("  ")[0] == "id" and row.split() == [
        "1",
        hook.shown,
        "all",
        "runs",
        "done,",
        "best",
        "–",
    ]
    assert shell("notify", "test") == 0
    assert shell.out.startswith(f"{hook.shown}  ✔ taken by the service in ")
    [got] = hook.messages
    assert got["title"].endswith(": alerts of resnet-tui arrive here")
    hook.answers = [503]
    assert shell("notify", "test", "1") == 1
    assert shell.out == f"{hook.shown}  ✖ the service answered with error 503 (Service Unavailable)\n"
    assert shell("notify", "rm", "1") == 0 and shell.err == f"removed: {hook.shown}\n"
    assert "nobody is told of anything" in shell.refuses("notify", "test")
    assert "there is no address 1" in shell.refuses("notify", "rm", "1")
    assert TOKEN not in shell.refuses("notify", "add", hook.url, hook.url)


def test_an_address_may_come_from_a_file_and_the_environment(
    shell: Shell, hook: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "urls").write_text(f"{hook.url}\n{hook.url}2\n")
    assert shell("notify", "add", "@urls", "--sweep", "lrs", "--notify-on", "failed") == 0
    assert shell("notify", "ls", "--json") == 0
    found = json.loads(shell.out)["addresses"]
    assert [(each["sweep"], each["told_of"], each["address"]) for each in found] == [
        ("lrs", ["failed"], hook.shown)
    ] * 2
    monkeypatch.setenv(VARIABLE, f"{hook.url}3")
    assert shell("notify", "test") == 0 and shell.out.count("✔") == 3


def test_a_sweep_has_its_own_address_and_nothing_shows_its_secret(
    shell: Shell, hook: Webhook, tmp_path: Path
) -> None:
    assert (
        shell(
            "add", *RUN, "--sweep", "lrs", "--lr", "0.1,0.01", "--notify-url", hook.url, "--notify-on", "all"
        )
        == 0
    )
    assert shell.out == "1\n2\n"
    assert (
        f"{hook.shown} is told of lrs: failed, finding, stalled, empty, done, best" in shell.err.splitlines()
    )
    shown = shell.err
    calls = (("ls", "--json"), ("show", "1", "--json"), ("show", "1"), ("export", "--json"), ("notify", "ls"),
             ("notify", "ls", "--json"), ("doctor",), ("news",), ("undo",))  # fmt: skip
    for call in calls:
        shell(*call)
        shown += shell.out + shell.err
    assert TOKEN not in shown and hook.shown in shown
    with open_store(f"sqlite:///{tmp_path / 'runs.db'}").read() as session:
        [row] = alerts.channels(session)
    assert (row.sweep, row.url) == ("lrs", hook.url)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--notify-url", f"slack://{TOKEN}", "--sweep", "lrs"), "slack://… is incomplete or wrong"),
        (("--notify-url", f"slak://{TOKEN}", "--sweep", "lrs"), "slak://… names no service"),
        (("--notify-url", TOKEN, "--sweep", "lrs"), "the address of alerts is no URL"),
        (("--notify-url", "json://localhost"), "--notify-url is told of a sweep: add --sweep NAME"),
        (("--notify-on", "done"), "--notify-on belongs to --notify-url"),
        (
            ("--notify-url", "json://localhost", "--notify-on", "finished", "--sweep", "s"),
            "'finished' is no event",
        ),
        (("--notify-url", "@none", "--sweep", "lrs"), "the file of addresses none cannot be read"),
    ],
)
def test_a_wrong_address_adds_no_run(shell: Shell, tmp_path: Path, flags: tuple[str, ...], says: str) -> None:
    refused = shell.refuses("add", *RUN, *flags)
    assert says in refused and TOKEN not in refused
    assert not (tmp_path / "runs.db").exists()


def test_a_sweep_that_is_saved_to_a_file_has_no_address_in_it(
    shell: Shell, hook: Webhook, tmp_path: Path
) -> None:
    assert shell("add", *RUN, "--sweep", "lrs", "--notify-url", hook.url, "--save", "sweep.toml") == 0
    saved = (tmp_path / "sweep.toml").read_text()
    assert "lrs" in saved and "notify" not in saved and TOKEN not in saved
    assert shell("add", "--from", "sweep.toml", "--notify-url", hook.url, "--notify-on", "done") == 0
    assert f"{hook.shown} is told of lrs: done" in shell.err.splitlines()


def test_a_missing_package_is_named_at_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "find_spec", lambda _name: None)
    said = shell.refuses("notify", "add", "json://localhost")
    assert said == "resnet-tui: alerts need the package apprise: pip install 'resnet-tui[alerts]'\n"


def test_doctor_names_a_package_that_alerts_lack(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell("notify", "add", "json://localhost") == 0
    doctor = sys.modules["tui.cli.doctor"]
    monkeypatch.setattr(doctor, "_device", lambda: (doctor.Check("device", "none"), None))
    shell("doctor")
    assert "✔ alerts         json://localhost/…: failed, finding, stalled, empty, done" in shell.out
    monkeypatch.setattr(sender, "find_spec", lambda _name: None)
    assert shell("doctor") == 1 and "alerts need the package apprise: pip install" in shell.out
