"""The GuestJobs port: what the container's startd wrote of its claims, and processes by the account they run as.

The startd's log is HTCondor's alone in the container; a job cannot write to it, but a schedd has words in it. What the
container's root could write there is read as text, bounded, through no link, and changes no more than whose processes
are killed in that container.
"""

import contextlib
import os
import re
import signal
import stat
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from shepherd.edges.kernel import cgroups
from shepherd.edges.nft import Nft
from shepherd.errors import CommandFailed
from shepherd.model.container import Container
from shepherd.model.stop import JobSeen

LOGS = ("var/log/condor/StartdLog.old", "var/log/condor/StartdLog")
MOST_BYTES = 16 << 20
START = r"[\d/.:]+ (?:[\d.:]+ )?(?:\([^() ]*\) )*slot1_(\d{1,4}): "
OWNER = re.compile(START + r"Remote owner is (\S{1,300})")
SHADOW = re.compile(START + r"Got activate_claim request from shadow \(<?([\d.]{7,15})")
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ContainerJobs:
    """`ports_stop.GuestJobs`. Slot `slot1_N` runs as account `first_uid` + N - 1, by the image's recipe."""

    def __init__(self, *, first_uid: int, table: str, banned: str, nft_s: float) -> None:
        """`table` and `banned`: the rules within the container's network, and their set of accounts."""
        self._first_uid, self._table, self._banned, self._nft_s = first_uid, table, banned, nft_s

    def seen(self, container: Container) -> Mapping[int, JobSeen]:
        """See the port."""
        found: dict[int, JobSeen] = {}
        for log in LOGS:
            for line in lines(Path(f"/proc/{container.pid}/root", log)):
                self._note(line, found)
        return found

    def _note(self, line: str, found: dict[int, JobSeen]) -> None:
        if claimed := OWNER.fullmatch(line):
            found[self._uid(claimed[1])] = JobSeen(user=claimed[2])
        elif (started := SHADOW.match(line)) and (job := found.get(self._uid(started[1]))):
            found[self._uid(started[1])] = JobSeen(user=job.user, address=started[2])

    def _uid(self, slot: str) -> int:
        return self._first_uid + int(slot) - 1

    def alive(self, container: Container, uids: AbstractSet[int]) -> AbstractSet[int]:
        """See the port."""
        outside = {outside_uid(container.pid, uid): uid for uid in uids}
        return frozenset(outside[uid] for _, uid in self._processes(container) if uid in outside)

    def kill(self, container: Container, uid: int) -> int:
        """See the port."""
        wanted, killed = outside_uid(container.pid, uid), 0
        for pid, owner in self._processes(container):
            if owner == wanted and pid != container.pid:
                killed += kill_if_owned(pid, wanted)
        return killed

    def cut(self, container: Container, uids: AbstractSet[int], for_s: float) -> None:
        """See the port. An element that is there already is renewed."""
        within = Nft(self._nft_s, ("nsenter", f"--net=/proc/{container.pid}/ns/net", "--"))
        members = ", ".join(f"{uid} timeout {for_s:.0f}s" for uid in sorted(uids))
        place = f"element inet {self._table} {self._banned}"
        plain = ", ".join(str(uid) for uid in sorted(uids))
        within.load(f"add {place} {{ {members} }}\ndelete {place} {{ {plain} }}\nadd {place} {{ {members} }}\n")

    def _processes(self, container: Container) -> Iterator[tuple[int, int]]:
        for pid in sorted(cgroups.members(Path(container.cgroup))):
            if (owner := owner_of(pid)) is not None:
                yield pid, owner


def lines(path: Path) -> Iterator[str]:
    """Lines of a plain file's last MOST_BYTES; none if there is no such file."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, FLAGS)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return
            file.seek(max(0, found.st_size - MOST_BYTES))
            yield from file.read(MOST_BYTES).decode("utf-8", "replace").split("\n")


def owner_of(pid: int) -> int | None:
    """The real account of a process, as this host counts; None if it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = next((line.split() for line in text.splitlines() if line.startswith("Uid:")), [])
    return int(fields[1]) if len(fields) > 1 else None


def kill_if_owned(pid: int, owner: int) -> bool:
    """SIGKILL to a process if it is that account's: by a descriptor, so that no stranger with its number is hit."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        descriptor = os.pidfd_open(pid)
        try:
            if owner_of(pid) == owner:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                return True
        finally:
            os.close(descriptor)
    return False


def outside_uid(pid: int, uid: int) -> int:
    """An account of the container of PID 1 `pid` as this host counts. Raises CommandFailed if it is none."""
    try:
        text = Path(f"/proc/{pid}/uid_map").read_text(encoding="ascii")
    except OSError as exc:
        raise CommandFailed(f"the container has ended ({exc.strerror})") from exc
    for inside, outside, count in (map(int, line.split()) for line in text.splitlines()):
        if inside <= uid < inside + count:
            return outside + uid - inside
    raise CommandFailed(f"the container has no account {uid}")
