"""The terminal as Textual's driver knows it, also where it goes away, is lent to a shell, or is no UTF-8."""

import os
import selectors
import signal
import sys
import termios
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from typing import IO, Any, cast

from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from engine.hardware.processes import lineage
from tui.ascii import terminal_encoding

READ_S = 0.1
MOST_READ = 4096
MOUSE_PIXELS_OFF = "\x1b[?1016l"
GIVE_BACK = (
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    + MOUSE_PIXELS_OFF
    + "\x1b[<u"
    "\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Sequences that Textual's driver ends with: pastes, wrapping, mouse, keys, screen, cursor and focus as they were."""


def has_shell() -> bool:
    """Return True where a shell with job control waits for this program: it takes the terminal while this one stops.

    Without one nobody could let the program go on (POSIX: its process group is orphaned)."""
    group, session = os.getpgrp(), os.getsid(0)
    for pid in lineage(os.getppid()):
        try:
            if os.getsid(pid) != session:
                return False
            if os.getpgid(pid) != group:
                return True
        except OSError:
            return False
    return False


class TerminalDriver(LinuxDriver):
    """Textual's driver for Linux and macOS. A terminal that is lost ends the app as SIGHUP does."""

    def __init__(self, app: App[Any], **more: Any) -> None:
        super().__init__(app, **more)
        standard = [each for each in (sys.__stderr__, sys.__stdout__) if each is not None]
        screen = next(each for each in standard if each.isatty())
        self._file = cast(TextIOWrapper, Output(screen, self._lose))
        self._at_first = termios.tcgetattr(self.fileno)
        self._is_lost = False
        self.resumed_at = 0.0
        """Time at which the app last got the terminal back: what was typed before was meant for the shell."""

    @property
    def is_on(self) -> bool:
        """True while the terminal is the app's: in its alternate screen, with reports of the mouse."""
        return self._writer_thread is not None and self._writer_thread.is_alive()

    def _lose(self) -> None:
        if not self._is_lost:
            self._is_lost = True
            os.kill(os.getpid(), signal.SIGHUP)

    def give_back(self) -> None:
        """Give the terminal back at once, without waiting for anything: neither for threads nor for the terminal."""
        if not self.is_on:
            return
        with suppress(OSError, termios.error):
            output = os.open(os.ttyname(self.fileno), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            os.write(output, GIVE_BACK.encode())
            if os.tcgetpgrp(self.fileno) == os.getpgrp():
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._at_first)

    def stop_application_mode(self) -> None:
        if self._mouse_pixels:
            self.write(MOUSE_PIXELS_OFF)
        super().stop_application_mode()

    # Stopped by the shell's keys or `kill`, and gone on with

    def suspend(self) -> None:
        """Stop this process and those that the shell started with it, as ctrl+z does elsewhere."""
        self.suspend_application_mode()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._stop()

    def _stop(self) -> None:
        if self.is_on:
            self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take_again()

    def _take_again(self) -> None:
        """Take the terminal again, once the shell has it no more."""
        self._must_signal_resume = True
        while not self.is_on and not self._is_lost:
            with suppress(termios.error):
                termios.tcflush(self.fileno, termios.TCIFLUSH)
            self.resumed_at = get_time()
            self.resume_application_mode()
            if not self.is_on and not has_shell():
                self._lose()
        self._app.call_later(self._app.refresh, layout=True)

    def _sigtstp_application(self, *_: Any) -> None:
        """Stop, where somebody can let the program go on; between two events, as a handler may interrupt a write."""
        if not has_shell():
            return
        if self._auto_restart and self.is_on:
            self._loop.call_soon_threadsafe(self._stop)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: Any) -> None:
        """Take the terminal anew after SIGSTOP, which is not heard of."""
        if self._auto_restart and self.is_on:
            self._loop.call_soon_threadsafe(self._retake)

    def _retake(self) -> None:
        if self.is_on:
            self.suspend_application_mode()
            self._take_again()

    # What is typed

    def run_input_thread(self) -> None:
        """Read what is typed, in the terminal's encoding, and post it as events.

        Textual's own reads UTF-8 alone, and reads a terminal that is gone for ever."""
        parser = XTermParser(self._debug)
        decoder = getincrementaldecoder(terminal_encoding())(errors="replace")
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(READ_S):
                    typed = self._read()
                    if not typed:
                        return
                    if text := decoder.decode(typed):  # none ends the parser
                        self._post(parser.feed(text))
                self._post(parser.tick())

    def _read(self) -> bytes:
        """Return what was typed; nothing where the terminal is gone."""
        try:
            typed = os.read(self.fileno, MOST_READ)
        except OSError:
            typed = b""
        if not typed:
            self._lose()
        return typed

    def _post(self, events: Any) -> None:
        for event in events:
            self.process_message(event)


class Output:
    """Stream to the terminal that reports a terminal that is gone instead of raising, so that nothing waits for it."""

    def __init__(self, stream: IO[str], lost: Callable[[], None]) -> None:
        self._stream, self._lost = stream, lost

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except OSError:
            self._lost()

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._lost()

    def fileno(self) -> int:
        return self._stream.fileno()
