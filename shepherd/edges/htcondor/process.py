"""One worker process as the daemon sees it: started when needed, asked one thing at a time, killed at its deadline."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from shepherd.edges.htcondor.frames import FrameBroken, pack, unpack
from shepherd.errors import PoolUnavailable

MODULE = "shepherd.edges.htcondor.worker"
DEFAULT_PLACE = "empty: HTCondor's COLLECTOR_HOST"
WHEN_SILENT = "is {} right, can its machine be reached, does its condor_collector run?"
WHEN_REFUSED = "give this account a token that {} accepts, and allow its identity there: ALLOW_READ, ALLOW_DAEMON"
"""What to do, for a person; a token does not help where a cable is out."""


class Asks(Protocol):
    """Somebody to ask; what the rest of this edge needs of a worker."""

    def ask(self, question: str, args: Mapping[str, object], *, within_s: float) -> object:
        """The whole answer. Raises PoolUnavailable."""

    def close(self) -> None:
        """Idempotent."""


class TooLate(Exception):
    """The deadline passed."""


class WorkerProcess:
    """Asks one collector. Safe to use from several threads: they wait for each other within their deadlines."""

    def __init__(
        self,
        *,
        collector: str,
        condor_config: str = "",
        name: str = "collector",
        setting: str = "",
        python: Sequence[str] = (sys.executable,),
    ) -> None:
        """`name` is how messages call the other side, e.g. "home collector", and `setting` the key which says where
        that is; with it they say what to do. `python`: how Python is started."""
        self._collector, self._config, self._name, self._python = collector, condor_config, name, python
        self._place = f"{setting} ({collector or DEFAULT_PLACE})" if setting else ""
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def ask(self, question: str, args: Mapping[str, object], *, within_s: float) -> object:
        """The whole answer. Raises PoolUnavailable, also when the deadline passes; then the worker is dead."""
        until = time.monotonic() + within_s
        if not self._turn.acquire(timeout=within_s):
            raise PoolUnavailable(f"{self._name}: busy with other questions for {within_s:g} s")
        try:
            return self._judged(self._exchange(question, args, until))
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the worker. Idempotent; a later question starts another."""
        with self._turn:
            self._end()

    @property
    def pid(self) -> int | None:
        """The worker's process id while one runs."""
        return self._process.pid if self._process is not None else None

    def _exchange(self, question: str, args: Mapping[str, object], until: float) -> object:
        within_s = max(0.1, until - time.monotonic())
        process = self._running()
        try:
            _send(process, pack({"question": question, "args": args, "within_s": within_s}), until)
            return unpack(lambda size: _read(process, size, until))
        except TooLate as exc:
            self._end()
            raise self._silent(f"no answer to {question!r} in time; worker killed") from exc
        except (FrameBroken, OSError) as exc:
            how = self._end()
            raise PoolUnavailable(f"{self._name}: the worker died over {question!r} ({how})") from exc

    def _judged(self, reply: object) -> object:
        match reply:
            case {"answer": answer}:
                return answer
            case {"refused": why}:
                remedy = f"; {WHEN_REFUSED.format(self._place)}" if self._place else ""
                raise PoolUnavailable(f"{self._name}: {why}{remedy}", refused=True)
            case {"silent": why}:
                raise self._silent(str(why))
        raise PoolUnavailable(f"{self._name}: the worker's answer makes no sense")

    def _silent(self, why: str) -> PoolUnavailable:
        remedy = f"; {WHEN_SILENT.format(self._place)}" if self._place else ""
        return PoolUnavailable(f"{self._name}: {why}{remedy}")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            self._process = self._start()
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            process = subprocess.Popen(
                [*self._python, "-m", MODULE, self._collector],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(self._config),
                cwd="/",
                bufsize=0,
            )
        except OSError as exc:
            raise PoolUnavailable(f"{self._name}: no worker process can be started: {exc}") from exc
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
        return process

    def _end(self) -> str:
        process, self._process = self._process, None
        if process is None:
            return "not running"
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        return _how(process.returncode)


def environment(condor_config: str) -> dict[str, str]:
    """The worker's environment: our own package is found, and HTCondor's configuration if one is named."""
    package = str(Path(__file__).resolve().parents[3])
    before = os.environ.get("PYTHONPATH", "")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in (package, before) if part)}
    return {**env, "CONDOR_CONFIG": condor_config} if condor_config else env


def _send(process: subprocess.Popen[bytes], data: bytes, until: float) -> None:
    assert process.stdin is not None  # noqa: S101 - we asked for the pipe
    fd, view = process.stdin.fileno(), memoryview(data)
    while view:
        _await(fd, select.POLLOUT, until)
        view = view[os.write(fd, view) :]


def _read(process: subprocess.Popen[bytes], size: int, until: float) -> bytes:
    assert process.stdout is not None  # noqa: S101 - we asked for the pipe
    fd = process.stdout.fileno()
    _await(fd, select.POLLIN, until)
    return os.read(fd, size)


def _await(fd: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TooLate


def _how(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
