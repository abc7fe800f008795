"""Why each queued run waits."""

from collections.abc import Mapping

from sqlmodel import Session

from engine.store import workers
from engine.store.listing import queue_order, stuck, unmet


def reasons(session: Session) -> dict[int, str]:
    """For each queued run one phrase: `waits for #3`, `waits for #3, which failed`, `2 ahead`, `no worker`."""
    order = queue_order(session)
    if not order:
        return {}
    waits = unmet(session)
    hopeless = stuck(waits)
    someone = bool(workers.present(session))
    found: dict[int, str] = {}
    ahead = 0
    for run_id in order:
        if run_id in waits:
            found[run_id] = _waits_for(waits[run_id], hopeless.get(run_id))
            continue
        found[run_id] = "no worker" if not someone else f"{ahead} ahead" if ahead else "next"
        ahead += 1
    return found


def _waits_for(targets: Mapping[int, str], dead: int | None) -> str:
    if dead is None:
        return f"waits for {', '.join(f'#{target}' for target in sorted(targets))}"
    status = targets.get(dead, "failed")
    return f"waits for #{dead}, which {'was cancelled' if status == 'cancelled' else status}"
