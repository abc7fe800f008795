"""`resnet-tui serve`: the app in a browser."""

from typing import Annotated

import typer

from engine.files.paths import Home
from engine.files.privacy import secure_home
from engine.hardware.processes import host_name
from engine.store.database import open_store
from tui.cli.options import takes_home
from tui.cli.output import CliError, print_message

MISSING = "serve needs textual-serve: pip install 'resnet-tui[serve]'"
LOOPBACK = "127.0.0.1"


@takes_home
def serve(
    home: Home,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0: one that is free.")] = 0,
    writable: Annotated[
        bool, typer.Option("--writable", help="Let windows change things, too: queue, edit, start workers.")
    ] = False,
    without_token: Annotated[
        bool, typer.Option("--no-token", help="Ask for no token: all users of this computer can look.")
    ] = False,
) -> int:
    """Serve the app to browsers: prints the address, which has a secret token in it, until ctrl+c."""
    try:
        from tui.serve.access import BadAddress
        from tui.serve.server import Served, serve
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("aiohttp", "textual_serve"):
            raise
        raise CliError(MISSING) from None
    if not home.root.is_dir():
        raise CliError(f"there is no folder {home.root}: make it or give another --home")
    open_store(home.database, create=writable).close()
    if writable:
        secure_home(home)

    def ready(served: Served) -> None:
        print(served.url, flush=True)
        may = "Windows may change things." if writable else "Windows are read-only (--writable: not)."
        print_message(f"{may} {_reach(served.is_loopback, served.port)} ctrl+c ends it.")

    try:
        serve(home, host=host, port=port, with_token=not without_token, writable=writable, ready=ready)
    except BadAddress as error:
        raise CliError(str(error)) from None
    return 0


def _reach(is_loopback: bool, port: int) -> str:
    """Say how other computers reach it safely."""
    if is_loopback:
        return f"From another computer: ssh -L {port}:127.0.0.1:{port} {host_name()}, and the same address there."
    return "Without encryption: whoever can listen on the network can read the token and all that is shown."
