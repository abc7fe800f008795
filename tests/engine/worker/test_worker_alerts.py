"""Real workers send alerts, hide their addresses, and lose no message when they are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from told import later, tell
from waiting import LIMIT_S, until
from webhook import TOKEN, Webhook, webhook

from engine.alerts.address import VARIABLE
from engine.store import alerts
from engine.worker.alert_flags import divided
from engine.worker.arguments import parse


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


def test_a_draining_worker_sends_its_last_alerts_before_it_leaves(lab: Lab, hook: Webhook) -> None:
    tell(lab.store, url=hook.url)
    lab.add(), lab.add(data="nowhere")
    lab.drain()
    titles = " | ".join(hook.titles)
    text = titles + " | ".join(each["message"] for each in hook.messages)
    assert "#1 resnet18 none lr 0.01: done, test_acc" in text
    assert "#2 resnet18 none lr 0.01: failed, data: " in text
    assert "queue empty" in titles and len(hook.messages) <= 3
    with lab.store.read() as session:
        assert alerts.waiting(session) == 0


def test_a_killed_worker_leaves_its_message_to_the_next(lab: Lab, hook: Webhook) -> None:
    tell(lab.store, "done", url=hook.url + "?rto=600")
    lab.add()
    hook.holds.clear()
    worker = lab.start_worker()
    hook.until_messages(1)  # the worker waits for the answer
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    hook.holds.set()
    lab.drain()
    assert len(hook.messages) == 1, "the claim of the killed one has not run out"
    later(lab.store)
    lab.drain()
    first, again = hook.messages
    assert again["title"] == first["title"]
    assert again["message"].splitlines()[-1].startswith("perhaps a repeat: ")
    lab.drain()
    assert len(hook.messages) == 2


def test_an_address_on_the_command_line_is_hidden_from_others(lab: Lab, hook: Webhook) -> None:
    run_id = lab.add()
    command = [
        sys.executable,
        "-P",
        "-m",
        "engine.worker",
        "--home",
        str(lab.home.root),
        "--device",
        "cpu",
        "--drain",
    ]
    url = f"--notify-url={hook.url}"
    hook.holds.clear()
    with subprocess.Popen(
        [*command, url, "--notify-on", "done"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as worker:
        hook.until_messages(1)
        family = [worker.pid, *_children(worker.pid)]
        seen = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in family]
        given = [Path(f"/proc/{pid}/environ").read_bytes().decode() for pid in family[1:]]
        hook.holds.set()
        _, said = worker.communicate(timeout=LIMIT_S)
    assert worker.returncode == 0 and lab.run(run_id).status == "done"
    assert len(seen) > 1 and TOKEN not in "".join(seen) and TOKEN not in "".join(given)
    assert f"alerts go to {hook.shown}: done" in said and TOKEN not in said
    assert TOKEN not in lab.log(run_id) and TOKEN.encode() not in lab.home.database_file.read_bytes()  # type: ignore[union-attr]
    [message] = hook.messages
    assert "done, test_acc" in message["title"]


def _children(pid: int) -> list[int]:
    """The processes that any thread of a process has started."""
    listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(each) for text in listed for each in text.split()]


def test_the_environment_brings_addresses_and_a_wrong_one_keeps_the_worker_from_starting(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"slack://{TOKEN}")
    worker = lab.start_worker("--drain")
    _, said = worker.communicate(timeout=LIMIT_S)
    assert worker.returncode == 2 and said.count("\n") == 1
    assert said.startswith("engine.worker: slack://… is incomplete or wrong") and TOKEN not in said


def test_a_flag_that_is_misspelt_does_not_show_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--notify-urls", f"slack://{TOKEN}"])
    assert capsys.readouterr().err == "engine.worker: unrecognized arguments: --notify-urls slack://…\n"


def test_an_address_that_does_not_answer_delays_no_training(lab: Lab, hook: Webhook) -> None:
    hook.holds.clear()
    tell(lab.store, "done", url=hook.url + "?rto=600")
    first, second = lab.add(), lab.add(epochs=500)
    worker = lab.start_worker()
    hook.until_messages(1)
    lab.until_epoch(second, 1)
    assert lab.run(first).status == "done"
    family = _children(worker.pid)
    assert any(b"engine.alerts.service" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=LIMIT_S) == 0
    assert lab.run(second).status == "queued" and lab.run(second).failures == 0
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), what="the end of its processes")


@pytest.mark.parametrize(
    ("given", "addresses", "rest"),
    [
        (["--drain", "--notify-url", "json://a"], ["json://a"], ["--drain"]),
        (["--notify-url=json://a", "--notify-url", "json://b", "--tag", "x"], ["json://a", "json://b"], ["--tag", "x"]),
        (["--notify-url", "@file", "--notify-on", "done"], [], ["--notify-url", "@file", "--notify-on", "done"]),
        (["--notify-url"], [], ["--notify-url"]),
        (["--notify-u", "json://a", "--notify-o", "done"], ["json://a"], ["--notify-o", "done"]),
        (["--notify-", "json://a"], [], ["--notify-", "json://a"]),
        (["--home=x=y"], [], ["--home=x=y"]),
    ],
)  # fmt: skip
def test_addresses_are_taken_from_a_command_line(
    given: list[str], addresses: list[str], rest: list[str]
) -> None:
    assert divided(given) == (addresses, rest)
