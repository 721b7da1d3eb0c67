"""The Reach port: real connections, by processes in a container's namespaces that run nothing of the container."""

import json
import sys
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed, InvariantBroken
from shepherd.model.reach import Attempt, Whence

TRY_S = 10.0
INSIDE = ("-IS", "-c", Path(__file__).with_name("reach_inside.py").read_text(encoding="utf-8"))
"""As text, because the other account cannot read where the shepherd is installed."""
UNARMED = ("setpriv", "--inh-caps=-all", "--no-new-privs", "--")


class NetworkReach:
    """`ports_node.Reach`. Needs `nsenter` and `setpriv` (package util-linux)."""

    def __init__(self, job_uid: int, interpreter: str = sys.executable) -> None:
        """`job_uid`: an account for which jobs' rules hold, as the container counts. `interpreter`: a Python that every
        account of the host can run."""
        self._job_uid, self._inside = job_uid, (interpreter, *INSIDE)

    def answered(self, pid: int | None, attempts: Collection[Attempt]) -> AbstractSet[Attempt]:
        """See the port."""
        found: set[Attempt] = set()
        for whence in Whence:
            targets = sorted({attempt.target for attempt in attempts if attempt.whence is whence})
            if targets:
                told = ask((*self._as(whence, pid), *self._inside), targets)
                found |= {Attempt(whence=whence, target=target) for target in told}
        return found

    def _as(self, whence: Whence, pid: int | None) -> Sequence[str]:
        if whence is Whence.HOST:
            return ()
        if pid is None:
            raise InvariantBroken("a leak check from a container needs its PID 1")
        uid = 0 if whence is Whence.PILOT else self._job_uid
        accounts = ("--user",) if has_own_accounts(pid) else ()
        become = (f"--setuid={uid}", f"--setgid={uid}")
        return ("nsenter", f"--target={pid}", *accounts, "--net", "--ipc", "--uts", *become, "--", *UNARMED)


def has_own_accounts(pid: int) -> bool:
    """Whether a process has another user namespace than ours; the kernel lets nobody enter their own. Raises
    CommandFailed if the process is gone."""
    try:
        return Path(f"/proc/{pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
    except OSError as exc:
        raise CommandFailed(f"the leak check came too late: the container ended ({exc.strerror})") from exc


def ask(argv: Sequence[str], targets: Sequence[str]) -> Sequence[str]:
    """Run it. Raises CommandFailed, Unavailable."""
    given = json.dumps(targets)
    told: list[str] = json.loads(run_tool(argv, TRY_S, what="the leak check", package="util-linux", given=given))
    return told
