"""Hosts in network namespaces of their own, with host names and processes of their own, that reach a PostgreSQL
server through a link each, which a test can cut."""

import contextlib
import os
import secrets
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.support.slurm_cluster import APART

NEEDED = ("ip", "unshare")
NAMED = 'hostname "$0" && exec "$@"'


class NetworkHost:
    """One host: its name, and the address at which it reaches the server."""

    def __init__(self, number: int, network: str) -> None:
        """`network`: the first two bytes of its addresses."""
        self.name = f"host{number}"
        self._namespace = f"rt{os.getpid()}n{number}"
        self._link = f"rt{os.getpid() % 10**6}v{number}"
        self.server, self._own = f"{network}.{number}.1", f"{network}.{number}.2"

    def connect(self) -> None:
        _ip("netns", "add", self._namespace)
        _ip("link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self._namespace)
        _ip("addr", "add", f"{self.server}/30", "dev", self._link)
        _ip("link", "set", self._link, "up")
        for words in (("addr", "add", f"{self._own}/30", "dev", "eth0"), ("link", "set", "eth0", "up")):
            _ip("-n", self._namespace, *words)
        _ip("-n", self._namespace, "link", "set", "lo", "up")

    def within(self, *environment: str) -> tuple[str, ...]:
        """Return what comes before a command that is to run on this host; `environment` are words NAME=VALUE."""
        inside = ("ip", "netns", "exec", self._namespace, *APART, "sh", "-c", NAMED, self.name)
        return (*inside, "env", *environment)

    def cut(self) -> None:
        """Lose every packet from now on: no connection is closed, none is answered."""
        _ip("link", "set", self._link, "down")

    def heal(self) -> None:
        _ip("link", "set", self._link, "up")

    def remove(self) -> None:
        for words in (("link", "del", self._link), ("netns", "del", self._namespace)):
            subprocess.run(["ip", *words], capture_output=True, check=False)


class Relay:
    """Passes the bytes of TCP connections on to a server's Unix socket, in threads."""

    def __init__(self, address: str, target: str) -> None:
        self._target, self._listener = target, socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, contextlib.suppress(OSError):
            server.connect(self._target)
            other = {client: server, server: client}
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    other[ready].sendall(data)

    def close(self) -> None:
        self._listener.close()


@contextlib.contextmanager
def network_hosts(count: int) -> Iterator[list[NetworkHost]]:
    """Connect so many hosts for the length of the block; skips the test where the system allows none."""
    if os.geteuid() != 0 or not all(map(shutil.which, NEEDED)):
        pytest.skip("needs root, ip (iproute2) and unshare")
    network = f"10.{secrets.choice(range(100, 250))}"  # links of a test that was killed may be left
    hosts = [NetworkHost(number, network) for number in range(1, count + 1)]
    try:
        try:
            for host in hosts:
                host.connect()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        yield hosts
    finally:
        for host in hosts:
            host.remove()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
