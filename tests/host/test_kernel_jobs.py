"""Jobs by the account they run as: real processes, a real log in another's mounts, real rules in another's network."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.core.firewall.pilot_guard import BANNED, TABLE, pilot_rules
from shepherd.edges.kernel.jobs import ContainerJobs, lines, outside_uid
from shepherd.edges.nft import Nft
from shepherd.errors import CommandFailed
from shepherd.model.container import Container
from shepherd.model.stop import JobSeen

pytestmark = [pytest.mark.real, pytest.mark.limit(60)]
ALICE, EVE = 3001, 3002
LOG = """\
11/23/26 09:00:01 (pid:41) slot1_1: Remote owner is alice@campus.lab
11/23/26 09:00:02 (pid:41) slot1_1: Got activate_claim request from shadow (203.0.113.50)
11/23/26 09:00:03 (pid:41) slot1_2: Remote owner is bob@campus.lab
11/23/26 09:05:03 (pid:41) slot1_2: Remote owner is eve@uni.lab
11/23/26 09:05:03 (pid:41) slot1_3: Remote owner is NULL
11/23/26 09:05:03 (pid:41) slot1_4: Remote owner is mal slot1_1: Remote owner is eve@uni.lab
11/23/26 09:05:04 (pid:41) slot1_9: Got activate_claim request from shadow (203.0.113.51)
"""
INSIDE = """
mount -t tmpfs none /var/log && mkdir /var/log/condor && cat >/var/log/condor/StartdLog
ip link add d0 type veth peer name d1; ip address add 10.9.9.1/24 dev d0; ip link set d0 up; ip link set d1 up
echo ready; exec sleep 300
"""
SEND = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('10.9.9.2', 9))"


class Box:
    """What stands for a container: mounts and a network of its own, and jobs of two accounts in its cgroup."""

    def __init__(self, folder: Path) -> None:
        argv = ["unshare", "--mount", "--net", "sh", "-ec", INSIDE]
        self.first = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.first.stdin is not None
        assert self.first.stdout is not None
        self.first.stdin.write(LOG)
        self.first.stdin.close()
        assert self.first.stdout.readline() == "ready\n"
        self.enter = ("nsenter", f"--net=/proc/{self.first.pid}/ns/net", "--")
        self.jobs = {uid: self.process(uid) for uid in (ALICE, EVE)}
        (folder / "cgroup.procs").write_text("".join(f"{p.pid}\n" for p in self.everybody()))
        self.container = Container(ident="c" * 64, pid=self.first.pid, start_ticks=1, cgroup=str(folder))
        Nft(20, self.enter).load(pilot_rules(ALICE, 2, "10.27.0.1:9619"))

    def everybody(self) -> "list[subprocess.Popen[str] | subprocess.Popen[bytes]]":
        """Every process of it."""
        return [self.first, *self.jobs.values()]

    def process(self, uid: int) -> "subprocess.Popen[bytes]":
        """A job that forks a child into a session of its own is two of these."""
        return subprocess.Popen(["setpriv", "--reuid", str(uid), "--clear-groups", "sleep", "300"])

    def sends(self, uid: int) -> bool:
        """Whether an account's packet leaves its socket."""
        become = ("setpriv", "--reuid", str(uid), "--clear-groups")
        done = subprocess.run([*self.enter, *become, "/usr/bin/python3", "-c", SEND], capture_output=True, check=False)
        return done.returncode == 0

    def close(self) -> None:
        """Nothing stays."""
        for one in self.everybody():
            one.kill()
            one.wait()
        if self.first.stdout is not None:
            self.first.stdout.close()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """One container with two jobs."""
    made = Box(tmp_path)
    try:
        wait_for_accounts(made)
        yield made
    finally:
        made.close()


def wait_for_accounts(box: Box) -> None:
    """setpriv has become somebody else."""
    end_s = time.monotonic() + 5
    while jobs().alive(box.container, {ALICE, EVE}) != {ALICE, EVE} and time.monotonic() < end_s:
        time.sleep(0.02)


def jobs() -> ContainerJobs:
    """As the keeper has them."""
    return ContainerJobs(first_uid=ALICE, table=TABLE, banned=BANNED, nft_s=20.0)


def test_whose_job_an_account_runs_is_read_from_the_startds_own_log(box: Box) -> None:
    """A job had written another's name into its own ad, and an innocent's processes were killed."""
    assert jobs().seen(box.container) == {
        ALICE: JobSeen(user="alice@campus.lab", address="203.0.113.50"),
        EVE: JobSeen(user="eve@uni.lab"),
        3003: JobSeen(user="NULL"),
    }


def test_only_that_accounts_processes_are_killed(box: Box) -> None:
    """The last rung took the whole container, and everybody in it."""
    assert jobs().alive(box.container, {ALICE, EVE, 3003}) == {ALICE, EVE}
    assert jobs().kill(box.container, EVE) == 1
    assert box.jobs[EVE].wait(5) == -9
    assert box.jobs[ALICE].poll() is None
    assert box.first.poll() is None
    assert jobs().kill(box.container, EVE) == 0


def test_an_accounts_traffic_is_cut_at_once_and_for_some_seconds(box: Box) -> None:
    """Until its job was ended it went on sending; and the next one of that account could not send."""
    assert box.sends(ALICE)
    assert box.sends(EVE)
    jobs().cut(box.container, {EVE}, 60.0)
    jobs().cut(box.container, {EVE}, 2.0)
    assert not box.sends(EVE)
    assert box.sends(ALICE)
    time.sleep(2.5)
    assert box.sends(EVE)


def test_what_cannot_be_read_is_nobodys(box: Box, tmp_path: Path) -> None:
    """A link in the log's place made the keeper read a device that never ends."""
    (tmp_path / "link").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    assert [list(lines(tmp_path / name)) for name in ("link", "pipe", "none")] == [[], [], []]
    with pytest.raises(CommandFailed):
        outside_uid(2**22 - 1, ALICE)
    assert jobs().seen(Container(ident="x", pid=2**22 - 1, start_ticks=1, cgroup=str(tmp_path))) == {}
