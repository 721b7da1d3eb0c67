"""Who sees whose processes, in a namespace with accounts of jobs and HTCondor's root."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.edges.docker.kernel_view import hides_processes
from shepherd.edges.proc_mount import hide_processes
from shepherd.errors import CommandFailed

pytestmark = pytest.mark.real
ROOT, ALICE, BOB = 0, 3001, 3002
NEVER = 2**22 + 1
"""No process has this number."""


@pytest.fixture
def first() -> Iterator[int]:
    """PID 1 of namespaces of its own, in which bob runs something."""
    script = f"setpriv --reuid {BOB} --regid {BOB} --clear-groups sleep 1000 & echo ready; wait"
    argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--mount", "sh", "-c", script]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        process.kill()


def sees_bob(first: int, account: int) -> bool:
    """Whether an account reads what bob runs."""
    script = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"
    become = ["setpriv", "--reuid", str(account), "--regid", str(account), "--clear-groups", "sh", "-c", script]
    enter = ["nsenter", f"--target={first}", "--mount", "--pid", "--"]
    return "sleep 1000" in subprocess.run([*enter, *become], capture_output=True, text=True, check=False).stdout


def mounts(first: int) -> str:
    """What the kernel says."""
    return Path(f"/proc/{first}/mountinfo").read_text()


def test_accounts_see_their_own_processes_and_root_sees_all(first: int) -> None:
    """A guest had HTCondor send it `/proc/N/cmdline` of another guest's job, with a password in it."""
    assert sees_bob(first, ALICE)
    assert not hides_processes(mounts(first), 0)
    for _ in range(2):
        hide_processes(first)
        assert [sees_bob(first, account) for account in (ROOT, ALICE, BOB)] == [True, False, True]
        assert hides_processes(mounts(first), 0)
        assert not hides_processes(mounts(first), 100000)
    (proc,) = [line for line in mounts(first).splitlines() if line.split()[4] == "/proc" and "hidepid" in line]
    assert "nosuid,nodev,noexec" in proc


def test_a_container_that_has_ended_is_told_so() -> None:
    """A traceback stood in the keeper's log whenever a container died young."""
    with pytest.raises(CommandFailed, match="the container ended"):
        hide_processes(NEVER)
