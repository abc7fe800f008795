"""Completion of verbs, flags and values, against the real command line."""

from collections.abc import Mapping
from functools import cache

import pytest

from engine.spec.presets import PRESETS
from engine.spec.run_spec import FIELDS, RunSpec, choices_of
from tui.cli import described_verbs
from tui.completion.answer import split_line
from tui.completion.complete import Answer, complete
from tui.completion.kept_tree import Tree
from tui.completion.run_values import Item

tree = cache(described_verbs)


def runs(flags: Mapping[str, str], begun: str) -> list[Item]:
    """Stand in for a run table of three runs in a home called `full`."""
    ids = ("12", "7", "1") if flags.get("--home", "full") == "full" else ()
    return [(each, f"run {each}") for each in ids if each.startswith(begun)]


def sweeps(_flags: Mapping[str, str], begun: str) -> list[Item]:
    return [("study", "3 runs")] if "study".startswith(begun) else []


VALUES = {"runs": runs, "sweeps": sweeps}


def completed(line: str) -> Answer:
    return complete(tree(), split_line(line), VALUES)


def words(line: str) -> list[str]:
    return [word for word, _ in completed(line).items]


def test_verbs_with_what_they_do() -> None:
    found = dict(completed("").items)
    assert {"add", "ls", "data", "completion"} <= found.keys() and found["ls"] == "List the runs."
    assert words("co") == ["compare", "completion"] and words("data s") == ["split"]
    assert words("nonsense ") == [] and completed("nonsense x").files is False


def test_flags_that_are_not_given_yet() -> None:
    assert words("add --momentum .9 --mom") == [] and words("add --mom") == ["--momentum"]
    assert words("edit 3 --sched") == words("clone 3 --sched") == ["--schedule"]
    assert words("add --no-nes") == ["--no-nesterov"]
    assert words("add --after 3 --af") == ["--after"]  # it may be given again
    assert "--json" in words("doctor ")  # where no argument can stand
    assert dict(completed("add --lr").items)["--lr"] == "learning rate"


@pytest.mark.parametrize(
    "name", [name for name in FIELDS if RunSpec.model_fields[name].annotation is not bool]
)
def test_every_word_that_a_setting_takes(name: str) -> None:
    flag = f"--{name.replace('_', '-')}"
    assert words(f"add {flag} ")[: len(choices_of(name))] == list(choices_of(name)) or name in (
        "data",
        "pretrained",
    )
    for choice in choices_of(name):
        assert choice in words(f"add {flag} {choice[0]}")
        assert f"{flag}={choice}" in words(f"edit 3 {flag}={choice[0]}")


def test_words_that_are_no_settings() -> None:
    assert words("notify add url --on fa") == ["failed"] and "done,all" in words("add --notify-on done,a")
    assert words("add --preset ") == list(PRESETS) == words("presets ")
    assert words("ls --status p") == ["paused"] and words("ls --status done,p") == ["done,paused"]
    assert words("arch resnet34") == ["resnet34"] and words("move 7 1 t") == ["top"]
    assert words("add --needs m") == ["memory="] and words("completion f") == ["fish"]
    assert "kappa" in words("ls --sort k") and "auc" in words("ls --sort a")
    assert words("ls --columns id,kap") == ["id,kappa"] and "id,batch_size" in words("ls --columns id,ba")


def test_lists_go_on_after_a_comma() -> None:
    assert words("add --arch resnet18,resnet3") == ["resnet18,resnet34"]
    assert "ce,ce" not in words("add --loss ce,c") and "ce,ce-sqrt" in words("add --loss ce,c")
    assert words("add --loss=ce,f") == ["--loss=ce,focal"]
    assert words("add --schedule step --select-on test_acc,") == []  # takes no list


def test_runs_and_sweeps_with_what_they_are() -> None:
    assert completed("cancel 1").items == (("12", "run 12"), ("1", "run 1"))
    assert words("cancel 7,1") == ["7,12", "7,1"] and words("cancel 7 ") == ["12", "7", "1"]
    assert words("show 7 ") == [word for word in words("show 7 -") if word != "-h"]  # one run only: flags
    assert words("move 7 ") == ["12", "7", "1", "up", "down", "top", "bottom"]
    assert words("ls --sweep st") == ["study"] and words("report --sweep=") == ["--sweep=study"]
    assert words("show --home empty ") == [word for word in words("show --home empty --")]


def test_data_are_built_in_sets_and_files_beside_them() -> None:
    assert words("add --data fun") == ["fundus", "fundus-balanced"] and completed("add --data fun").files
    assert completed("add --from ").files and completed("data check ").files and completed("predict 3 ").files
    assert not completed("add --arch res").files and completed("add --arch mine.p").files  # a plug-in
    assert not completed("ls --sweep ").files


def test_words_after_two_dashes_are_arguments() -> None:
    assert words("cancel -- ") == ["12", "7", "1"] and words("cancel -- --f") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [""]), ("add", ["add"]), ("add ", ["add", ""]), ("a  b", ["a", "b"]),
        ("add --name 'two wor", ["add", "--name", "two wor"]), ('--sweep "my study" ', ["--sweep", "my study", ""]),
        ("data/my\\ fol", ["data/my fol"]), ("a # b", ["a", "#", "b"]), ("a 'b c' \"d", ["a", "b c", "d"]),
        ("it\\", ["it"]),
    ],
)  # fmt: skip
def test_lines_are_split_as_bash_splits_them(line: str, expected: list[str]) -> None:
    assert split_line(line) == expected


def test_the_tree_names_no_flag_twice_and_is_small() -> None:
    def sizes(verb: Tree) -> int:
        return len(verb["flags"]) + sum(map(sizes, verb["verbs"].values()))

    assert sizes(tree()) > 200
