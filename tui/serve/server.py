"""The server: listens until a signal ends it, and all windows with it."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from engine.files.paths import Home
from engine.hardware.processes import host_name
from tui.serve.access import BadAddress, is_loopback, new_token
from tui.serve.site import Site

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
ANYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Served:
    """Address at which the app is served."""

    url: str
    port: int
    is_loopback: bool


def serve(
    home: Home, *, host: str, port: int, with_token: bool, writable: bool, ready: Callable[[Served], None]
) -> None:
    """Serve the app until SIGINT, SIGTERM or SIGHUP. `ready` gets the address. Raises BadAddress."""
    is_local = is_loopback(host)
    if not (is_local or with_token):
        raise BadAddress(
            f"--no-token serves this computer alone, and others reach {host}: leave out --no-token, or --host"
        )
    token = new_token() if with_token else None
    asyncio.run(_serve(Site(home, token=token, writable=writable), host, port, token, is_local, ready))


async def _serve(
    site: Site, host: str, port: int, token: str | None, is_local: bool, ready: Callable[[Served], None]
) -> None:
    ended = asyncio.Event()
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup goes on
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    # Without a log of requests: their paths have the token.
    runner = web.AppRunner(site.application(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise BadAddress(
                f"{host}, port {port}: {error.strerror or error}: give another --port or --host"
            ) from None
        taken = int(runner.addresses[0][1])
        name = host_name() if host in ANYWHERE else f"[{host}]" if ":" in host else host
        ready(Served(f"http://{name}:{taken}/{f'{token}/' if token else ''}", taken, is_local))
        await ended.wait()
        await site.end()
    finally:
        await runner.cleanup()
