"""`python -m engine.cluster.remote_start`: start of a worker on the host that SSH has reached.

The database's URL comes as the first line of standard input; further arguments are the worker's own. The last line of
standard output is a JSON document."""

import argparse
import json
import sys
from pathlib import Path

from engine.files.paths import Home
from engine.files.privacy import keep_private
from engine.hardware import processes, worker_start
from engine.store.database import open_store
from engine.store.errors import StoreError
from engine.text import print_message


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    options, arguments = parser.parse_known_args()
    home = Home.find(options.home, sys.stdin.readline().rstrip("\n"), options.cache)
    keep_private()
    try:
        if not home.root.is_dir():
            raise worker_start.StartFailed(
                f"there is no folder {home.root}: share it, or give its path there by --home-there"
            )
        open_store(home.database, create=False).close()
        started = worker_start.start_and_follow(home, arguments)
    except (worker_start.StartFailed, StoreError) as error:
        print_message(error)
        return 2
    except OSError as error:
        print_message(f"{error.filename}: {error.strerror}")
        return 2
    host = processes.host_name()
    warning = worker_start.logout_warning()
    print(json.dumps({"host": host, "pid": started.pid, "worker": started.id, "warning": warning}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
