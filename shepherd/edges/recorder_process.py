"""The Recording port: the flow log as a process of its own, which says each turn how it is."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from shepherd.errors import CommandFailed, Unavailable

END_S = 5.0
"""So long it may take to write what it knows."""
LONGEST = 65536


class RecorderProcess:
    """`ports_gateway.Recording`."""

    def __init__(self, settings: Path, python: Sequence[str] = (sys.executable,)) -> None:
        """`settings`: the gateway's, read by the process itself."""
        self._argv = [*python, "-m", "shepherd", "--settings", str(settings), "gateway", "record"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while one runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """See the port."""
        self.end()
        try:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), cwd="/", bufsize=0
            )
        except OSError as exc:
            raise CommandFailed(f"the flow log cannot be started: {exc}") from exc

    def said(self, within_s: float) -> str:
        """See the port."""
        process = self._process
        if process is None or process.stdout is None:
            raise CommandFailed("the flow log does not run")
        if not select.select([process.stdout], [], [], within_s)[0]:
            raise Unavailable(f"the flow log said nothing for {within_s:g} s")
        said = os.read(process.stdout.fileno(), LONGEST)
        if not said:
            raise CommandFailed(f"the flow log has ended ({how(process)})")
        return said.decode(errors="replace").strip().rpartition("\n")[2]

    def end(self) -> None:
        """See the port. Its standard input ends: so does it, also when we are killed."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def environment() -> dict[str, str]:
    """Our own package is found."""
    package, before = str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in (package, before) if part)}


def how(process: subprocess.Popen[bytes]) -> str:
    """How it ended."""
    try:
        code = process.wait(timeout=END_S)
    except subprocess.TimeoutExpired:
        return "it closed its output"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
