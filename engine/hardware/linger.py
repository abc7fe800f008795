"""Survival of a worker after its user's logout: logind may kill all processes of a session, or of a user.

Sources: logind.conf(5), user@.service(5), systemd-run(1); for the users concerned, `manager_shall_kill` of logind."""

import getpass
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path("/")
CONFIG_FOLDERS = ("etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd", "lib/systemd")
"""Folders of configuration; an earlier one overrides a later one."""
PROPERTIES = ("KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")
BUS = (
    "busctl",
    "get-property",
    "org.freedesktop.login1",
    "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager",
)
MANAGER = ("systemctl", "--user", "show", "--property=Version")
AS_SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--collect", "--")
ASK_TIMEOUT_S = 1.0
YES = ("1", "yes", "y", "true", "t", "on")

Place = Literal["session", "manager", "elsewhere"]


@dataclass(frozen=True)
class Rules:
    """Settings of logind that say whose processes it kills at a logout."""

    kills: bool = False
    """KillUserProcesses."""
    only: tuple[str, ...] = ()
    """KillOnlyUsers."""
    exclude: tuple[str, ...] | None = None
    """KillExcludeUsers; None where it is not set, which excludes root."""

    def kills_sessions_of(self, user: str) -> bool:
        """Return True where logind kills the processes of this user's sessions."""
        if user in (("root",) if self.exclude is None else self.exclude):
            return False
        return user in self.only if self.only else self.kills


@dataclass(frozen=True)
class Facts:
    """Facts that decide whether a worker survives."""

    user: str
    place: Place
    """Place of this process: in a login session, under the user's service manager, or in neither (a container, a
    system service, no systemd)."""
    rules: Rules
    linger: bool
    """True where the user's service manager keeps running after the last logout."""
    manager: bool
    """True where the user's service manager can be reached."""


@dataclass(frozen=True)
class Plan:
    """Command prefix and warning for the start of a worker."""

    prefix: tuple[str, ...] = ()
    """Command to put before the worker's so that it survives the logout."""
    warning: str | None = None
    """Warning of one line for a worker started without the prefix: what will end it, and what helps."""


def plan(facts: Facts) -> Plan:
    """Decide how to start a worker; depends on the facts only."""
    linger = "loginctl enable-linger"
    if facts.place == "manager" and not facts.linger:
        return Plan((), f"logging out ends this worker (the user's services stop): run {linger} first")
    if facts.place != "session" or not facts.rules.kills_sessions_of(facts.user):
        return Plan()
    ends = "logging out ends this worker (logind's KillUserProcesses)"
    how = shlex.join(AS_SCOPE[:3])
    if facts.linger and facts.manager:
        return Plan(AS_SCOPE, f"{ends}: start it with {how} before its command, or from the app")
    if facts.linger:
        return Plan(
            (), f"{ends}, and the user's service manager cannot be reached: stay logged in, e.g. in a console"
        )
    return Plan((), f"{ends}: run {linger}, log in anew and start it from the app or with {how}")


def look(root: Path = ROOT) -> Plan:
    """Return the plan for a worker that is started from this process."""
    return plan(facts(root))


def facts(root: Path = ROOT) -> Facts:
    """Collect the facts from the system bus, or from the configuration files where there is no bus."""
    user = _user()
    place = _place(root)
    if place == "elsewhere":  # logind does not kill the worker, whatever the rules
        return Facts(user, place, Rules(), linger=False, manager=False)
    linger = (root / "var/lib/systemd/linger" / user).exists()
    return Facts(user, place, _rules_by_bus() or read_rules(root), linger, manager=_ask(MANAGER) is not None)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return ""


def _place(root: Path) -> Place:
    try:
        groups = (root / "proc/self/cgroup").read_text()
    except OSError:
        return "elsewhere"
    units = {part for line in groups.splitlines() for part in line.split("/")}
    if any(unit.startswith("session-") and unit.endswith(".scope") for unit in units):
        return "session"
    if any(unit.startswith("user@") and unit.endswith(".service") for unit in units):
        return "manager"
    return "elsewhere"


def _rules_by_bus() -> Rules | None:
    answer = _ask((*BUS, *PROPERTIES))
    return parse_bus(answer) if answer is not None else None


def parse_bus(answer: str) -> Rules | None:
    """Read busctl's lines for the three properties, such as `b true`, `as 0`, `as 2 "a" "b"`; None for other text.

    The bus returns an empty list both for a property that is not set and for one that is set to nothing."""
    try:
        words = [shlex.split(line) for line in answer.splitlines()]
        kills, only, exclude = ([*line[1:2], *line[2:]] for line in words)
    except ValueError:
        return None
    return Rules(kills[:1] == ["true"], tuple(only[1:]), tuple(exclude[1:]) or None)


def read_rules(root: Path) -> Rules:
    """Read logind.conf and its drop-ins; where they set nothing, take the package's default."""
    settings: dict[str, list[str]] = {}
    kills = False
    for path in _config_files(root):
        for key, value, is_comment in _assignments(path):
            if key == PROPERTIES[0] and (value or not is_comment):
                # The packaged file has the built-in default as a comment.
                kills = value.lower() in YES if not is_comment or key not in settings else kills
                if not is_comment:
                    settings[key] = []
            elif not is_comment:
                settings[key] = [*settings.get(key, ()), *_words(value)] if value else []
    exclude = settings.get(PROPERTIES[2])
    return Rules(kills, tuple(settings.get(PROPERTIES[1], ())), None if exclude is None else tuple(exclude))


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:  # an unclosed quote
        return value.split()


def _config_files(root: Path) -> Iterable[Path]:
    """Yield the main file, then the drop-ins by name; of several with one name, that in the first folder."""
    mains = [root / folder / "logind.conf" for folder in CONFIG_FOLDERS]
    yield from [path for path in mains if path.is_file()][:1]
    drop_ins: Mapping[str, Path] = {
        path.name: path
        for folder in reversed(CONFIG_FOLDERS)
        for path in (root / folder / "logind.conf.d").glob("*.conf")
    }
    yield from (drop_ins[name] for name in sorted(drop_ins))


def _assignments(path: Path) -> Iterable[tuple[str, str, bool]]:
    """Yield key, value, and whether the line is a comment, for each line that sets one of PROPERTIES."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        text = line.strip()
        key, separator, value = text.lstrip("#; ").partition("=")
        if separator and key.strip() in PROPERTIES:
            yield key.strip(), value.strip(), text[:1] in "#;"


def _ask(command: tuple[str, ...]) -> str | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=ASK_TIMEOUT_S,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
