"""What a data field names, in a few words: read from the files, which takes time."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from engine.datasets.layouts import DataError
from engine.datasets.source import survey_data
from engine.disk.footprint import Images, images_of
from engine.files.paths import Home
from engine.spec.grid import SpecError, make_spec
from tui.formatting import without_dashes
from tui.forms.form import NO_DATA, OTHERS, is_built_in

MOST_ENTRIES = 2_000
"""Of a folder that are looked at to complete a path."""
READS = (
    "images",
    "image_column",
    "label_column",
    "split_column",
    "group_column",
    "class_names",
    "test_fraction",
)
"""Settings that decide how a data set is read."""


@dataclass(frozen=True)
class DataLook:
    """What a data field names."""

    found: str = ""
    """What was recognised."""
    problem: str = ""
    warnings: tuple[str, ...] = ()
    """In a few words each."""
    images: Images | None = None


def look_at(home: Home, text: str, settings: Mapping[str, str]) -> DataLook:
    """Recognise what a data field names; `settings` are those of the form's other fields."""
    if not text.strip():
        return DataLook(problem=NO_DATA)
    if is_built_in(text):
        return DataLook("✔ built in")
    reading = {name: value for name, value in settings.items() if name in READS and name in OTHERS}
    try:
        survey = survey_data(home, make_spec({"data": home.stored(text.strip()), **reading}))
        warnings = tuple(warning.brief for warning in survey.warnings)
        index = survey.checked()
        return DataLook(f"✔ {index.describe()}", "", warnings, images_of(index))
    except (DataError, SpecError) as error:
        return DataLook(problem=without_dashes(str(error)))
    except OSError as error:
        return DataLook(problem=f"{text.strip()} cannot be read: {error.strerror}")


def paths_like(home: Home, text: str) -> list[str]:
    """Paths that begin with a text, as they would be typed from the home; folders end with a slash."""
    folder, name = os.path.split(text)
    try:
        with os.scandir(home.resolve(folder or ".")) as entries:
            found = [entry for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False)]
            fitting = sorted(entry.name for entry in found if entry.name.startswith(name))
            folders = {entry.name for entry in found if entry.is_dir()}
    except OSError:
        return []
    hidden = name.startswith(".")
    return [
        os.path.join(folder, each) + ("/" if each in folders else "")
        for each in fitting
        if hidden or not each.startswith(".")
    ]
