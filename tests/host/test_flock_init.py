"""PID 1 of the flock container in a real PID namespace: the lock, the ladder, and that nothing outlives it."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.host.containers import INIT, Container, holder
from tests.host.waiting import eventually, lives

pytestmark = [pytest.mark.real, pytest.mark.limit(60)]


class Starts(Protocol):
    def __call__(self, *, deaf: bool = False, **options: float) -> Container: ...


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[Starts]:
    made: list[Container] = []

    def start(*, deaf: bool = False, **options: float) -> Container:
        made.append(Container(tmp_path, deaf=deaf, **options).start())
        return made[-1]

    yield start
    for container in made:
        container.close()


def serving(container: Container) -> Container:
    """Through wait and go to a running master."""
    container.control("wait")
    eventually(lambda: holder(container.lock) == container.pid, what="PID 1 has the lock")
    container.control("go")
    eventually(container.serving, what=f"the master runs; {container.log()}")
    return container


def test_nothing_starts_before_lock_and_go(starts: Starts) -> None:
    """A guest ran beside the last local job, because the container came up before the startd had left."""
    container = starts()
    with container.lock.open() as regular:
        fcntl.flock(regular, fcntl.LOCK_EX)
        container.control("go")
        with pytest.raises(AssertionError):
            eventually(container.serving, 0.5)
    eventually(container.serving, what="the master runs once the lock is free")
    assert holder(container.lock) == container.pid
    assert "lock not inherited" in container.told()


def test_the_lock_without_go_is_given_back(starts: Starts) -> None:
    """The shepherd died between drain and go: the host had no startd at all."""
    container = starts(go_wait_s=0.3)
    container.control("wait")
    assert container.ended() == 0
    assert holder(container.lock) is None
    assert not container.serving()


def test_a_control_file_of_another_lend_starts_nothing(starts: Starts) -> None:
    """A control file left by the last lend let a container start that no lease allowed."""
    container = starts(control_wait_s=0.5)
    container.control("go", lease="L0")
    assert container.ended() == 0
    assert not container.serving()


def test_a_container_that_nobody_speaks_to_ends(starts: Starts) -> None:
    """A keeper that died right after the start left a container for ever."""
    container = starts(control_wait_s=0.3)
    assert container.ended() == 0
    assert "no control file" in container.log()


def test_the_token_reaches_the_master_alone(starts: Starts, tmp_path: Path) -> None:
    """A guest's job that can read the token can pose as a startd of the flock pool."""
    (tmp_path / "run/share").mkdir(parents=True)
    (tmp_path / "run/share/token").write_text("secret")
    container = serving(starts())
    assert container.token.read_text() == "secret"
    assert container.token.stat().st_mode & 0o077 == 0
    assert container.token.parent.stat().st_mode & 0o077 == 0


def test_a_renewed_token_replaces_the_old_one(starts: Starts, tmp_path: Path) -> None:
    """After an hour the flock pool refused the startd of every long lend."""
    (tmp_path / "run/share").mkdir(parents=True)
    source = tmp_path / "run/share/token"
    source.write_text("first")
    container = serving(starts())
    draft = source.with_name(".token.new")
    draft.write_text("second")
    draft.replace(source)
    eventually(lambda: container.token.read_text() == "second", what="the new token is in place")
    assert container.token.stat().st_mode & 0o077 == 0


def test_bans_are_there_before_the_master_and_follow_the_keepers(starts: Starts, tmp_path: Path) -> None:
    """In each fresh container a banned user's job started, and ran until somebody noticed."""
    (tmp_path / "run/share").mkdir(parents=True)
    source = tmp_path / "run/share/bans"
    source.write_text('ShepherdBannedUsers = "eve@campus"\n')
    container = starts()
    container.control("wait")
    eventually(lambda: holder(container.lock) == container.pid, what="PID 1 has the lock")
    assert not container.bans.exists()
    container.control("go")
    eventually(container.serving, what="the master runs")
    assert container.bans.stat().st_mtime <= container.master.with_name("master.told").stat().st_mtime
    assert "eve@campus" in container.bans.read_text()
    assert container.bans.stat().st_mode & 0o777 == 0o644
    draft = source.with_name(".bans.new")
    draft.write_text('ShepherdBannedUsers = "bob@campus"\n')
    draft.replace(source)
    eventually(lambda: "bob@campus" in container.bans.read_text(), what="the new list is in place")


def test_a_keeper_from_before_there_were_bans_bans_nobody(starts: Starts) -> None:
    """With the new image and the old keeper no guest's job ever started: nobody knew whom to refuse."""
    container = serving(starts())
    assert container.bans.read_text().splitlines() == [
        f'ShepherdBanned{whom} = ""' for whom in ("Users", "Domains", "Schedds")
    ]


def test_leaving_takes_daemonised_payloads_along(starts: Starts) -> None:
    """A double-forked child of a job lived on beside the regular startd after an orderly reclaim."""
    container = serving(starts())
    payloads = eventually(lambda: found if len(found := container.processes()) > 20 else [], what="payloads run")
    container.control("leave")
    assert container.ended() == 0
    assert container.told()[-1] == "SIGTERM"
    assert not [pid for pid in payloads if lives(pid)]


def test_a_deaf_master_is_climbed_over(starts: Starts) -> None:
    """A guest that holds its master up kept the host from its owner."""
    container = serving(starts(deaf=True))
    container.control("leave", graceful_s=0.3)
    assert container.ended() == 1
    assert container.told()[-2:] == ["SIGTERM", "SIGQUIT"]


def test_a_lease_that_is_not_renewed_lapses(starts: Starts) -> None:
    """Keeper dead, collector away: guests stayed until somebody noticed."""
    container = serving(starts())
    container.control("go", for_s=0.3)
    assert container.ended() == 0
    assert "lapsed" in container.log()


def test_a_renewed_lease_does_not(starts: Starts) -> None:
    """Every renewal replaces the file: PID 1 that kept the old one open left too early."""
    container = serving(starts())
    container.control("go", for_s=0.3)
    container.control("go", for_s=60)
    with pytest.raises(AssertionError):
        eventually(lambda: not container.runs(), 0.8)
    assert container.runs()


def test_a_vanished_control_file_means_what_it_said_last(starts: Starts) -> None:
    """Somebody emptied /run: at once dead guests, or immortal ones, would both be wrong."""
    container = serving(starts())
    container.control("go", for_s=1.0)
    eventually(lambda: "until" in (container.share / "control").read_text())
    with pytest.raises(AssertionError):
        eventually(lambda: not container.runs(), 0.4)
    (container.share / "control").unlink()
    assert container.ended() == 0


@pytest.mark.parametrize(("number", "heard"), [(signal.SIGTERM, ["SIGTERM"]), (signal.SIGQUIT, ["SIGTERM", "SIGQUIT"])])
def test_signals_from_outside_are_handed_on(starts: Starts, number: signal.Signals, heard: list[str]) -> None:
    """`docker stop` on an init that ignores SIGTERM is a kill after ten seconds."""
    container = serving(starts())
    container.signal(number)
    assert container.ended() == 0
    assert set(container.told()[2:]) <= set(heard)
    assert container.told()[-1] in heard


def test_the_end_of_the_master_is_the_end_of_everything(starts: Starts) -> None:
    """condor_off of the container's master must bring the host home with no other help."""
    container = serving(starts())
    payloads = container.processes()
    master = min(payloads)
    os.kill(master, signal.SIGKILL)
    assert container.ended() == 1
    assert not [pid for pid in payloads if lives(pid)]


def test_the_lock_is_freed_only_when_everybody_is_dead(starts: Starts) -> None:
    """The regular startd was back while a guest's last process still wrote."""
    container = serving(starts())
    payloads = container.processes()
    with container.lock.open() as regular:
        container.control("leave")
        fcntl.flock(regular, fcntl.LOCK_EX)
        alive = [pid for pid in payloads if lives(pid)]
    assert alive == []


def test_it_refuses_to_be_anything_but_pid_1(tmp_path: Path) -> None:
    """Called by hand on a host, its last act would kill every process there."""
    argv = [sys.executable, "-IS", str(INIT), "--lease", "L1", "--directory", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=10)
    assert done.returncode == 2
    assert "PID 1" in done.stderr
