"""`resnet-tui presets`: settings of each preset, and their source."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.presets import PRESETS, PresetInfo, find_preset
from tui.cli.output import print_json, print_message


def presets(
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(PRESETS)} (default: all).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
) -> int:
    """Show what each preset of `add --preset` sets, and where its settings come from."""
    chosen = [find_preset(name)] if name is not None else list(PRESETS.values())
    if as_json:
        print_json({preset.name: _document(preset) for preset in chosen})
    else:
        print("\n\n".join("\n".join(_lines(preset)) for preset in chosen))
    return 0


def tell_preset(name: str, given: Mapping[str, Any]) -> None:
    """Print on standard error what a preset sets beyond the given settings and those of built-in data; its source."""
    preset = find_preset(name)
    taken = {field for field, value in given.items() if value is not None}
    taken |= BUILTIN_DEFAULTS.get(str(given.get("data")), {}).keys()
    print_message(f"preset {preset.name} sets {preset.in_words(taken)}")
    print_message(f"source: {preset.source}")


def _document(preset: PresetInfo) -> dict[str, Any]:
    return {
        "description": preset.description,
        "source": preset.source,
        "settings": dict(preset.settings),
        "epochs": preset.all_settings()["epochs"],
    }


def _lines(preset: PresetInfo) -> list[str]:
    width = max(map(len, preset.all_settings()))
    return [
        f"{preset.name}: {preset.description}",
        f"source: {preset.source}",
        *(f"  {field:{width}}  {value}" for field, value in preset.all_settings().items()),
    ]
