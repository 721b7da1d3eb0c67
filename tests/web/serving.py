"""The real program, on a port of the loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shepherd.edges.network_namespace import within
from tests.cli.sites import ROOT, Site

WITHIN_S = 30.0
PATIENCE_S = 3.0
"""For a request that is not one there is no answer."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Serving:
    """A process that serves a site's ledger."""

    def __init__(self, site: Site, port: int, network: int = 0) -> None:
        """`network`: a process whose network it is in; 0: ours."""
        self.port, self.origin, self._network = port, f"http://127.0.0.1:{port}", network
        there = ["nsenter", f"--net=/proc/{network}/ns/net", "--"] if network else []
        argv = [*there, sys.executable, "-m", "shepherd", *site.words("web", "--listen", f"127.0.0.1:{port}")]
        self._log = (site.state / "web.log").open("w+")
        self._process = subprocess.Popen(argv, cwd=ROOT, stderr=self._log, env={**os.environ, "PYTHONUNBUFFERED": "1"})

    def await_port(self) -> None:
        """Until it answers."""
        ends_s = time.monotonic() + WITHIN_S
        while time.monotonic() < ends_s and self._process.poll() is None:
            try:
                self.connected().close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"it does not come up: {self.log()}")

    def log(self) -> str:
        """What it has said so far."""
        self._log.flush()
        self._log.seek(0)
        return self._log.read()

    def said(self, data: bytes) -> bytes:
        """What it answers to these bytes."""
        got = b""
        with self.connected() as connection, contextlib.suppress(OSError):
            connection.sendall(data)
            connection.settimeout(PATIENCE_S)
            while some := connection.recv(65536):
                got += some
        return got

    def connected(self) -> socket.socket:
        def made() -> socket.socket:
            return socket.create_connection(("127.0.0.1", self.port), 5)

        return within(self._network, made) if self._network else made()

    def stop(self) -> float:
        """By TERM, as systemd does it; how long it took. Raises if it does not end well."""
        began_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(20)
        self._log.close()
        if code != 0:
            raise AssertionError(f"it ended with {code}")
        return time.monotonic() - began_s

    @property
    def runs(self) -> bool:
        return self._process.poll() is None


@contextmanager
def serving(site: Site, port: int = 0, network: int = 0) -> Iterator[Serving]:
    """From when it answers until it has ended. `port` 0: any."""
    made = Serving(site, port or free_port(), network)
    try:
        made.await_port()
        yield made
    finally:
        if made.runs:
            made.stop()
