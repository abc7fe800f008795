"""Acts that depend on the number of runs in the run table."""

import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import insert, text
from sqlmodel import Session

from benchmarks.app_tables import fill
from benchmarks.growth.act import Act, Call, Dimension
from engine.analysis.groups import Member, group_runs
from engine.files.paths import Home
from engine.queries import read_news, waiting
from engine.spec.grid import make_spec
from engine.store import listing, overview, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.edits import notes_and_tags
from engine.store.edits.order import move
from engine.store.schema import run_table
from tests.support.studies import stay
from tui.cli import run as run_verb
from tui.feeds.run_table_feed import RunTableFeed
from tui.views.group_by import REPETITIONS
from tui.views.run_list import TableQuery, arrange

SIZES = (10, 100, 1_000, 10_000, 100_000)
TO_TEN_THOUSAND, FEW = SIZES[:4], (10, 100, 1_000)
SEEDS = 5
"""Runs of a group."""
WAITING_SHARE = 10
"""One run in so many waits."""
EPOCHS, MEASURED = 3, 10_000
"""Epochs that a run has rows of, and the runs that have them at most: no act on more reads any."""
COPIES = 12
"""Calls of an act that needs a new table for each: more than are made."""


def make_table(folder: Path, size: int) -> None:
    """Write a home whose runs are done but for a tenth, which waits: ten by the store, more as rows like these."""
    home = home_of(folder)
    fill(home, 10, SEEDS)
    store = open_store(home.database)
    with store.write() as session:
        session.execute(text("UPDATE run SET status = 'done', ended_at = started_at WHERE id <= 5"))
        _more(session, size)
    workers.register(store, pid=1, device="cpu", device_name="bench")
    stay(store)
    store.close()


def _more(session: Session, size: int) -> None:
    """Add runs like the first, which is done, and the last, which waits, with settings and seeds of their own."""
    done, waits = (
        dict(session.execute(run_table.select().where(run_table.c.id == run_id)).mappings().one())
        for run_id in (1, 10)
    )
    rows = []
    for number in range(10, size):
        is_waiting = number >= size - size // WAITING_SHARE
        recipe, seed = divmod(number, SEEDS)
        like = waits if is_waiting else done
        lr = round(1e-4 * (1 + recipe), 6)
        spec = _with_lr(like["spec"], like["lr"], lr).replace(f'"seed":{like["seed"]}', f'"seed":{seed}')
        own = {"id": number + 1, "spec": spec, "lr": lr, "seed": seed}
        keys = {"spec_hash": f"{number:016x}", "group_key": f"{recipe:012x}", "position": (number + 1) << 20}
        rows.append({**like, **own, **keys})
    if rows:
        session.execute(insert(run_table), rows)
        for table in ("epoch_metrics", "epoch_confusion"):
            _copy_epochs(session, table)


def _with_lr(spec: str, before: float, now: float) -> str:
    """Return a spec's JSON with another learning rate."""
    return spec.replace(f'"lr":{json.dumps(before)}', f'"lr":{json.dumps(now)}')


def _copy_epochs(session: Session, table: str) -> None:
    """Give all runs that are done the first epochs of run 1."""
    names = [row[1] for row in session.execute(text(f"PRAGMA table_info({table})")) if row[1] != "run_id"]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(f't."{name}"' for name in names)
    session.execute(text(
        f"INSERT INTO {table} (run_id, {columns}) SELECT run.id, {values} FROM {table} t JOIN run "
        f"ON run.id BETWEEN 11 AND {MEASURED} WHERE t.run_id = 1 AND t.epoch < {EPOCHS} AND run.status = 'done'"
    ))  # fmt: skip


def home_of(folder: Path) -> Home:
    return Home.find(folder, cache=folder / "cache")


def _store(folder: Path) -> Store:
    return open_store(home_of(folder).database)


def verb(*arguments: str) -> Callable[[Path, int], Call]:
    """Return the preparation of a call of the command line."""

    def prepare(folder: Path, _size: int) -> Call:
        def call() -> None:
            code = run_verb([*arguments, "--home", str(folder)])
            assert code == 0, f"exit code {code}"

        return call

    return prepare


def export(*flags: str) -> Callable[[Path, int], Call]:
    def prepare(folder: Path, size: int) -> Call:
        return verb("export", *flags, "--csv", str(folder / "out.csv"), "--overwrite")(folder, size)

    return prepare


def reading(read: Callable[[Session], object]) -> Callable[[Path, int], Call]:
    """Return the preparation of a read in a transaction of its own."""

    def prepare(folder: Path, _size: int) -> Call:
        store = _store(folder)

        def call() -> None:
            with store.read() as session:
                read(session)

        return call

    return prepare


def _add(folder: Path, size: int) -> Call:
    """Add so many runs to a new table."""
    spec = make_spec({"data": "digits"})
    specs = [spec.model_copy(update={"seed": seed}) for seed in range(size)]
    stores = iter([open_store(f"sqlite:///{folder}/new{number}.db") for number in range(COPIES)])
    return lambda: add_runs(next(stores), specs)


def _add_one(folder: Path, _size: int) -> Call:
    store, seeds = _store(folder), itertools.count(10**6)
    return lambda: add_runs(store, [make_spec({"data": "digits", "seed": next(seeds)})])


def _claim_one(folder: Path, _size: int) -> Call:
    """Claim the first of the waiting runs, and put it back outside the table that others read."""
    place = folder / "claims.db"
    shutil.copy(folder / "runs.db", place)
    store = open_store(f"sqlite:///{place}")
    worker = workers.register(store, pid=2, device="cpu", device_name="bench")
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(COPIES)])

    def call() -> None:
        held = queue.claim(store, worker)
        assert held is not None
        queue.renew(store, held)

    return call


def _move(folder: Path, _size: int, *, every: bool = False) -> Call:
    """Move the last of the waiting runs, or all of them, to the top."""
    store = _store(folder)
    with store.read() as session:
        order = listing.queue_order(session)
    return partial(move, store, order if every else order[-1:], "top")


def _first_poll(folder: Path, _size: int, *, group_by: str = "") -> Call:
    """Open Home's feed and read until nothing is new."""
    database = home_of(folder).database

    def call() -> None:
        feed = RunTableFeed(database)
        while feed.poll(None, group_by=group_by) is not None:
            pass
        feed.close()

    return call


def _poll(folder: Path, _size: int, *, group_by: str = "") -> Call:
    """Poll after one run has changed, with the transaction that changes it."""
    store, feed, numbers = _store(folder), RunTableFeed(home_of(folder).database), itertools.count()
    while feed.poll(None, group_by=group_by) is not None:
        pass

    def call() -> None:
        notes_and_tags.set_note(store, [3], f"note {next(numbers)}")
        assert feed.poll(None, group_by=group_by) is not None

    return call


def _arrange(folder: Path, _size: int) -> Call:
    """Sort Home's rows by the best accuracy."""
    feed = RunTableFeed(home_of(folder).database)
    snapshot = feed.poll(None)
    assert snapshot is not None
    return partial(arrange, snapshot.rows, replace(TableQuery(), sort="best"))


def _large_group(_folder: Path, size: int) -> Call:
    """Group runs that are all of one recipe, half of them on other contents of the data."""
    members = [
        Member(run_id, "key", "done", f"{run_id}", run_id, 0, 0, "", f"data {run_id % 2}", 0.5)
        for run_id in range(1, size + 1)
    ]
    return lambda: group_runs(members, {"key": make_spec({"data": "digits"}).to_json()})


def _chain(folder: Path, size: int) -> Call:
    """Read why runs wait that wait for one another in a chain whose end is paused."""
    store = open_store(f"sqlite:///{folder}/chain.db")
    ids = add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(size)]).ids
    links = [{"run": later, "after": earlier} for later, earlier in itertools.pairwise(ids)]
    with store.write() as session:
        insertion = text("INSERT INTO run_dependency (run_id, after_id, kind) VALUES (:run, :after, 'ok')")
        session.execute(insertion, links)
        session.execute(text(f"UPDATE run SET status = 'paused' WHERE id = {ids[-1]}"))

    def call() -> None:
        with store.read() as session:
            assert len(listing.pending(session)) < 2

    return call


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DIMENSION = Dimension(
    "Runs in the run table, a tenth of them waiting, in groups of five",
    make_table,
    (
        Act("add so many", _add, TO_TEN_THOUSAND),
        Act("add one more", _add_one, SIZES),
        Act("claim one and renew its lease", _claim_one, SIZES),
        Act("move one to the top", _move, SIZES),
        Act("move all that wait to the top", partial(_move, every=True), TO_TEN_THOUSAND),
        Act("Home: first look, until nothing is new", _first_poll, SIZES),
        Act("Home: the same with groups folded", partial(_first_poll, group_by=REPETITIONS), TO_TEN_THOUSAND),
        Act("Home: poll after one run changed", _poll, SIZES),
        Act("Home: the same with groups folded", partial(_poll, group_by=REPETITIONS), SIZES),
        Act("Home: sort by accuracy", _arrange, SIZES),
        Act("why and until when runs wait", reading(waiting.waits), SIZES),
        Act("the same of one run", reading(lambda session: waiting.waits(session, [3])), SIZES),
        Act("`wait`'s look at the queue", reading(listing.pending), SIZES),
        Act("the same of a chain, each waiting for the next", _chain, FEW),
        Act(
            "changes since the newest", reading(lambda session: overview.changed_runs(session, 10**9)), SIZES
        ),
        Act("`ls`", verb("ls"), TO_TEN_THOUSAND),
        Act("`ls --json`", verb("ls", "--json"), TO_TEN_THOUSAND),
        Act("`ls --groups`", verb("ls", "--groups"), TO_TEN_THOUSAND),
        Act("grouping of one large group", _large_group, TO_TEN_THOUSAND),
        Act("`show` of one", verb("show", "3"), SIZES),
        Act(
            "`news` of all", reading(lambda session: read_news.read_news(session, LONG_AGO)), TO_TEN_THOUSAND
        ),
        Act("`export --csv`", export(), TO_TEN_THOUSAND),
        Act("`export --epochs --csv`", export("--epochs"), FEW),
        Act("`note` on all runs", verb("note", "1-100000000", "looked at"), TO_TEN_THOUSAND),
    ),
)
