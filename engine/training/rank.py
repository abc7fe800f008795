"""`python -m engine.training.rank`: one of several processes that train a run; `engine.training.agent` starts them.

Standard input is a pipe of the agent: when it closes, the agent has been killed, and the process exits at once. The
first process reads the order and later requests from it, as one that trains a run alone does from its worker. It alone
writes files and the run table."""

import argparse
import os
import select
import sys
import threading
import traceback
from pathlib import Path

import torch

from engine.files.paths import Home
from engine.files.privacy import keep_private
from engine.recipes.batch_parts import Ranks
from engine.spec.grid import load_spec
from engine.store.database import open_store
from engine.training.attempt import Attempt
from engine.training.briefing import Briefing
from engine.training.control_channel import ControlChannel
from engine.training.failures import Failure, explain, failure_path
from engine.training.group import GroupBroken, SharedGroup
from engine.training.process import leave, with_exit_code
from engine.training.recorder import NoRecorder
from engine.training.session import Session
from engine.training.store_retry import patiently
from engine.training.torch_setup import set_up_process
from engine.worker.endings import ENDED_ALONE, RANK_LOST


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.training.rank", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--device", action="append", required=True, help="of each process, in order")
    parser.add_argument("--fewest", type=int, required=True, help="fewest images that a process can take")
    parser.add_argument("--folder", type=Path, required=True, help="where the processes meet")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    keep_private()
    home = Home.find(arguments.home, cache=arguments.cache)
    ranks = Ranks(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), arguments.fewest)
    device = torch.device(arguments.device[ranks.rank])
    if ranks.rank:
        return _follow(home, ranks, device, arguments.folder)
    return _lead(home, ranks, device, arguments.folder, profiles=arguments.profile)


def _lead(home: Home, ranks: Ranks, device: torch.device, folder: Path, *, profiles: bool) -> int:
    """Train as the process that writes."""
    channel = ControlChannel(when_closed=_leave_without_agent)
    channel.listen(lambda _held: None)

    def train() -> int:
        held, group = channel.wait_for_run(), _meet(ranks, device, folder)
        store = patiently(lambda: open_store(home.database, create=False))
        attempt = Attempt(store, home, held, device, channel, profiles=profiles, group=group)
        return 0 if attempt.run() else ENDED_ALONE

    try:
        return with_exit_code(train)
    except GroupBroken:
        return RANK_LOST


def _follow(home: Home, ranks: Ranks, device: torch.device, folder: Path) -> int:
    """Train as a process that writes nothing but the failure that it alone has met."""
    threading.Thread(target=_watch_agent, daemon=True).start()
    group, spec = _meet(ranks, device, folder), None
    try:
        nothing: Briefing | None = None
        briefing = group.told(nothing)
        assert briefing is not None
        spec = load_spec(briefing.spec, briefing.run_id)
        set_up_process(spec, dict(briefing.environment), device)
        context = briefing.context(home, device, log=lambda _text: None, group=group)
        Session(context).train(NoRecorder(), lambda: False)
    except Exception as error:
        if spec is None or group.is_broken_by(error):
            return RANK_LOST
        Failure(*explain(error, spec), traceback.format_exc()).write(failure_path(folder, ranks.rank))
        return 1
    return 0


def _meet(ranks: Ranks, device: torch.device, folder: Path) -> SharedGroup:
    return SharedGroup(ranks, device, folder / "processes")


def _watch_agent() -> None:
    """Leave when the agent's end of the pipe closes; take nothing from it."""
    waiting = select.poll()
    waiting.register(sys.stdin.fileno(), 0)
    waiting.poll()
    _leave_without_agent()


def _leave_without_agent() -> None:
    os._exit(RANK_LOST)


if __name__ == "__main__":
    leave(main())
