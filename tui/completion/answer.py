"""Answer to a shell that asks for completions: a line that says how to take them, then a word in each line."""

import shlex
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.files.paths import Home
from tui.completion.complete import Answer, complete
from tui.completion.kept_tree import Tree, kept_tree
from tui.completion.run_values import Item, runs_like, sweeps

SHELLS = ("bash", "zsh", "fish")
LISTING = ("33", "63", "64")
"""Values of COMP_TYPE with which bash lists the words instead of inserting one: then hints stand beside them."""
MOST_HINT = 70
"""Characters of a hint that bash lists."""
GOES_ON = ("=", ":", ",", "/")
"""Ends of words that are not complete by themselves: no space follows."""
SAFE = frozenset(f"{string.ascii_letters}{string.digits}_-+./=:,@%")
"""Characters that bash takes as they are."""
RUN_PREFIXES = {"runs": "", "run:": "run:", "group:": "group:", "any:": "any:"}
"""Kinds of values that are numbers of runs, with what stands before them."""


def answer(shell: str, arguments: Sequence[str], make_tree: Callable[[], Tree]) -> int:
    """Print the words that complete a command line; return the exit code.

    `arguments`: in bash the line until the cursor, COMP_TYPE and COMP_WORDBREAKS, else the words after the program's
    name until the cursor."""
    if shell not in SHELLS:
        return 2
    line, listing, breaks = (*arguments, "", "", "")[:3]
    words = split_line(line)[1:] if shell == "bash" else list(arguments)
    found = complete(kept_tree(make_tree), words, {"sweeps": _sweeps, **_run_kinds()})
    goes_on = len(found.items) == 1 and found.items[0][0].endswith(GOES_ON)
    print("files" if found.files else "nospace" if goes_on else "words")
    if shell == "bash":
        lines = _bash_lines(found, words[-1] if words else "", breaks, told=listing in LISTING)
    else:
        lines = [f"{word}\t{told}" for word, told in found.items]
    if lines:
        print("\n".join(lines))
    return 0


def split_line(line: str) -> list[str]:
    """Split a command line into its words, the last of which is the one at the cursor, without quotation marks."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    words = []
    try:
        words = list(iter(lexer.get_token, None))
        is_open = False
    except ValueError:  # an open quotation mark, or a backslash at the end
        words = [*_closed_words(line), lexer.token or ""]
        is_open = True
    if not is_open and (not line or line[-1].isspace()):
        words.append("")
    return [word for word in words if word is not None]


def _closed_words(line: str) -> list[str]:
    """Return the words before the one that is open."""
    for end in range(len(line) - 1, -1, -1):
        if line[end].isspace():
            try:
                return shlex.split(line[:end])
            except ValueError:
                continue
    return []


def _bash_lines(found: Answer, current: str, breaks: str, *, told: bool) -> list[str]:
    """Return the words as bash puts them in place of what follows the last of `breaks` in the current word."""
    start = max((current.rfind(each) + 1 for each in "=:" if each in breaks), default=0)
    words = [word[start:] if word.startswith(current[:start]) else word for word, _ in found.items]
    if told and len(words) > 1 and not found.files:
        return [
            f"{word}  ({hint[:MOST_HINT]})" if hint else word
            for word, (_, hint) in zip(words, found.items, strict=True)
        ]
    return words if found.files else [_escaped(word) for word in words]


def _escaped(word: str) -> str:
    return "".join(each if each in SAFE or not each.isascii() else f"\\{each}" for each in word)


def _home(flags: Mapping[str, str]) -> Home:
    home = flags.get("--home")
    return Home.find(Path(home).expanduser() if home else None, flags.get("--db"))


def _sweeps(flags: Mapping[str, str], begun: str) -> list[Item]:
    return [item for item in sweeps(_home(flags)) if item[0].startswith(begun)]


def _run_kinds() -> dict[str, Callable[[Mapping[str, str], str], list[Item]]]:
    """Return how to complete each of RUN_PREFIXES; a range such as `3-7` by its last number."""

    def completing(prefix: str) -> Callable[[Mapping[str, str], str], list[Item]]:
        def like(flags: Mapping[str, str], begun: str) -> list[Item]:
            if not begun.startswith(prefix):
                return [(prefix, "a run's number follows")] if prefix.startswith(begun) else []
            first, minus, digits = begun.removeprefix(prefix).rpartition("-")
            return [(f"{prefix}{first}{minus}{run}", told) for run, told in runs_like(_home(flags), digits)]

        return like

    return {kind: completing(prefix) for kind, prefix in RUN_PREFIXES.items()}
