"""Alerts without a network: a sender that keeps its messages, and a run table whose waits are over."""

from collections.abc import Callable

from sqlalchemy import text
from waiting import LIMIT_S

from engine.alerts.channel import new_channel
from engine.alerts.dispatch import Dispatcher
from engine.alerts.kinds import NAMES
from engine.alerts.sender import Sender, Sent
from engine.alerts.stalls import Stalls
from engine.store import alerts
from engine.store.database import Store

URL = "json://ann:s3cr3tT0ken@gpu03.example.org/s3cr3tT0ken"
SHOWN = "json://gpu03.example.org/…"


class KeptMessages(Sender):
    """Sender that keeps what it is to send; `answer` gives the outcome."""

    def __init__(self, answer: Callable[[str], str | None] = lambda _title: None) -> None:
        super().__init__()
        self.sent: list[tuple[str, str, str]] = []
        self._answer = answer

    def send(self, url: str, title: str, body: str) -> Sent:
        self.sent.append((url, title, body))
        return Sent(self._answer(title))

    @property
    def titles(self) -> list[str]:
        return [title for _, title, _ in self.sent]

    @property
    def bodies(self) -> list[str]:
        return [body for _, _, body in self.sent]


def tell(store: Store, *kinds: str, url: str = URL, sweep: str = "") -> int:
    """Add an address that is told of these kinds of events, or of all."""
    with store.write() as session:
        return alerts.add_channel(session, new_channel(url, kinds or NAMES, sweep))


def dispatcher(store: Store, worker: int, sender: Sender, stalls: Stalls | None = None) -> Dispatcher:
    return Dispatcher(store, worker, sender=lambda: sender, stalls=stalls)


def turn(told: Dispatcher, *, at_once: bool = True) -> None:
    """Look and send, by default as a worker that leaves does."""
    told.turn(at_once=at_once)
    told.wait(LIMIT_S)


def later(store: Store) -> None:
    """All waits and claims have run out."""
    with store.write() as session:
        session.execute(text("UPDATE alert_channel SET not_before_s = 0, claim_until_s = 0"))
