"""The words by which people call the splits, in cells, folders and the names of tables."""

import re

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def split_in_name(stem: str) -> str | None:
    """The only split that a name speaks of: `train` of `train_images`, `test` of `testLabels`."""
    words = re.findall("[a-z]+", stem.lower())
    stems = [re.sub("(?:labels?|set|data|images?)$", "", word) for word in words]
    found = {SPLIT_WORDS[stem] for stem in stems if stem in SPLIT_WORDS}
    return found.pop() if len(found) == 1 else None
