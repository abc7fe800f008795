"""Whether workers of other hosts can use a home's run table."""

from collections.abc import Collection

from engine.cluster.errors import ClusterError
from engine.files.paths import Home
from engine.hardware import processes
from engine.store.database import parse_url

LOOPBACK = ("localhost", "127.0.0.1", "::1")
SERVER = "postgresql://user@host/database"


def is_this_host(names: Collection[str]) -> bool:
    """Return True where all names are this host's, with or without a domain."""
    own = _short(processes.host_name())
    return bool(names) and all(name in LOOPBACK or _short(name) == own for name in names)


def require_shared_table(home: Home) -> None:
    """Raise ClusterError, or StoreError for no URL, where no other host can use the run table."""
    if home.database_file is not None:
        raise ClusterError(
            f"the run table {home.database_file} is a file, which only this host can use, and the worker runs on "
            f"another: keep it in PostgreSQL (--db {SERVER})"
        )
    url = parse_url(home.database)
    if url.host in LOOPBACK or (url.host is None and "host" not in url.query):
        raise ClusterError(
            f"the database's URL names this host as {url.host or 'none'}, which is another one where the worker runs: "
            f"give --db {SERVER} with the server's name"
        )


def _short(name: str) -> str:
    return name.split(".")[0].lower()
