"""Completion as bash, zsh and fish do it, with the scripts that `completion` prints."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shell import Shell
from studies import open_study
from waiting import LIMIT_S

from tui.cli.completion import PLACES
from tui.completion.answer import SHELLS

ROOT = Path(__file__).parents[3]
BASH = """
source "$1"; shift
compopt() { :; }
for line in "$@"; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9 COMPREPLY=()
    read -ra COMP_WORDS <<< "$line"
    [[ $line == *' ' ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _resnet_tui resnet-tui
    printf '%s\\n' "${COMPREPLY[@]}" =
done
"""
ZSH = """
compdef() { print -u2 compdef "$@" }
fpath=("$1" $fpath); shift
autoload -Uz _resnet-tui
_describe() { print -rl -- "${(@)described}" }
_files() { print -rl -- *(N) }
compset() { : }
for line in "$@"; do
    words=("${(@s: :)line}") CURRENT=${#words}
    PREFIX=$words[CURRENT]
    _resnet-tui
    print =
done
"""
FISH = 'source "$argv[1]"; for line in $argv[2..]; complete -C "$line"; echo =; end'
CALLS = {
    "bash": ["--norc", "-c", BASH, "bash"],
    "zsh": ["-f", "-c", ZSH, "zsh"],
    "fish": ["--no-config", "-c", FISH],
}
"""Arguments of each shell; the script, for zsh its folder, and command lines follow."""

Completed = Callable[..., list[list[str]]]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(params=SHELLS)
def completed(
    request: pytest.FixtureRequest, cache: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Completed]:
    """Give a function from command lines to the words that a shell offers for each."""
    name = request.param
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    assert shell("completion", name) == 0
    script = shell.home / "script" / Path(PLACES[name]).name
    script.parent.mkdir()
    script.write_text(shell.out)
    given = script.parent if name == "zsh" else script  # where zsh looks for it at the first Tab
    called = shell.home / "bin" / "resnet-tui"
    called.parent.mkdir()
    called.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from tui.start import main; main()' \"$@\"\n")
    called.chmod(0o700)
    places = {
        "PATH": f"{called.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(cache),
    }
    environment = {**os.environ, **places, "XDG_CACHE_HOME": str(cache)}

    def words(*lines: str) -> list[list[str]]:
        done = subprocess.run(
            [program, *CALLS[name], str(given), *lines],
            capture_output=True, text=True, env=environment, cwd=shell.home, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        parts = done.stdout.split("=\n")[:-1]
        return [[_word(name, line) for line in part.splitlines()] for part in parts]

    yield words


def _word(shell: str, line: str) -> str:
    """Return the word of a line that may have a hint."""
    if shell == "zsh":
        return line.replace("\\:", "\0").partition(":")[0].replace("\0", ":")
    return line.partition("\t")[0]


def test_verbs_flags_and_values(completed: Completed, shell: Shell) -> None:
    open_study(shell.home / "runs.db").close()
    (shell.home / "fundus pictures").mkdir()
    verbs, flags, archs, runs, sweep, sources, data, none = completed(
        "resnet-tui pre", "resnet-tui add --lab", "resnet-tui add --arch resnet18,resnet3", "resnet-tui cancel ",
        "resnet-tui ls --sweep d", "resnet-tui clone 4 --pretrained imagenet", "resnet-tui add --data fun",
        "resnet-tui nonsense ",
    )  # fmt: skip
    assert verbs == ["presets", "predict"] or sorted(verbs) == ["predict", "presets"]
    assert sorted(flags) == ["--label-column", "--label-smoothing"]
    assert archs == ["resnet18,resnet34"]
    assert runs == list("87654321") and sweep == ["demo"]
    assert sources[:3] == ["imagenet", "imagenet-v1", "imagenet-v2"]
    assert {"fundus", "fundus-balanced"} <= set(data) and any("fundus pictures" in each for each in data)
    assert none in ([], [""])
    assert sorted(os.listdir(shell.home)) == ["bin", "fundus pictures", "runs.db", "script"]


def test_zsh_takes_the_script_without_a_file_too(shell: Shell) -> None:
    program = shutil.which("zsh")
    if program is None:
        pytest.skip("zsh is not installed")
    assert shell("completion", "zsh") == 0
    command = 'compdef() { print "$@" }; eval "$1"'
    done = subprocess.run(
        [program, "-f", "-c", command, "zsh", shell.out],
        capture_output=True, text=True, timeout=LIMIT_S, check=True,
    )  # fmt: skip
    assert done.stdout == "_resnet-tui resnet-tui\n" and done.stderr == ""


def test_bash_replaces_what_follows_its_word_breaks(shell: Shell, cache: Path) -> None:
    command = "from tui.start import main; main()"

    def words(line: str, listing: str = "9", breaks: str = " \t\n\"'><=;|&(:") -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", command, line, listing, breaks],
            capture_output=True, text=True, timeout=LIMIT_S, check=True, cwd=shell.home,
            env={**os.environ, "_RESNET_TUI_COMPLETE": "bash", "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)},
        )  # fmt: skip
        return done.stdout.splitlines()

    store = open_study(shell.home / "runs.db")
    assert words("resnet-tui add --loss=fo") == ["words", "focal"]
    assert words("resnet-tui add --loss=fo", breaks=" ") == ["words", "--loss=focal"]
    assert words("resnet-tui add --pretrained run:3") == ["words", "3"]
    assert words("resnet-tui add --needs m") == ["nospace", "memory="]
    hints = words("resnet-tui cancel ", listing="63")
    assert hints[0] == "words" and hints[-1].startswith("1  (done, ")
    assert words("resnet-tui cancel 3", listing="63") == ["words", "3"]  # one is inserted, without its hint
    store.close()
    assert shell("add", "--data", "digits", "--sweep", "it's 2 $mall") == 0
    assert words("resnet-tui ls --sweep it") == ["words", "it\\'s\\ 2\\ \\$mall"]


def test_an_unknown_shell_gets_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the shell 'tcsh' is unknown: choose from bash, zsh, fish" in shell.refuses("completion", "tcsh")
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert shell("completion") == 0 and "fish" in shell.out
    monkeypatch.delenv("SHELL")
    assert "choose from bash" in shell.refuses("completion")
    assert set(PLACES) == set(SHELLS)


def test_the_tree_is_made_anew_when_the_code_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.completion import kept_tree

    (tmp_path / "engine").mkdir()
    source = tmp_path / "engine" / "a.py"
    source.write_text("1")
    monkeypatch.setattr(kept_tree, "ROOT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made: list[int] = []

    def make() -> dict[str, int]:
        made.append(1)
        return {"made": len(made)}

    assert [kept_tree.kept_tree(make)["made"] for _ in range(2)] == [1, 1]
    source.write_text("22")
    assert kept_tree.kept_tree(make) == {"made": 2}
    (tmp_path / "cache" / "resnet-tui" / "completion.json").write_text("{")
    assert [kept_tree.kept_tree(make)["made"] for _ in range(2)] == [3, 3]
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    assert kept_tree.kept_tree(make) == {"made": 4}
