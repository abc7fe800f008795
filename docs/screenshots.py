"""`make screenshots`: the pictures of README and docs, of the study in ./demo (`make demo` trains it).

With a home as argument (`python -m docs.screenshots DIR`) they show that home's runs."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from textual.widgets import Static

from engine.files.paths import Home
from tui.app import ResnetTui

HERE = Path(__file__).parent
PICTURES = (
    ("home-120x40", (120, 40), ("j", "j")),
    ("home-80x24", (80, 24), ()),
    ("new-run", (120, 40), ("n",)),
    ("confusion", (80, 24), ("enter", "2")),
    ("images", (80, 24), ("enter", "2", *("down",) * 2, *("right",) * 2, "enter")),
    ("compare", (120, 40), ("a", "c")),
)
LIMIT_S = 120.0
"""For the first run to be read; TimeoutError after it, rather than a picture of an empty screen."""
PAUSE_S = 1.0
"""After each key: pictures are read beside the app."""


async def draw(home: Home, name: str, size: tuple[int, int], keys: tuple[str, ...]) -> Path:
    """Open the app at a size, press keys, save what is shown as SVG."""
    app = ResnetTui(home, readonly=False, clock=datetime.now)
    async with app.run_test(size=size) as pilot:
        async with asyncio.timeout(LIMIT_S):
            while not str(app.screen.query_one("#title", Static).content):
                await pilot.pause(0.05)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(PAUSE_S)
        path = HERE / f"{name}.svg"
        path.write_text(app.export_screenshot(title="resnet-tui", simplify=True))
    return path


def main() -> int:
    home = Home.find(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
    if not (home.root / "runs.db").exists():
        print(f"there is no study in {home.root}: run make demo first", file=sys.stderr)
        return 2
    for name, size, keys in PICTURES:
        print(asyncio.run(draw(home, name, size, keys)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
