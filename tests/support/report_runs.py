"""Tables of a report."""

import re


def cells(text: str, heading: str, run_id: int) -> dict[str, str]:
    """A run's row of the first table below a heading that has one for it, by column."""
    section = text.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("|")]
    row = next(line for line in lines if line[0].strip() == f"#{run_id}")
    header = next(line for line in lines if line[0].strip() == "run")
    return {name.strip(): cell.strip() for name, cell in zip(header, row, strict=True)}
