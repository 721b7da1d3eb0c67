"""Processes, cgroups and the host lock of the real kernel."""

import fcntl
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.edges.kernel import cgroups
from shepherd.edges.kernel import processes as module
from shepherd.edges.kernel.processes import HostKernel, flock_holder, holds_flock
from shepherd.errors import CommandFailed
from shepherd.model.container import Container
from shepherd.model.observation import LockHolder
from tests.host.containers import EACH_VERSION, Cgroup
from tests.host.waiting import eventually, lives

HOLD = "import fcntl, sys, time; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); time.sleep(1000)"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "host.lock"
    path.touch(mode=0o600)
    return path


@pytest.fixture
def kernel(lock: Path) -> HostKernel:
    return HostKernel(lock)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


def holding(lock: Path, name: Path) -> subprocess.Popen[bytes]:
    """A process whose program file has that name, and which holds the lock."""
    shutil.copy(Path(sys.executable).resolve(), name)
    environment = {**os.environ, "PYTHONHOME": sys.base_prefix}
    process = subprocess.Popen([str(name), "-IS", "-c", HOLD, str(lock)], env=environment)
    eventually(lambda: flock_holder(lock) == process.pid, what="it holds the lock")
    return process


def test_nobody_holds_a_free_or_missing_lock(kernel: HostKernel, lock: Path) -> None:
    """Before the first guard the file is not there."""
    assert kernel.lock_holder(None) == (LockHolder.NOBODY, None)
    lock.unlink()
    assert kernel.lock_holder(None) == (LockHolder.NOBODY, None)


def test_holders_are_told_apart(kernel: HostKernel, lock: Path) -> None:
    """The shepherd must know whether it waits for a startd, a container, or a stranger."""
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert kernel.lock_holder(None) == (LockHolder.STRANGER, os.getpid())
        ours = Container(ident="c", pid=os.getpid(), start_ticks=0, cgroup="/nowhere")
        assert kernel.lock_holder(ours) == (LockHolder.FLOCK, os.getpid())


def flock_waiters(lock: Path) -> list[int]:
    """Processes that are blocked until they get it."""
    place = f":{lock.stat().st_ino}"
    rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [int(row[5]) for row in rows if row[1:3] == ["->", "FLOCK"] and row[6].endswith(place)]


def waits_alone(lock: Path, pid: int) -> bool:
    """Nobody else is blocked on the lock."""
    return flock_waiters(lock) == [pid]


def test_a_guard_that_waits_is_seen_and_any_other_waiter_is_not(kernel: HostKernel, lock: Path, tmp_path: Path) -> None:
    """A host that nobody would take back must be told from one whose guard stands ready."""
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for name, is_guard in (("somebody", False), ("startd-guard", True)):
            (tmp_path / name).write_text(HOLD)
            argv = [sys.executable, "-IS", str(tmp_path / name), str(lock)]
            with subprocess.Popen(argv) as waiter:
                eventually(functools.partial(waits_alone, lock, waiter.pid), what="it waits")
                assert kernel.guard_waits() is is_guard
                waiter.kill()
            eventually(lambda: not flock_waiters(lock), what="nobody waits")
        assert flock_holder(lock) == os.getpid()


def test_only_a_startd_that_holds_the_lock_is_ended(kernel: HostKernel, lock: Path, tmp_path: Path) -> None:
    """A number read a moment ago may be anybody's now: no other process may get our SIGQUIT."""
    with subprocess.Popen(["sleep", "1000"]) as bystander:
        kernel.end_startd(bystander.pid)
        startd = holding(lock, tmp_path / "condor_startd")
        assert kernel.lock_holder(None) == (LockHolder.REGULAR, startd.pid)
        kernel.end_startd(bystander.pid)
        assert lives(bystander.pid)
        kernel.end_startd(startd.pid)
        assert startd.wait(timeout=5) == -signal.SIGQUIT
        assert lives(bystander.pid)
        bystander.kill()


@pytest.mark.parametrize("replaced", [True, False])
def test_a_startd_whose_file_was_upgraded_is_still_a_startd(
    kernel: HostKernel, lock: Path, tmp_path: Path, replaced: bool
) -> None:
    """After each upgrade of HTCondor every startd was a stranger: a drained one was not ended, a lend was abandoned."""
    program = tmp_path / "condor_startd"
    startd = holding(lock, program)
    if replaced:
        Path(shutil.copy(program, tmp_path / "new")).rename(program)
    else:
        program.unlink()
    assert kernel.lock_holder(None) == (LockHolder.REGULAR, startd.pid)
    kernel.end_startd(startd.pid)
    assert startd.wait(timeout=5) == -signal.SIGQUIT


@pytest.mark.parametrize("name", ["condor_startd.old", "condor_startd (deleted) (deleted)", "my_condor_startd"])
def test_a_program_with_a_similar_name_is_a_stranger(kernel: HostKernel, lock: Path, tmp_path: Path, name: str) -> None:
    """Whatever else holds the lock must never get our SIGQUIT."""
    other = holding(lock, tmp_path / name)
    try:
        assert kernel.lock_holder(None) == (LockHolder.STRANGER, other.pid)
        kernel.end_startd(other.pid)
        assert lives(other.pid)
    finally:
        other.kill()
        other.wait(timeout=5)


def test_a_zombie_is_no_process(kernel: HostKernel) -> None:
    """A container whose PID 1 nobody buried yet was taken for alive."""
    with subprocess.Popen(["true"]) as short:
        eventually(lambda: kernel.start_ticks(short.pid) is None, what="it is a zombie")
    assert kernel.start_ticks(short.pid) is None
    assert kernel.start_ticks(os.getpid())


@pytest.mark.real
def test_a_reused_process_number_is_not_killed(kernel: HostKernel, sleeper: subprocess.Popen[bytes]) -> None:
    """The record named a process of an hour ago; its number belongs to somebody else."""
    ticks = kernel.start_ticks(sleeper.pid)
    assert ticks is not None
    kernel.kill(Container(ident="c", pid=sleeper.pid, start_ticks=ticks - 1, cgroup="/sys/fs/cgroup/none"))
    assert lives(sleeper.pid)
    kernel.kill(Container(ident="c", pid=sleeper.pid, start_ticks=ticks, cgroup="/sys/fs/cgroup/none"))
    assert sleeper.wait(timeout=5) == -signal.SIGKILL


@EACH_VERSION
@pytest.mark.real
def test_a_cgroup_is_found_listed_and_emptied(
    kernel: HostKernel, sleeper: subprocess.Popen[bytes], version: int
) -> None:
    """The last rung of a reclaim, without dockerd: everybody in the container's cgroup, and nobody else."""
    ident = f"{os.getpid():064x}"
    cgroup = Cgroup(ident, version)
    cgroup.add(sleeper.pid)
    found = kernel.cgroup(sleeper.pid, ident)
    assert Path(found).samefile(cgroup.path)
    with subprocess.Popen(["sleep", "1000"]) as deeper:
        cgroup.add(deeper.pid, "below")
        assert kernel.members(found) == {sleeper.pid, deeper.pid}
        cgroups.kill_all(Path(found))
        assert {process.wait(timeout=5) for process in (sleeper, deeper)} == {-signal.SIGKILL}
    cgroup.close()
    assert kernel.members(found) == set()
    cgroups.kill_all(Path(found))


@pytest.mark.real
def test_a_cgroup_that_is_not_the_containers_own_is_refused(
    kernel: HostKernel, sleeper: subprocess.Popen[bytes]
) -> None:
    """Killing everybody in it would have killed the host."""
    with pytest.raises(CommandFailed, match="alone"):
        kernel.cgroup(sleeper.pid, "ab" * 32)


MANY = """
import fcntl, sys, time
with open(sys.argv[1], "w+b") as file:
    for place in range(int(sys.argv[2])):
        fcntl.lockf(file, fcntl.LOCK_EX, 1, 2 * place)
    print("taken", flush=True)
    time.sleep(1000)
"""


def test_locks_of_guests_are_not_read_while_the_container_holds_the_hosts(
    kernel: HostKernel, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job took a million locks: each look of the keeper lasted for minutes, and nothing ended the lend."""
    ours = Container(ident="c" * 64, pid=os.getpid(), start_ticks=1, cgroup="/nowhere")
    monkeypatch.setattr(module, "flock_holder", lambda _: pytest.fail("all locks of the host were read"))
    with lock.open() as file:
        assert not holds_flock(os.getpid(), lock)
        fcntl.flock(file, fcntl.LOCK_EX)
        assert kernel.lock_holder(ours) == (LockHolder.FLOCK, os.getpid())


def test_too_many_locks_to_look_through_are_nobodys(
    kernel: HostKernel, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cannot tell who holds the host must not take it for free."""
    monkeypatch.setattr(module, "MOST_BYTES", 4000)
    argv = [sys.executable, "-IS", "-c", MANY, str(tmp_path / "file"), "1000"]
    with lock.open() as file, subprocess.Popen(argv, stdout=subprocess.PIPE) as greedy:
        assert greedy.stdout is not None
        assert greedy.stdout.readline() == b"taken\n"
        assert kernel.lock_holder(None) == (LockHolder.STRANGER, None)
        fcntl.flock(file, fcntl.LOCK_EX)
        greedy.kill()


def test_what_runs_in_a_container_is_neither_guard_nor_startd(kernel: HostKernel, lock: Path, tmp_path: Path) -> None:
    """A container's root named a program `startd-guard`, and `condor_off` was not noticed any more."""
    program = tmp_path / "startd-guard"
    program.write_text(HOLD)
    argv = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-IS", str(program), str(lock)]
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with subprocess.Popen(argv) as inside:
            eventually(lambda: len(flock_waiters(lock)) == 1, what="it waits")
            assert not kernel.guard_waits()
            inside.kill()
