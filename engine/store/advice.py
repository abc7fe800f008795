"""One suggestion for each cause, where nothing better is known of the run."""

from collections.abc import Mapping

from engine.store.status import Cause

ADVICE: Mapping[Cause, str] = {
    "code": "the run's log holds the last lines: fix what they name, then retry",
    "data": "fix the data, then retry",
    "diverged": "try a smaller lr",
    "out_of_memory": "free memory of the host, or clone the run with a smaller batch_size, then retry",
    "signal": "find out who sends the signal (a job scheduler, a memory guard, a person), then retry",
    "disk": "free some space or make the folder writable, then retry",
    "database": "see whether this host can reach and write the run table, then retry",
    "worker_lost": "see whether the host was restarted or its worker killed, then retry",
}
