"""The guard's fence against the real kernel: a lock that is free is no proof that the container is empty."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.host.containers import EACH_VERSION, Cgroup, Container, holder
from tests.host.guards import Host
from tests.host.waiting import eventually, lives, start_ticks

pytestmark = [pytest.mark.real, pytest.mark.limit(60), EACH_VERSION]


class Lent:
    """A host whose container serves guests, and whose guard waits."""

    def __init__(self, directory: Path, version: int) -> None:
        self.host = Host(directory)
        self.cgroup = Cgroup(f"shepherd-test-{os.getpid()}-{directory.name}", version)
        self.container = Container(directory).start()
        self.cgroup.add(self.container.pid)
        self.write_fence()
        self.container.control("wait")
        eventually(lambda: holder(self.container.lock) == self.container.pid, what="PID 1 has the lock")

    def write_fence(self) -> None:
        """What the keeper writes before PID 1 may take the lock."""
        pid = self.container.pid
        self.host.fence.write_text(f"pid={pid}\nstart={start_ticks(pid)}\ncgroup={self.cgroup.path}\n")

    def go(self) -> list[int]:
        """Let guests in; their processes."""
        self.container.control("go")
        eventually(self.container.serving, what="the master runs")
        return eventually(lambda: found if len(found := self.container.processes()) > 20 else [], what="payloads run")

    def close(self) -> None:
        self.container.close()
        self.host.close()
        self.cgroup.close()


@pytest.fixture
def lends(tmp_path: Path, version: int) -> Iterator[Callable[[], Lent]]:
    made: list[Lent] = []

    def lend() -> Lent:
        (directory := tmp_path / str(len(made))).mkdir()
        made.append(Lent(directory, version))
        return made[-1]

    yield lend
    for lent in made:
        lent.close()


def test_no_guest_lives_when_the_startd_starts_after_a_killed_pid_1(lends: Callable[[], Lent]) -> None:
    """The kernel frees a dying PID 1's lock before it kills the rest: guests ran 15 to 26 ms beside the startd."""
    for _ in range(5):
        lent = lends()
        payloads = lent.go()
        lent.host.watched.write_text(" ".join(map(str, payloads)))
        guard = lent.host.armed()
        os.kill(lent.container.pid, signal.SIGKILL)
        eventually(lambda lent=lent, guard=guard: lent.host.serving(guard), what="the startd is back")  # type: ignore[misc]
        assert "beside=" not in lent.host.story()


def test_what_lives_on_in_the_cgroup_is_killed_first(lends: Callable[[], Lent]) -> None:
    """A process entered by `docker exec` is in the container's cgroup; the shell of a curious admin is a guest too."""
    lent = lends()
    lent.go()
    with subprocess.Popen(["sleep", "1000"]) as entered:
        lent.cgroup.add(entered.pid)
        guard = lent.host.armed()
        os.kill(lent.container.pid, signal.SIGKILL)
        eventually(lambda: lent.host.serving(guard), what="the startd is back")
        assert not lives(entered.pid)


def armed(lent: Lent) -> tuple[Container, subprocess.Popen[bytes]]:
    """A new PID 1 that waits beside a startd: of a host that is about to be lent."""
    lent.container.close()
    waiting = Container(lent.host.lock.parents[2]).start()
    first = lent.host.served()
    lent.container = waiting
    lent.cgroup.add(waiting.pid)
    lent.write_fence()
    return waiting, first


def test_a_pid_1_that_waits_alone_keeps_no_startd_out(lends: Callable[[], Lent]) -> None:
    """While a host is armed its startd may crash: the fence must let it come back beside the waiting PID 1."""
    waiting, first = armed(lent := lends())
    second = lent.host.armed()
    waiting.control("leave", lease="another")
    first.kill()
    eventually(lambda: lent.host.serving(second), what="the next startd runs")
    assert waiting.runs()


def test_who_was_entered_beside_a_waiting_pid_1_is_killed_without_it(lends: Callable[[], Lent]) -> None:
    """A kill of the whole cgroup ended the lend on version 2 only, where version 1 let the waiting PID 1 live."""
    waiting, first = armed(lent := lends())
    with subprocess.Popen(["sleep", "1000"]) as entered:
        lent.cgroup.add(entered.pid)
        second = lent.host.armed()
        waiting.control("leave", lease="another")
        first.kill()
        eventually(lambda: lent.host.serving(second), what="the next startd runs")
        assert not lives(entered.pid)
    assert waiting.runs()


def test_a_fence_that_cannot_be_read_lets_nobody_pass(lends: Callable[[], Lent]) -> None:
    """A guard that shrugged at a broken file would run the startd beside who knows what."""
    lent = lends()
    guard = lent.host.armed()
    lent.host.fence.write_text("half a li")
    os.kill(lent.container.pid, signal.SIGKILL)
    eventually(lambda: "does not name pid" in lent.host.errors.read_text(), what="the guard says why it waits")
    assert not lent.host.serving(guard)
    lent.host.fence.unlink()
    eventually(lambda: lent.host.serving(guard), what="the startd runs once the keeper has cleared the file")
