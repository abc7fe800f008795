"""`python -m tests.support.read_weights FILE`: the keys of its state dicts or why it is refused, in bounded time."""

import resource
import sys

from engine.models.found_states import find_states
from engine.models.weight_files import WeightsError, read_content

CPU_S = 20

if __name__ == "__main__":
    spent = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_S, spent + CPU_S))
    try:
        print([each.keys for each in find_states(read_content(sys.argv[1]), "a.pth")])
    except WeightsError as error:
        print(str(error).partition("a.pth ")[2])
