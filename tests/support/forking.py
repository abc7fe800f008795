"""Workers and training processes that are forked instead of started: a new process imports for five seconds what the
tests have imported already.

A forked process does what `python -m MODULE ARGUMENTS` does, and is a child of whoever asked for it, as a started one
is. It comes from a fork server, because SQLite forbids to fork where a database is open: the tests' server is forked
before the first test, a worker's before the worker opens its database."""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from engine.training.process import IMPORTS
from tests.support.waiting import LIMIT_S

PR_SET_CHILD_SUBREAPER = 36
COMMS = {"engine.worker": "worker", "engine.training.process": "training"}
"""Texts of /proc/PID/comm of a forked process; its command line is that of the tests."""
GET_READY, READY = b"get ready", b"ready"
_server: socket.socket | None = None
"""This process's connection to its fork server."""


class Forked(subprocess.Popen[Any]):
    """`Popen` of a command `[python, …, "-m", MODULE, ARGUMENTS…]`, forked by the server."""

    def _execute_child(self, args: Any, *more: Any) -> None:
        """Popen has made the pipes: here the process is made."""
        preexec, _, passed, cwd, env = more[1:6]
        pipes, has_own_session = more[9:15], more[20]
        assert (preexec, passed, more[16:20], more[21]) == (None, (), (None, None, None, -1), -1), "not there"
        given, _, _, out, _, err = pipes
        module = args.index("-m") + 1
        asked = {
            "module": args[module],
            "arguments": args[module + 1 :],
            "cwd": str(cwd or os.getcwd()),
            "env": dict(os.environ if env is None else env),
            "has_own_session": bool(has_own_session),
            "umask": os.umask(0o077),
        }
        os.umask(asked["umask"])
        self.pid = _ask(asked, [number if end == -1 else end for number, end in enumerate((given, out, err))])
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def run_forked(command: list[str], **more: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command of `Forked` to its end, `more["input"]` being its standard input; return what it wrote, where
    `capture_output` is asked for."""
    pipe = subprocess.PIPE
    written = pipe if more.get("capture_output") else None
    with Forked(command, stdin=pipe, stdout=written, stderr=written, text=True) as process:
        out, err = process.communicate(more.get("input"))
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def fork_torch(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    """Fork the processes with torch that a module of the program starts."""
    kinds = SimpleNamespace(run=run_forked, Popen=Forked, PIPE=subprocess.PIPE)
    monkeypatch.setattr(module, "subprocess", kinds)


def serve_forks() -> None:
    """Fork this process's server. No database may be open."""
    global _server
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        try:
            _serve(theirs)
        finally:
            os._exit(1)
    theirs.close()
    _server = ours


def _ask(asked: dict[str, Any], standard: list[int]) -> int:
    """Return the pid of a new child of this process: orphans of its server become its own for a moment."""
    assert _server is not None, "there is no fork server: serve_forks() was not called"
    _server.settimeout(LIMIT_S)
    _server.send(GET_READY)
    answer = _server.recv(1 << 16)
    if answer != READY:
        raise OSError(f"the fork server has failed: {answer.decode()}")
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        socket.send_fds(_server, [json.dumps(asked).encode()], standard)
        return int(_server.recv(64))
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _serve(requests: socket.socket) -> NoReturn:
    """Fork a process for each request, until nobody is left to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Path("/proc/self/comm").write_text("fork-server")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):  # else who reads its parent's output to the end would wait for this process, too
        os.dup2(nowhere, number)
    while True:
        message, standard, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not message:
            os._exit(0)
        if message == GET_READY:
            requests.send(_import_all())
            continue
        requests.send(str(_orphan(json.loads(message), standard)).encode())
        for each in standard:
            os.close(each)


def _import_all() -> bytes:
    """Import what a training imports, which the processes then need not; return READY, or what went wrong."""
    try:
        for name in IMPORTS:
            importlib.import_module(name)
    except Exception:
        return traceback.format_exc()[-4000:].encode()
    return READY


def _orphan(asked: dict[str, Any], standard: list[int]) -> int:
    """Return the pid of a new process whose parent has ended."""
    reads, writes = os.pipe()
    parent = os.fork()
    if parent == 0:
        try:
            child = os.fork()
            if child == 0:
                _become(asked, standard)
            os.write(writes, str(child).encode())
        finally:
            os._exit(0)
    os.waitpid(parent, 0)
    os.close(writes)
    child = int(os.read(reads, 64))
    os.close(reads)
    return child


def _become(asked: dict[str, Any], standard: list[int]) -> NoReturn:
    """Be the process that was asked for."""
    code = 1
    try:
        gc.freeze()  # nothing of the tests' is to be closed here
        os.umask(asked["umask"])
        if asked["has_own_session"]:
            os.setsid()
        for number, given in enumerate(standard):
            os.dup2(given, number)
        os.closerange(3, 4096)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, buffering=1, closefd=False) for number, mode in enumerate("rww")
        )
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        Path("/proc/self/comm").write_text(COMMS.get(asked["module"], "forked"))
        code = _run(asked["module"], asked["arguments"])
    except BaseException:
        traceback.print_exc()
    for output in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            output.flush()
    os._exit(code)


def _run(module: str, arguments: list[str]) -> int:
    """Run a module as `__main__` and return its exit code. A worker forks its training processes."""
    if module == "engine.worker":
        serve_forks()
        warm_process: Any = importlib.import_module("engine.worker.warm_process")
        warm_process.subprocess = SimpleNamespace(
            Popen=Forked, PIPE=subprocess.PIPE, STDOUT=subprocess.STDOUT, DEVNULL=subprocess.DEVNULL
        )
    sys.argv = [module, *arguments]
    is_package = hasattr(importlib.import_module(module), "__path__")
    sys.modules.pop(f"{module}.__main__" if is_package else module, None)  # it may be imported already
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as left:
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
        return int(left.code is not None) if not isinstance(left.code, int) else left.code
    return 0
