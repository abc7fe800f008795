"""Workers' rows: which are present, on which device, and which have gone."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, func, or_, update
from sqlmodel import Session, col, select

from engine.hardware import processes
from engine.store.claims import LEASE_S
from engine.store.clock import now_s
from engine.store.database import Store, require_unmoved
from engine.store.needs import tags_text
from engine.store.people import new_owner
from engine.store.schema import IS_RUNNING, clock_table, worker_table
from engine.store.status import ASKED, STOPPING, Asked
from engine.store.system_use import forget_hours
from engine.store.tables import Run, Worker


class DeviceTaken(Exception):
    """Error of a card that has a worker, `holder`, already, and no slot for another."""

    def __init__(self, device: str, holder: Worker) -> None:
        self.holder = holder
        super().__init__(
            f"{device} already has worker {holder.id} (process {holder.pid}): stop it or take another"
        )


def register(
    store: Store,
    *,
    pid: int,
    device: str,
    device_name: str,
    device_uuid: str | None = None,
    memory_gb: float | None = None,
    memory_place: str = "",
    slots: int = 1,
    tags: Sequence[str] = (),
) -> int:
    """Write a new worker's row and give its id. Raises DeviceTaken where its card has as many workers as the `slots`
    of any of them; `cpu` is shared."""
    row = Worker(
        host=processes.host_name(),
        host_id=processes.host_id(),
        pid=pid,
        pid_started=processes.started(pid),
        device=device,
        device_name=device_name,
        device_uuid=device_uuid,
        cards=device.count(",") + 1,
        memory_gb=memory_gb,
        memory_place=memory_place,
        slots=slots,
        tags=tags_text(tags),
    )
    with store.write() as session:
        row.user_name = new_owner(session)
        if device != "cpu":
            _check_slot(session, row)
        forget_hours(session)
        session.add(row)
        session.flush()
        assert row.id is not None
        session.execute(update(worker_table).where(worker_table.c.id == row.id).values(seen_s=now_s(session)))
        return row.id


def _check_slot(session: Session, row: Worker) -> None:
    """Raise DeviceTaken where the cards of a new worker have as many workers as the slots of any of them."""
    there = [other for other in _cards_here(session) if not _cards_of(row).isdisjoint(_cards_of(other))]
    if there and (len(there) >= min(row.slots, *(other.slots for other in there)) or not _all_here(there)):
        raise DeviceTaken(row.device, there[0])


def beat(store: Store, worker_id: int, *, state: str, telemetry: dict[str, Any]) -> str:
    """Record a heartbeat with the worker's state and its device's load; return the state, which is one of ASKED where
    somebody asks the worker to leave. Raises StoreError where the runs were moved to another database."""
    mine = update(worker_table).where(worker_table.c.id == worker_id)
    now = case((worker_table.c.state.in_(ASKED), worker_table.c.state), else_=state)
    kept = mine.values(seen_s=store.backend.clock_s, state=now, telemetry=telemetry)
    is_unmoved = select(clock_table.c.moved_to).scalar_subquery() == ""
    row = store.write_one(kept.where(is_unmoved).returning(worker_table.c.state))
    if row is None:
        with store.read() as session:
            require_unmoved(session)
    return state if row is None else row.state


def ask_to_leave(store: Store, worker_id: int, *, how: Asked) -> bool:
    """Ask a worker of any host to leave, which it does after its next heartbeat. Return False for one that has gone."""
    state = worker_table.c.state
    there = update(worker_table).where(worker_table.c.id == worker_id, state != "gone")
    asked = there.values(state=case((state == STOPPING, STOPPING), else_=how))
    return store.write_one(asked.returning(worker_table.c.id)) is not None


def leave(store: Store, worker_id: int) -> None:
    gone = update(worker_table).where(worker_table.c.id == worker_id).values(state="gone")
    store.write_one(gone.returning(worker_table.c.id))


def present(session: Session) -> list[Worker]:
    """Return the present workers: those with a heartbeat within a lease and, on this host, a living process."""
    recent = col(Worker.seen_s) > now_s(session) - LEASE_S
    rows = session.exec(select(Worker).where(Worker.state != "gone", recent).order_by(col(Worker.id)))
    return [row for row in rows if not _known_dead(row)]


def count_present(session: Session) -> int:
    """Count the workers of all hosts that have given a sign of life within a lease."""
    recent = (worker_table.c.state != "gone") & (worker_table.c.seen_s > now_s(session) - LEASE_S)
    return int(session.execute(select(func.count()).select_from(worker_table).where(recent)).scalar_one())


def has_card(worker: Worker) -> bool:
    """True where the worker trains on a GPU."""
    return worker.device != "cpu"


def can_train(worker: Worker, *, needs_card: bool, gpus: int) -> bool:
    """True where the worker has the devices for a run. On the CPU several processes stand for several cards."""
    return worker.cards >= gpus if has_card(worker) else not needs_card


def dead_here(store: Store) -> list[int]:
    """Workers of this host whose process is gone though they never said goodbye."""
    with store.read() as session:
        rows = session.exec(select(Worker).where(Worker.state != "gone")).all()
    return [row.id for row in rows if row.id is not None and _known_dead(row)]


def taken_cards(store: Store) -> list[str]:
    """Return the cards of this host that have a worker: UUIDs, or devices if no UUID is known."""
    with store.read() as session:
        return sorted(card for row in _cards_here(session) for card in _cards_of(row))


def on_cpu_here(session: Session, pids: Collection[int] | None = None) -> list[int]:
    """Return the ids of the present workers of this host that train on its processor; `pids`: only those processes."""
    return [
        each.id
        for each in present(session)
        if each.device == "cpu" and is_here(each) and each.id is not None
        if pids is None or each.pid in pids
    ]


def on_card_of(session: Session, worker_id: int) -> list[Worker]:
    """Return the workers that share a card with one, itself included, and those that have gone and left a run there."""
    mine = session.get(Worker, worker_id)
    if mine is None:
        return []
    trains = select(Run.worker_id).where(IS_RUNNING)
    alive = or_(col(Worker.state) != "gone", col(Worker.id).in_(trains))
    rows = session.exec(select(Worker).where(col(Worker.device) != "cpu", alive).order_by(col(Worker.id)))
    machine = processes.machine_of(mine.host_id)
    return [
        row
        for row in rows
        if processes.machine_of(row.host_id) == machine and not _cards_of(row).isdisjoint(_cards_of(mine))
    ]


def _all_here(rows: Sequence[Worker]) -> bool:
    """True where this process sees the processes of all these workers, and so the memory that each holds."""
    return all(map(is_here, rows))


def _cards_of(worker: Worker) -> set[str]:
    """Return the cards of a worker: UUIDs, or devices where no UUID is known."""
    return set((worker.device_uuid or worker.device).split(","))


def _cards_here(session: Session) -> list[Worker]:
    """Return the workers of this machine that hold a card. A living process holds its card however old its heartbeat
    is: it may wait for a lock, or be suspended. Of processes in other containers the heartbeat alone can be seen."""
    with_card = select(Worker).where(Worker.state != "gone", col(Worker.device) != "cpu")
    rows = session.exec(with_card.order_by(col(Worker.id))).all()
    seen = {row.id for row in present(session)}
    machine = processes.machine_of(processes.host_id())
    return [
        row
        for row in rows
        if (is_here(row) and not _known_dead(row))
        or (row.id in seen and processes.machine_of(row.host_id) == machine)
    ]


def is_here(row: Worker) -> bool:
    """Return True where this process can tell whether the worker's is alive."""
    return processes.is_this_host(row.host_id, row.host)


def _known_dead(row: Worker) -> bool:
    return is_here(row) and not processes.is_alive(row.pid, row.pid_started)
