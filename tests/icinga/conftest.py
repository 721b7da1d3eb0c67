"""Icinga2 of two Debian releases on the loopback, each started once for the folder."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shepherd.lab.icinga import Instance
from shepherd.lab.icinga_tree import NEW, OLD, provide_icinga
from shepherd.lab.progress import Progress
from tests.icinga.places import FakePlace, Place, RealPlace

PAIRS = (("p201", "f201"), ("p202", "f202"))


def free_port() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(suite: str) -> Iterator[Instance]:
    """An Icinga2 of a release; its folder is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="icinga-"))
    made = Instance(tree=provide_icinga(suite, Progress()), home=home, port=free_port(), pairs=PAIRS)
    try:
        made.prepare()
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="package")
def old_icinga() -> Iterator[Instance]:
    """2.13."""
    with running(OLD) as made:
        yield made


@pytest.fixture(scope="package")
def new_icinga() -> Iterator[Instance]:
    """2.16."""
    with running(NEW) as made:
        yield made


REAL = [pytest.param(name, marks=pytest.mark.real) for name in ("old_icinga", "new_icinga")]


@pytest.fixture(params=REAL)
def icinga(request: pytest.FixtureRequest) -> Instance:
    """Either."""
    made: Instance = request.getfixturevalue(request.param)
    return made


@pytest.fixture(params=["fake", *REAL])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The fake one, or either of the real ones, without anything silent."""
    if request.param == "fake":
        yield FakePlace()
        return
    made = RealPlace(request.getfixturevalue(request.param), tmp_path)
    made.clean()
    yield made
    made.clean()
