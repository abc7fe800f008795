"""Words that a form's field takes, a sentence for each, and the completion of what is typed. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.recipes.registries import value_in_words
from engine.spec.archs import ARCH_INFOS
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.dependent_defaults import DEPENDENT_DEFAULTS
from engine.spec.presets import PRESETS
from engine.spec.pretrained import RUN_PREFIX, SOURCE_WORDS
from engine.spec.run_spec import RunSpec, choices_of
from tui.forms.form_words import ARCH, MORE, OTHERS, PRESET, typed


@dataclass(frozen=True)
class Choice:
    """Word that a field takes."""

    word: str
    default: str
    """Value of a setting that is left out; empty for a word that is no setting."""
    says: str
    """Sentence without a full stop; empty where the word says it."""
    text: str
    """The field's whole text once the word is taken."""


def choices(field: str, text: str) -> list[Choice]:
    """List the words that go on from a field's text, those that begin with its last part before those that contain
    it; all where that part is a word already or no word contains it, and none for fields that take any text."""
    before, last = _last_part(text, " " if field == MORE else ",")
    if field == MORE:
        setting, equals, value = last.partition("=")
        if equals:
            head, value = _last_part(value, ",")
            return _fitting(value, _values(setting, f"{before}{setting}={head}"))
        return _fitting(last, _settings(before))
    if field == ARCH:
        return _fitting(last, _archs(before))
    if field == PRESET:
        return _fitting(
            last, (Choice(each.name, "", each.description, each.name) for each in PRESETS.values())
        )
    words = {"data": tuple(BUILTIN_DEFAULTS), "pretrained": (*SOURCE_WORDS, RUN_PREFIX)}.get(field, ())
    return _fitting(last, (Choice(word, "", "", before + word) for word in words))


def completions(field: str, text: str, paths: Callable[[str], Sequence[str]]) -> str | None:
    """Return the text with its last part completed, or None; `paths` completes a path."""
    _, part = _last_part(text, " " if field == MORE else ",")
    if not part or part.endswith("=") or any(each.text == text for each in choices(field, text)):
        return None  # complete as it is, so that it is clear which word is used
    starting = [each.text for each in choices(field, text) if each.text.startswith(text)]
    if not starting and field in ("data", ARCH, "pretrained"):
        before, last = _last_part(text, ",")
        starting = [before + path for path in paths(last)]
    return starting[0] if starting else None


def is_begun(field: str, text: str) -> bool:
    """Return whether the last part of a field's text begins a word or is within one, and is no whole word."""
    _, last = _last_part(text, " " if field == MORE else ",")
    part = _last_part(last.partition("=")[2], ",")[1] if field == MORE and "=" in last else last
    offered = choices(field, text)
    return (
        bool(part)
        and all(each.text != text for each in offered)
        and any(part in each.word for each in offered)
    )


def _settings(before: str) -> Iterator[Choice]:
    """Yield the settings that have no field of their own and are not given yet."""
    given = {word.partition("=")[0].replace("-", "_") for word in before.split()}
    for name in OTHERS:
        if name not in given:
            info = RunSpec.model_fields[name]
            default = DEPENDENT_DEFAULTS.get(name, typed(info.default))
            yield Choice(name, default, info.description or "", f"{before}{name}=")


def _values(setting: str, before: str) -> Iterator[Choice]:
    if setting not in OTHERS:
        return
    is_switch = RunSpec.model_fields[setting].annotation is bool
    for word in ("true", "false") if is_switch else choices_of(setting):
        yield Choice(word, "", "" if is_switch else value_in_words(setting, word), before + word)


def _archs(before: str) -> Iterator[Choice]:
    given = {part.strip() for part in before.split(",")}
    for name, info in ARCH_INFOS.items():
        if name not in given:
            yield Choice(name, "", f"{info.title}, {info.weights_mib:.0f} MiB of weights", before + name)


def _fitting(part: str, offered: Iterable[Choice]) -> list[Choice]:
    every = list(offered)
    fitting = [each for each in every if part in each.word]
    if not fitting or any(part == each.word for each in every):
        return every
    return sorted(fitting, key=lambda each: not each.word.startswith(part))


def _last_part(text: str, separator: str) -> tuple[str, str]:
    head, found, last = text.rpartition(separator)
    spaces = last[: len(last) - len(last.lstrip())]
    return head + found + spaces, last.lstrip()
