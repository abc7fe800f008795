"""Names that people give to splits, in cells, folders and file names of tables."""

import re

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def split_in_name(stem: str) -> str | None:
    """Return the split in a name: `train` for `train_images`, `test` for `testLabels`; None for none or several."""
    words = re.findall("[a-z]+", stem.lower())
    stems = [re.sub("(?:labels?|set|data|images?)$", "", word) for word in words]
    found = {SPLIT_WORDS[stem] for stem in stems if stem in SPLIT_WORDS}
    return found.pop() if len(found) == 1 else None
