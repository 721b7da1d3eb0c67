#!/usr/bin/python3 -IS
"""The guard: what `condor_master` runs in the place of the regular `condor_startd`.

It waits for the host lock and only then becomes the startd, by `exec`, in the same process: so the lock lives exactly
as long as the startd, and the kernel is the referee whatever crashes. It stands alone on the host (no dependency on
the rest of the project), so that no upgrade can leave a host without a startd.

Rules it keeps: never a startd without the lock; never a startd while a process that a guest may have started lives;
never an exit while waiting, for the master's restart back-off would grow (but TERM and QUIT end it at once, and the
death of its master does when the lock comes).
"""

import contextlib
import errno
import fcntl
import os
import signal
import stat
import sys
import syslog
import time
from collections.abc import Iterator
from pathlib import Path

CONF = "/etc/shepherd/guard.conf"
"""Root's own file of `key=value` lines (`lock`, `fence`, `startd`), if it exists. SHEPHERD_GUARD_CONF names another."""

DEFAULTS = {
    "lock": "/run/shepherd/share/host.lock",
    "fence": "/run/shepherd/fence",
    "startd": "/usr/sbin/condor_startd",
}
RETRY_S = 2.0
"""So long after something forbade the startd it is tried again."""
FENCE_S = 0.002
"""How often it is seen whether the container named by the fence is gone."""
FENCE_COMPLAINT_S = 5.0
"""Who waits longer for that says so, and waits on."""
PF_EXITING = 0x4
"""Flag of a process that the kernel takes apart: set before its files, and so the lock, are closed."""
ABOVE_STANDARD = 10
"""The lock's descriptor is at least this: nothing closes or reuses it as standard input or output."""


class NotNow(Exception):
    """Something is in the way; the guard says it and tries again."""


def main() -> None:
    """Wait, then become the startd. Returns never."""
    _hold_standard_descriptors()
    inherited = _hear_signals()
    parent, said = os.getppid(), ""
    while True:
        try:
            settings = read_settings(Path(os.environ.get("SHEPHERD_GUARD_CONF", CONF)))
            with the_lock(settings["lock"]):
                _leave_if_orphaned(parent)
                keep_the_fence(settings["fence"])
                become_startd(settings["startd"], inherited)
        except (OSError, ValueError, NotNow) as trouble:
            if str(trouble) != said:
                said = str(trouble)
                _say(f"no startd yet: {said}; trying again every {RETRY_S:g} s")
            time.sleep(RETRY_S)


def read_settings(path: Path) -> dict[str, Path]:
    """The defaults, overridden by the file at `path`. Raises NotNow if others than root could have written it."""
    settings = {key: Path(value) for key, value in DEFAULTS.items()}
    try:
        seen, text = path.stat(), path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return settings
    if seen.st_uid not in {0, os.geteuid()} or seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NotNow(f"{path} may be written by others than root; chown root, chmod 644")
    return settings | dict(_pairs(path, text.splitlines()))


def _pairs(path: Path, lines: list[str]) -> Iterator[tuple[str, Path]]:
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, separator, value = (part.strip() for part in line.partition("="))
        if not separator or key not in DEFAULTS or not value.startswith("/"):
            raise NotNow(f"{path}: {line!r} is not one of {', '.join(DEFAULTS)} with an absolute path")
        yield key, Path(value)


@contextlib.contextmanager
def the_lock(path: Path) -> Iterator[None]:
    """Hold the lock, waiting for it however long; it survives `exec`. On entry the path is still the locked file."""
    lock = _open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_still(path, lock):
            raise NotNow(f"{path} was replaced while it was locked")
        yield
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    low = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    high = fcntl.fcntl(low, fcntl.F_DUPFD, ABOVE_STANDARD)
    os.close(low)
    return high


def _is_still(path: Path, lock: int) -> bool:
    try:
        now, ours = path.stat(), os.fstat(lock)
    except FileNotFoundError:
        return False
    return (now.st_dev, now.st_ino) == (ours.st_dev, ours.st_ino)


def keep_the_fence(path: Path) -> None:
    """Return when no process of the flock container lives but a PID 1 that waits alone.

    The kernel frees the lock of a dying PID 1 a moment *before* it kills the rest of the container; without this the
    startd could overlap with a guest's last milliseconds. The keeper writes the file before PID 1 may take the lock.
    """
    since, said = time.monotonic(), False
    while trouble := _fenced(path):
        if not said and time.monotonic() - since > FENCE_COMPLAINT_S:
            said = True
            _say(f"no startd yet: {trouble}")
        time.sleep(FENCE_S)


def _fenced(path: Path) -> str:
    """What still lives of the container and must not, after killing it; empty if nothing does."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    try:
        fence = dict(line.split("=", 1) for line in text.splitlines())
        pid, start, cgroup = int(fence["pid"]), int(fence["start"]), Path(fence["cgroup"])
    except (KeyError, ValueError) as error:
        raise NotNow(f"{path} does not name pid, start and cgroup; the keeper writes it anew") from error
    members = _members(cgroup)
    if others := members - {pid}:
        _kill(cgroup, others, at_once=pid not in members)
        return f"processes of the flock container do not die: {sorted(others)}"
    return "PID 1 of the flock container does not finish dying" if _is_dying(pid, start) else ""


def _is_dying(pid: int, start: int) -> bool:
    """Whether this very process is on its way out, but not a zombie yet: only then is its whole namespace dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    state, flags, started = fields[0], int(fields[6]), int(fields[19])
    return started == start and state not in {"Z", "X"} and bool(flags & PF_EXITING)


def _members(cgroup: Path) -> set[int]:
    """Ids of all processes in a cgroup and below; none if it is gone."""
    members: set[int] = set()
    for folder, _, _ in os.walk(cgroup, onerror=_unless_gone):
        try:
            members |= {int(pid) for pid in Path(folder, "cgroup.procs").read_text(encoding="ascii").split()}
        except OSError as error:
            _unless_gone(error)
    return members


def _unless_gone(error: OSError) -> None:
    """A group that is removed while it is looked at has no members any more."""
    if error.errno not in {errno.ENOENT, errno.ENODEV, errno.ENOTDIR}:
        raise error


def _kill(cgroup: Path, pids: set[int], *, at_once: bool) -> None:
    """These processes of a cgroup; `at_once`: they are all of it, which the kernel can kill as one (cgroup v2)."""
    if at_once and (cgroup / "cgroup.kill").exists():
        (cgroup / "cgroup.kill").write_text("1", encoding="ascii")
        return
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def become_startd(startd: Path, inherited: set[int]) -> None:
    """Exec the startd with the arguments, environment and signal mask that were given to us. Raises NotNow."""
    given = Path("/proc/self/environ").read_bytes().split(b"\0")  # os.environ may have grown an LC_CTYPE
    environment = dict(entry.split(b"=", 1) for entry in given if b"=" in entry)
    signal.pthread_sigmask(signal.SIG_SETMASK, inherited)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execve(startd, [startd.name, *sys.argv[1:]], environment)
    except OSError as error:
        _hear_signals()
        raise NotNow(f"{startd}: {error.strerror}") from error


def _hear_signals() -> set[int]:
    """condor_master starts its children with nearly all signals blocked; returns that mask, to be given on."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGQUIT, _end)
    signal.signal(signal.SIGHUP, lambda *_: None)
    heard = {signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP}
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)}


def _end(*_: object) -> None:
    os._exit(0)


def _leave_if_orphaned(parent: int) -> None:
    """A startd without its master would serve nobody, and be in the way of the next master's."""
    if os.getppid() != parent:
        _say("the condor_master that started this guard is gone")
        os._exit(0)


def _hold_standard_descriptors() -> None:
    while os.open("/dev/null", os.O_RDWR) <= 2:
        pass


def _say(message: str) -> None:
    line = f"startd-guard: {message}"
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode())
    syslog.openlog("startd-guard", 0, syslog.LOG_DAEMON)
    syslog.syslog(syslog.LOG_WARNING, message)


if __name__ == "__main__":
    main()
