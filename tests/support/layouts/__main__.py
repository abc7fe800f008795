"""`python -m layouts COUNT [KIND]`: judge seeded cases of each kind; print a table and the smallest bad case."""

import sys
from collections import Counter

from layouts.dice import Dice
from layouts.judge import OUTCOMES, SILENT, judged
from layouts.kinds import KINDS, draw_case

NOT_READ = "plain not read"


def main() -> None:
    count, only = int(sys.argv[1]), sys.argv[2:]
    shown = []
    print(f"{'kind':42s}" + "".join(f"{each:>15s}" for each in (*OUTCOMES, NOT_READ)))
    for kind in only or KINDS:
        outcomes: Counter[str] = Counter()
        worst = ""
        for seed in range(count):
            case = draw_case(Dice.seeded(seed), kind)
            found = judged(case)
            outcomes[found.outcome] += 1
            outcomes[NOT_READ] += found.is_bad(case) and found.outcome != SILENT
            text = f"seed {seed}\n{case.shown()}\n{found.shown}"
            if found.is_bad(case) and (not worst or len(text) < len(worst)):
                worst = text
        print(
            f"{kind:42s}" + "".join(f"{outcomes[each] or '':>15}" for each in (*OUTCOMES, NOT_READ)),
            flush=True,
        )
        shown += [worst] if worst else []
    print(*shown, sep="\n\n")


if __name__ == "__main__":
    main()
