"""Does a worker outlive its user's logout? Rules on tables, facts from fake files and fake executables."""

import sys
from pathlib import Path

import pytest
from waiting import LIMIT_S

import tui.cli  # noqa: F401  (its package holds the verb under the module's name)
from engine.files.paths import Home
from engine.hardware import linger, worker_start
from engine.hardware.linger import AS_SCOPE, Facts, Rules, parse_bus, plan, read_rules

KILLS = Rules(kills=True)


@pytest.mark.parametrize(
    ("rules", "user", "killed"),
    [
        (Rules(), "ann", False),
        (KILLS, "ann", True),
        (KILLS, "root", False),
        (Rules(kills=True, exclude=()), "root", True),
        (Rules(kills=True, exclude=("ann",)), "ann", False),
        (Rules(kills=True, exclude=("ann",)), "root", True),
        (Rules(kills=False, only=("ann",)), "ann", True),
        (Rules(kills=True, only=("bob",)), "ann", False),
        (Rules(kills=True, only=("ann",), exclude=("ann",)), "ann", False),
    ],
)
def test_whose_sessions_are_killed(rules: Rules, user: str, killed: bool) -> None:
    assert rules.kills_sessions_of(user) is killed


@pytest.mark.parametrize(
    ("facts", "prefix", "says"),
    [
        (Facts("ann", "elsewhere", KILLS, linger=False, manager=False), (), None),
        (Facts("ann", "session", Rules(), linger=False, manager=True), (), None),
        (Facts("root", "session", KILLS, linger=False, manager=True), (), None),
        (Facts("ann", "session", KILLS, linger=True, manager=True), AS_SCOPE, "from the app"),
        (Facts("ann", "session", KILLS, linger=True, manager=False), (), "cannot be reached"),
        (Facts("ann", "session", KILLS, linger=False, manager=True), (), "run loginctl enable-linger"),
        (Facts("ann", "manager", Rules(), linger=False, manager=True), (), "run loginctl enable-linger"),
        (Facts("ann", "manager", KILLS, linger=True, manager=True), (), None),
    ],
)
def test_what_is_done_about_it(facts: Facts, prefix: tuple[str, ...], says: str | None) -> None:
    found = plan(facts)
    assert found.prefix == prefix
    assert (found.warning is None) if says is None else (says in (found.warning or ""))


@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        ("b false\nas 0\nas 0\n", Rules()),
        ('b true\nas 0\nas 1 "root"\n', Rules(kills=True, exclude=("root",))),
        ('b true\nas 2 "ann" "bob"\nas 0\n', Rules(kills=True, only=("ann", "bob"))),
        ("Failed to get property", None),
        ("", None),
    ],
)
def test_the_bus_is_understood(answer: str, rules: Rules | None) -> None:
    assert parse_bus(answer) == rules


def config(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("files", "rules"),
    [
        ({}, Rules()),
        ({"usr/lib/systemd/logind.conf": "[Login]\n#KillUserProcesses=yes\n"}, Rules(kills=True)),
        (
            {"etc/systemd/logind.conf": "[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n"},
            Rules(kills=True),
        ),
        (
            {
                "etc/systemd/logind.conf": "[Login]\nKillUserProcesses=no\n",
                "etc/systemd/logind.conf.d/50-kill.conf": "[Login]\nKillUserProcesses=yes\n",
            },
            Rules(kills=True),
        ),
        (
            {
                "usr/lib/systemd/logind.conf.d/50.conf": "[Login]\nKillUserProcesses=yes\n",
                "etc/systemd/logind.conf.d/50.conf": "[Login]\nKillOnlyUsers=ann\nKillOnlyUsers=bob\n",
            },
            Rules(kills=False, only=("ann", "bob")),
        ),
        (
            {"run/systemd/logind.conf.d/1.conf": "[Login]\nKillExcludeUsers=ann\nKillExcludeUsers=\n"},
            Rules(exclude=()),
        ),
    ],
)
def test_the_configuration_is_read_with_its_drop_ins(
    tmp_path: Path, files: dict[str, str], rules: Rules
) -> None:
    config(tmp_path, files)
    assert read_rules(tmp_path) == rules


@pytest.fixture
def session_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host on which we are logged in and whose configuration kills; its tools are fakes that fail."""
    monkeypatch.setattr(linger, "_user", lambda: "ann")
    monkeypatch.setattr(linger, "ASK_TIMEOUT_S", LIMIT_S)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    config(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n",
            "etc/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n",
        },
    )
    for tool in ("busctl", "systemctl"):
        executable(tmp_path, tool, "exit 1")
    return tmp_path


def executable(root: Path, name: str, script: str) -> None:
    path = root / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)


def test_without_a_bus_the_files_decide(session_host: Path) -> None:
    assert linger.facts(session_host) == Facts("ann", "session", KILLS, linger=False, manager=False)
    assert "enable-linger" in (linger.look(session_host).warning or "")


def test_the_bus_overrules_the_files_and_a_lingering_user_gets_a_scope(session_host: Path) -> None:
    executable(session_host, "systemctl", "echo Version=255")
    config(session_host, {"var/lib/systemd/linger/ann": ""})
    assert linger.look(session_host).prefix == AS_SCOPE
    executable(session_host, "busctl", "echo 'b false'; echo 'as 0'; echo 'as 0'")
    assert linger.look(session_host) == linger.Plan()


def test_a_tool_that_hangs_or_is_missing_is_no_obstacle(
    session_host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linger, "ASK_TIMEOUT_S", 0.05)
    executable(session_host, "busctl", "exec /bin/sleep 5")
    (session_host / "bin" / "systemctl").unlink()
    assert linger.facts(session_host).rules == KILLS and not linger.facts(session_host).manager


@pytest.mark.parametrize(
    ("groups", "place"),
    [
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", "manager"),
        ("0::/system.slice/cron.service", "elsewhere"),
        ("1:name=systemd:/user.slice/user-0.slice/session-c1.scope\n0::/", "session"),
        (None, "elsewhere"),
    ],
)
def test_where_this_process_is(tmp_path: Path, groups: str | None, place: str) -> None:
    if groups is not None:
        config(tmp_path, {"proc/self/cgroup": groups})
    assert linger.facts(tmp_path).place == place


@pytest.mark.parametrize(
    ("found", "command", "warning"),
    [
        (linger.Plan(), ["sh", "-c", "true"], None),
        (linger.Plan((), "logging out ends it"), ["sh", "-c", "true"], "logging out ends it"),
        (linger.Plan(("env", "--"), "start it so"), ["env", "--", "sh", "-c", "true"], None),
    ],
)
def test_the_app_starts_a_worker_so_that_it_goes_on_or_says_so_before(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: linger.Plan,
    command: list[str],
    warning: str | None,
) -> None:
    monkeypatch.setattr(linger, "look", lambda: found)
    monkeypatch.setattr(worker_start, "worker_command", lambda _home, **_: ["sh", "-c", "true"])
    assert worker_start.logout_warning() == warning
    started = worker_start.start_worker(Home.find(tmp_path))
    assert started.args == command and started.wait(timeout=LIMIT_S) == 0


@pytest.mark.parametrize(
    ("found", "says", "problem"),
    [
        (linger.Plan(), "workers keep running", None),
        (linger.Plan(AS_SCOPE, "start it so"), "workers that the app starts keep running", None),
        (linger.Plan((), "logging out ends it"), "workers are stopped", "logging out ends it"),
    ],
)
def test_doctor_says_what_a_logout_does(
    monkeypatch: pytest.MonkeyPatch, found: linger.Plan, says: str, problem: str | None
) -> None:
    monkeypatch.setattr(linger, "look", lambda: found)
    check = sys.modules["tui.cli.doctor"]._logout()
    assert check.found.startswith(says) and check.problem == problem
