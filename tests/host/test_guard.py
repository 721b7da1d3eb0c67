"""The guard on real processes: what condor_master, crashes and administrators do to it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.guards import GUARD, MASTERS_MASK, Host
from tests.host.waiting import eventually, lives

MASTER = """
import subprocess, sys
command = [sys.executable, "-IS", sys.argv[1]]
print(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).pid, flush=True)
sys.stdin.read()
"""
"""A master that starts a guard and dies when it is told nothing more."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    yield made
    made.close()


def test_the_guard_becomes_the_startd_that_the_master_meant(host: Host) -> None:
    """A startd without the master's arguments, environment and signal mask does not find its master."""
    host.startd = Path(shutil.which("sleep") or "")
    host.write_conf()
    guard = host.guard("1000", "1001")
    process = Path(f"/proc/{guard.pid}")
    eventually(lambda: (process / "exe").readlink() == host.startd.resolve(), what="it became the program")
    eventually((process / "environ").read_bytes, what="it has words, which come after its exec")
    blocked = next(line for line in (process / "status").read_text().splitlines() if line.startswith("SigBlk"))
    assert (process / "cmdline").read_bytes().split(b"\0") == [b"sleep", b"1000", b"1001", b""]
    assert int(blocked.split()[1], 16) == sum(1 << (number - 1) for number in MASTERS_MASK)
    assert set((process / "environ").read_text().split("\0")) - {""} == {
        f"{name}={value}" for name, value in host.environment().items()
    }


def test_only_one_of_two_guards_serves(host: Host) -> None:
    """Two masters, the old one's orphan and the new one's child, must not run two startds."""
    first = host.served()
    second = host.armed()
    assert host.alive(first)
    assert not host.serving(second)
    first.kill()
    eventually(lambda: host.serving(second), 2.0, what="the second took over")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_waiting_guard_leaves_when_its_master_says_so(host: Host, number: signal.Signals) -> None:
    """condor_off, an upgrade and systemctl stop hung behind a guard that had inherited blocked signals."""
    host.served()
    guard = host.armed()
    guard.send_signal(number)
    assert guard.wait(timeout=2) == 0


def test_a_waiting_guard_sits_out_a_reconfig(host: Host) -> None:
    """condor_reconfig sends SIGHUP, whose default would end it and start the master's back-off."""
    first = host.served()
    guard = host.armed()
    guard.send_signal(signal.SIGHUP)
    first.kill()
    eventually(lambda: host.serving(guard), 2.0, what="the guard survived SIGHUP and took over")


def test_a_replaced_lock_file_is_not_mistaken_for_the_lock(host: Host) -> None:
    """Somebody cleaned /run: a lock on the deleted file keeps nobody out."""
    first = host.served()
    guard = host.armed()
    host.lock.unlink()
    host.lock.touch(mode=0o600)
    first.kill()
    eventually(lambda: host.serving(guard), 6.0, what="it serves with the new file's lock")
    assert host.waits(host.armed().pid)


def test_a_missing_startd_is_waited_for_without_an_exit(host: Host) -> None:
    """In the middle of an upgrade there is no condor_startd: an exiting guard would grow the back-off."""
    host.startd.unlink()
    guard = host.guard()
    eventually(lambda: "condor_startd" in host.errors.read_text(), what="it says what is missing")
    assert host.alive(guard)
    host.write_startd()
    eventually(lambda: host.serving(guard), 5.0, what="it serves after the upgrade")


def test_a_loose_configuration_is_not_obeyed(host: Host) -> None:
    """Whoever may write the guard's file could have root run any program."""
    host.write_conf(mode=0o666)
    guard = host.guard()
    eventually(lambda: "others than root" in host.errors.read_text(), what="it says why")
    assert not host.serving(guard)
    host.write_conf()
    eventually(lambda: host.serving(guard), 5.0, what="it serves when the file is root's alone")


def test_an_orphaned_guard_starts_nothing(host: Host) -> None:
    """A killed master's guard took the lock and ran a startd that nobody could reach, before the new master's."""
    first = host.served()
    with subprocess.Popen(
        [sys.executable, "-c", MASTER, str(GUARD)],
        env=dict(host.environment()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as master:  # fmt: skip
        assert master.stdout is not None
        orphan = int(master.stdout.readline())
        eventually(lambda: host.waits(orphan), what="the guard waits")
    first.kill()
    eventually(lambda: not lives(orphan), 5.0, what="the orphan left")
    assert f"pid={orphan}\n" not in host.story()


def test_a_running_startd_keeps_the_lock_from_its_children(host: Host) -> None:
    """The descriptor sits above what daemons close or hand on as standard streams."""
    guard = host.served()
    held = [
        int(link.name) for link in Path(f"/proc/{guard.pid}/fd").iterdir() if Path(os.readlink(link)) == host.lock
    ]
    assert held
    assert min(held) >= 10


def test_a_waiting_guard_costs_nothing(host: Host) -> None:
    """It waits for days on every lent host."""
    host.served()
    guard = host.armed()
    before = _cpu_ticks(guard.pid)
    time.sleep(0.5)
    assert _cpu_ticks(guard.pid) - before <= 1


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
