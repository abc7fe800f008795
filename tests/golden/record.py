"""`python tests/golden/record.py`: write the golden files anew, from the program as it is now; results on other
processors stay, and are those of a program before.

Only for a change that is meant to change results: the changelog then says which and why. The home is that of version
0.1.0 and is not written here: tests/golden/home-0.1.0.sql is what `iterdump` gave of it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "support"), str(HERE)]

import documents  # noqa: E402
import recipes  # noqa: E402

from tests.support.forking import serve_forks  # noqa: E402


def write(name: str, content: Any) -> None:
    text = content if isinstance(content, str) else json.dumps(content, indent=1, sort_keys=True) + "\n"
    (HERE / name).write_text(text)


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    serve_forks()
    with tempfile.TemporaryDirectory() as folder:
        here = {"machine": recipes.processor(), "results": recipes.train_all(Path(folder))}
        kept = json.loads((HERE / "recipes.json").read_text())["machines"]
        kept = [each for each in kept if each["in_one_order"] or each["machine"] != here["machine"]]
        write("recipes.json", {"machines": [*kept, here | {"in_one_order": False}]})
    with tempfile.TemporaryDirectory() as folder:
        home = documents.old_home(Path(folder))
        for name, content in documents.read(home).items():
            write(name, content)
    subprocess.run(["git", "status", "--short", str(HERE)], check=False)


if __name__ == "__main__":
    main()
