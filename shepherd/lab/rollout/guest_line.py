"""The line into a machine: commands by QEMU's guest agent, in its own protocol, over a serial port.

Every question has a deadline. After one that was not answered the connection is made anew, and what still comes of the
old question is left out: the protocol has a mark for that.
"""

import base64
import contextlib
import itertools
import json
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shepherd.errors import CommandFailed, Unavailable

ANSWER_S = 30.0
SYNC_S = 3.0
POLL_FIRST_S, POLL_MOST_S = 0.05, 0.5
SENTINEL = b"\xff"
KILLED = (137, -9)
"""How `timeout` tells that the deadline passed; others may have killed, too."""


class GuestLine:
    """The guest agent behind a socket of QEMU's. Threads may share it: one question at a time is on the line."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._line: socket.socket | None = None
        self._rest = b""
        self._guard = threading.Lock()
        self._numbers = itertools.count(1)

    def answers(self, within_s: float = SYNC_S) -> bool:
        """Whether it runs now."""
        try:
            self.ask("guest-ping", within_s=within_s)
        except (Unavailable, CommandFailed):
            return False
        return True

    def ask(self, question: str, within_s: float = ANSWER_S, **arguments: object) -> dict[str, Any]:
        """One question and its answer. Raises Unavailable, or CommandFailed if it refuses."""
        with self._guard:
            deadline_s = time.monotonic() + within_s
            try:
                line = self._line or self._connected(deadline_s)
                asked = {"execute": question, "arguments": arguments}
                line.sendall(json.dumps(asked).encode() + b"\n")
                answer = json.loads(self._read(line, b"\n", deadline_s))
            except (OSError, ValueError) as exc:
                self._hang_up()
                raise Unavailable(f"the guest agent of {self._name} did not answer {question}: {exc!r}") from exc
        if "error" in answer:
            raise CommandFailed(f"the guest agent of {self._name} refused {question}: {answer['error'].get('desc')}")
        told: dict[str, Any] = answer["return"]
        return told

    def run(
        self, argv: Sequence[str], *, timeout_s: float, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `argv` to its end; past the deadline it is killed in the machine. Raises Unavailable then."""
        bounded = ["/usr/bin/timeout", "--signal=KILL", f"{timeout_s:g}", *argv]
        told: dict[str, Any] = {"path": bounded[0], "arg": bounded[1:], "capture-output": True}
        if given is not None:
            told["input-data"] = base64.b64encode(given.encode()).decode()
        begun_s = time.monotonic()
        begun = self.ask("guest-exec", **told)
        done = self._awaited(int(begun["pid"]), timeout_s + ANSWER_S, argv)
        code = int(done.get("exitcode", -int(done.get("signal", 0))))
        if code in KILLED and time.monotonic() - begun_s >= timeout_s:
            raise Unavailable(f"no answer within {timeout_s:g} s on {self._name} from: {' '.join(argv)[:400]}")
        return subprocess.CompletedProcess(list(argv), code, _text(done, "out-data"), _text(done, "err-data"))

    def _awaited(self, pid: int, within_s: float, argv: Sequence[str]) -> dict[str, Any]:
        end_s, wait_s = time.monotonic() + within_s, POLL_FIRST_S
        while time.monotonic() < end_s:
            told = self.ask("guest-exec-status", pid=pid)
            if told["exited"]:
                return told
            time.sleep(wait_s)
            wait_s = min(POLL_MOST_S, wait_s * 1.5)
        raise Unavailable(f"{self._name} did not end within {within_s:g} s: {' '.join(argv)[:400]}")

    def close(self) -> None:
        """Hang up. Idempotent."""
        with self._guard:
            self._hang_up()

    # -- the line -----------------------------------------------------------------------------------------------------

    def _connected(self, deadline_s: float) -> socket.socket:
        """A new connection on which nothing of an older question is left. Raises OSError, ValueError."""
        line = socket.socket(socket.AF_UNIX)
        self._line, self._rest = line, b""
        line.settimeout(max(0.1, deadline_s - time.monotonic()))
        line.connect(str(self._path))
        number = time.monotonic_ns() % 2**31 + next(self._numbers)
        asked = {"execute": "guest-sync-delimited", "arguments": {"id": number}}
        line.sendall(SENTINEL + json.dumps(asked).encode() + b"\n")
        while True:
            self._read(line, SENTINEL, deadline_s)
            said = self._read(line, b"\n", deadline_s)
            with contextlib.suppress(ValueError):
                if json.loads(said).get("return") == number:
                    return line

    def _read(self, line: socket.socket, end: bytes, deadline_s: float) -> bytes:
        while end not in self._rest:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("no answer in time")
            line.settimeout(left_s)
            more = line.recv(65536)
            if not more:
                raise OSError("QEMU hung up")
            self._rest += more
        said, _, self._rest = self._rest.partition(end)
        return said

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def _text(done: dict[str, Any], key: str) -> str:
    return base64.b64decode(str(done.get(key, ""))).decode(errors="replace")
