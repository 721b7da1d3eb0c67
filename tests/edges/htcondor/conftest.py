"""Foreign things as real sockets and real programs; for `real` tests a real pool in namespaces of its own."""

import pathlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shepherd.edges.htcondor.process import WorkerProcess
from tests.real_pool import RealPool, real_daemons

CLIENT = """\
COLLECTOR_HOST = 127.0.0.1:1
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = False
SEC_CLIENT_AUTHENTICATION_METHODS = CLAIMTOBE
"""


def eventually(question: Callable[[], object], within_s: float = 10.0) -> Any:
    """The first true answer; the last one fails the test."""
    end_s = time.monotonic() + within_s
    while not (answer := question()):
        assert time.monotonic() < end_s, f"never came true; the last answer was {answer!r}"
        time.sleep(0.05)
    return answer


@pytest.fixture(name="config")
def condor_configuration(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "client.conf"
    path.write_text(CLIENT)
    return str(path)


class Listener:
    """A peer that accepts every connection and does one thing with it."""

    def __init__(self, treat: Callable[[socket.socket], None]) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._kept: list[socket.socket] = []
        self._treat = treat
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            self._kept.append(peer)
            threading.Thread(target=self._treat, args=(peer,), daemon=True).start()

    @property
    def connections(self) -> int:
        return len(self._kept)

    def close(self) -> None:
        self._server.close()
        for peer in self._kept:
            peer.close()


@pytest.fixture(name="listen")
def make_listener() -> Iterator[Callable[[Callable[[socket.socket], None]], Listener]]:
    made: list[Listener] = []

    def make(treat: Callable[[socket.socket], None]) -> Listener:
        made.append(Listener(treat))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


@pytest.fixture(name="worker_for")
def make_worker(config: str) -> Iterator[Callable[[str], WorkerProcess]]:
    made: list[WorkerProcess] = []

    def make(collector: str) -> WorkerProcess:
        made.append(WorkerProcess(collector=collector, condor_config=config, name="home collector"))
        return made[-1]

    yield make
    for worker in made:
        worker.close()


@pytest.fixture(name="real_pool", scope="package")
def pool_of_real_daemons() -> Iterator[RealPool]:
    with real_daemons() as pool:
        yield pool
