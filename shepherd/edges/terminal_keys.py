"""Keys of the terminal that somebody looks at, one by one."""

import contextlib
import os
import select
import signal
import socket
import termios
import tty
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

from shepherd.edges.terminal import is_terminal


class Keyboard:
    """Keys as they are pressed, without Enter and without their being shown. Made by `keys_of`."""

    def __init__(self, keys: int | None, woken: socket.socket) -> None:
        self._keys, self._woken = keys, woken

    def pressed(self, within_s: float) -> str:
        """The next key; empty when the time is over, or the terminal has another size."""
        waits = [self._woken.fileno()] + ([self._keys] if self._keys is not None else [])
        ready = select.select(waits, [], [], within_s)[0]
        if self._woken.fileno() in ready:
            self._woken.recv(4096)
        if self._keys not in ready or self._keys is None:
            return ""
        typed = os.read(self._keys, 64)
        if not typed:
            self._keys = None  # nobody is there to type
        return typed.decode(errors="replace")[:1]


@contextlib.contextmanager
def keys_of(stream: TextIO) -> Iterator[Keyboard]:
    """The keyboard of a terminal; whatever ends this, its settings are as they were before. A TERM or a HUP is an end
    like others (SystemExit). `stream` may be none: then there are no keys. Only in the main thread."""
    keys = stream.fileno() if is_terminal(stream) else None
    before = termios.tcgetattr(keys) if keys is not None else None
    woken, wakes = socket.socketpair()
    with woken, wakes, _woken_by(wakes):
        try:
            if keys is not None:
                _without_enter(keys)
            yield Keyboard(keys, woken)
        finally:
            if keys is not None and before is not None:
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(keys, termios.TCSADRAIN, before)


def _without_enter(keys: int) -> None:
    """Ctrl-C is a signal still; Ctrl-Z is nothing, as it would leave the picture on the shell's screen."""
    tty.setcbreak(keys, termios.TCSADRAIN)
    settings = termios.tcgetattr(keys)
    settings[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(keys, termios.TCSADRAIN, settings)


@contextlib.contextmanager
def _woken_by(wakes: socket.socket) -> Iterator[None]:
    """Signals end a wait for keys: at once, not at the next second."""
    wakes.settimeout(0)
    before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    handlers = {signal.SIGWINCH: _nothing, signal.SIGTERM: _end, signal.SIGHUP: _end}
    old = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The wait ends; whoever draws asks for the size."""


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
