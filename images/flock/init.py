#!/usr/bin/python3 -IS
"""PID 1 of the flock container: holds the host lock while guests may live here, and nothing else does.

It waits for the lock while the keeper's control file allows it, starts `condor_master` once the lock is held and the
control says `go`, hands signals on, reaps, and leaves by the ladder: SIGTERM to the master, after the graceful time
SIGQUIT, after the fast time everybody is killed. When it ends, for whatever reason, the kernel kills what is left.

The lock is close-on-exec: nobody here inherits it. The control file is trusted only for the lease named on the
command line; if it vanishes or cannot be understood, what it last said holds until its own end.
"""

import argparse
import contextlib
import ctypes
import dataclasses
import fcntl
import os
import pwd
import signal
import sys
import time
from pathlib import Path

LOCK_S = 0.05
SERVE_S = 0.2
LAST_KILL_S = 3.0
NOBODY_BANNED = b'ShepherdBannedUsers = ""\nShepherdBannedDomains = ""\nShepherdBannedSchedds = ""\n'
CONDORS_OWN = {"/var/lib/condor": 0o755, "/var/log/condor": 0o700, "/run/trace": 0o700}
"""HTCondor's directories, file systems in memory that come up empty, and their modes. HTCondor's own file transfer runs
with a job's rights and outside of its walls: logs tell of other guests, so no job may read them. The last is one of the
host's directories, where the startd records who ran what."""
BELOW, PASSABLE = ("execute", "spool"), 0o711
PR_SET_DUMPABLE = 4
HEARD = {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


@dataclasses.dataclass(frozen=True)
class Control:
    """What the keeper says. Times are CLOCK_BOOTTIME seconds, which the container shares with its host."""

    phase: str
    until_s: float
    graceful_s: float
    fast_s: float


@dataclasses.dataclass(frozen=True)
class Place:
    """What the command line says."""

    lease: str
    go_wait_s: float
    control_wait_s: float
    directory: Path
    master: str
    token: Path
    bans: Path


class Ending(Exception):
    """The container's work is over before it began; `str()` says why."""


def main() -> int:
    """Wait, serve, leave. Returns the exit status of the container."""
    place = parse(sys.argv[1:])
    if os.getpid() != 1:
        say("this is only ever PID 1 of a container: at its end it kills all processes that it sees")
        return 2
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    try:
        be_nobodys_puppet()
        keeper = Keeper(place)
        lock = keeper.wait_for_lock()
        keeper.wait_for_go()
        make_directories()
        handed = Handed(place)
        handed.refresh()
        say(f"lock {lock} is held: starting {place.master}")
        return Service(keeper, start(place.master), handed).serve()
    except Ending as ending:
        say(f"ends without having served: {ending}")
        return 0
    finally:
        kill_everybody()


def be_nobodys_puppet() -> None:
    """Whoever becomes the container's root is root as much as this process is. Not dumpable, it can be traced and
    rewritten only with CAP_SYS_PTRACE, which nobody in the container has: else it could be made to drop the lock."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise Ending(f"it cannot be made untraceable: {os.strerror(ctypes.get_errno())}")


def parse(arguments: list[str]) -> Place:
    """The command line; argparse ends the process with status 2 if it is wrong."""
    parser = argparse.ArgumentParser(prog="flock-init", description="PID 1 of the flock container.")
    parser.add_argument("--lease", required=True, help="the lend this container serves")
    parser.add_argument("--go-wait-s", type=float, default=10.0, help="how long the lock is held without `go`")
    parser.add_argument("--control-wait-s", type=float, default=30.0, help="how long a first control file is awaited")
    parser.add_argument("--directory", type=Path, default=Path("/run/flock"), help="where the host's files are seen")
    parser.add_argument("--master", default="/usr/sbin/condor_master")
    parser.add_argument("--token", type=Path, default=Path("/etc/condor/tokens.d/flock"), help="where the token goes")
    parser.add_argument("--bans", type=Path, default=Path("/run/shepherd.bans"), help="where the startd finds bans")
    return Place(**vars(parser.parse_args(arguments)))


class Keeper:
    """What the keeper of this host wants, as far as it is known here."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._control: Control | None = None
        self._started_s = boottime_s()

    def control(self) -> Control | None:
        """The newest control that could be understood; None if there never was one."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            self._control = read_control(self._place.directory / "control", self._place.lease) or self._control
        return self._control

    def why_leave(self) -> str | None:
        """The reason to leave now, if there is one."""
        control, now_s = self.control(), boottime_s()
        if control is None:
            silent = now_s - self._started_s > self._place.control_wait_s
            return "no control file for this lease appeared" if silent else None
        if control.phase == "leave":
            return "the keeper says leave"
        if now_s >= control.until_s:
            return "the lease has lapsed"
        return None

    def wait_for_lock(self) -> int:
        """Contend for the host lock while allowed. Returns its descriptor, never to be closed. Raises Ending."""
        path = self._place.directory / "host.lock"
        while True:
            self._pause("waiting for the lock")
            if self._control and (lock := try_lock(path)) is not None:
                return lock

    def wait_for_go(self) -> None:
        """Hold the lock, starting nothing, until `go`. Raises Ending."""
        since_s = boottime_s()
        while not self._control or self._control.phase != "go":
            self._pause("holding the lock")
            if boottime_s() - since_s > self._place.go_wait_s:
                raise Ending(f"held the lock for {self._place.go_wait_s:g} s without a go")

    def _pause(self, doing: str) -> None:
        if reason := self.why_leave():
            raise Ending(f"{doing}: {reason}")
        heard = signal.sigtimedwait(HEARD - {signal.SIGCHLD, signal.SIGHUP}, LOCK_S)
        if heard:
            raise Ending(f"{doing}: {signal.Signals(heard.si_signo).name}")


class Service:
    """The running condor_master and the ladder that ends it."""

    def __init__(self, keeper: Keeper, master: int, handed: "Handed") -> None:
        self._keeper = keeper
        self._master = master
        self._handed = handed
        self._graceful_since_s: float | None = None
        self._fast_since_s: float | None = None

    def serve(self) -> int:
        """Until the master has ended, or the ladder has. Returns the exit status of the container."""
        while True:
            self._hear(signal.sigtimedwait(HEARD, SERVE_S))
            self._handed.refresh()
            if (status := self._reap()) is not None:
                say(f"condor_master ended with status {status}")
                return 0 if status == 0 else 1
            if not self._graceful_since_s and (reason := self._keeper.why_leave()):
                self._graceful(reason)
            if self._climb():
                say("the fast time is over: everybody is killed")
                return 1

    def _hear(self, heard: signal.struct_siginfo | None) -> None:
        match heard and heard.si_signo:
            case signal.SIGTERM | signal.SIGINT:
                self._graceful("told to by SIGTERM")
            case signal.SIGQUIT:
                self._graceful("told to by SIGQUIT")
                self._fast()
            case signal.SIGHUP:
                os.kill(self._master, signal.SIGHUP)
            case _:
                pass

    def _graceful(self, reason: str) -> None:
        if self._graceful_since_s is None:
            say(f"leaving: {reason}")
            self._graceful_since_s = boottime_s()
            os.kill(self._master, signal.SIGTERM)

    def _fast(self) -> None:
        if self._fast_since_s is None:
            say("leaving fast")
            self._fast_since_s = boottime_s()
            os.kill(self._master, signal.SIGQUIT)

    def _climb(self) -> bool:
        """Take the rung that is due; True when none is left."""
        control, now_s = self._keeper.control(), boottime_s()
        if control is None or self._graceful_since_s is None:
            return False
        if now_s - self._graceful_since_s >= control.graceful_s:
            self._fast()
        return self._fast_since_s is not None and now_s - self._fast_since_s >= control.fast_s

    def _reap(self) -> int | None:
        """Bury the dead; the master's wait status turned exit status once it is among them."""
        with contextlib.suppress(ChildProcessError):
            while (dead := os.waitpid(-1, os.WNOHANG))[0]:
                if dead[0] == self._master:
                    return os.waitstatus_to_exitcode(dead[1])
        return None


def read_control(path: Path, lease: str) -> Control | None:
    """The control file if it is about `lease`. Raises OSError, ValueError, KeyError if it cannot be understood."""
    entries = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())
    if entries["lease"] != lease:
        return None
    return Control(
        phase=entries["phase"],
        until_s=float(entries["until_boottime_s"]),
        graceful_s=float(entries["graceful_s"]),
        fast_s=float(entries["fast_s"]),
    )


def try_lock(path: Path) -> int | None:
    """The lock's descriptor if it is free now and the path is still this file, else None."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(path.stat(), os.fstat(lock)):
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


class Handed:
    """What the keeper hands to HTCondor while it runs: a token, and whom to refuse."""

    def __init__(self, place: Place) -> None:
        """The token is short-lived, and goes where only root's HTCondor finds it. Bans go where the startd's own
        account reads them; a keeper from before there were any hands none over, and nobody is refused."""
        self._token = Copy(place.directory / "token", place.token, 0o600)
        self._bans = Copy(place.directory / "bans", place.bans, 0o644)
        if not self._bans.source.exists():
            self._bans.install(NOBODY_BANNED)

    def refresh(self) -> None:
        """Take over what is new."""
        self._token.refresh()
        self._bans.refresh()


class Copy:
    """A file of the host's, copied anew whenever it is replaced."""

    def __init__(self, source: Path, target: Path, mode: int) -> None:
        self.source, self._target, self._mode = source, target, mode
        self._seen: tuple[int, int] | None = None

    def refresh(self) -> None:
        """Take over a new one. Without any token HTCondor starts and is refused by its pool."""
        try:
            status = self.source.stat()
            if self._seen != (status.st_ino, status.st_mtime_ns):
                self.install(self.source.read_bytes())
                self._seen = status.st_ino, status.st_mtime_ns
        except OSError as exc:
            if self._seen != (0, 0):
                say(f"no {self.source.name}: {exc}")
            self._seen = 0, 0

    def install(self, text: bytes) -> None:
        """Beside it, then renamed: HTCondor reads all files of the directory but those with a dot."""
        self._target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._target.with_name(f".{self._target.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self._mode), "wb") as file:
            os.fchmod(file.fileno(), self._mode)
            file.write(text)
        draft.replace(self._target)


def make_directories() -> None:
    """Give HTCondor its own directories, if there is one of that name here to own them. Only afterwards are they not
    root's any more, who has no right over what is not its own."""
    with contextlib.suppress(LookupError):
        owner = pwd.getpwnam("condor")
        paths = (*CONDORS_OWN, *(f"/var/lib/condor/{name}" for name in BELOW))
        for path in paths:
            os.makedirs(path, exist_ok=True)
            os.chown(path, 0, 0)
            os.chmod(path, CONDORS_OWN.get(path, PASSABLE))
        for path in paths:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def start(master: str) -> int:
    """Start the master with no signal blocked or ignored. Returns its process id."""
    ignored = (signal.SIGPIPE, signal.SIGXFSZ)
    return os.posix_spawn(master, [master, "-f"], os.environ, setsigmask=(), setsigdef=ignored)


def kill_everybody() -> None:
    """Kill and bury all other processes of this container, so that the lock is freed only when none is left."""
    deadline_s = boottime_s() + LAST_KILL_S
    while boottime_s() < deadline_s:
        try:
            os.kill(-1, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
        except ProcessLookupError:
            return
        time.sleep(0.002)


def boottime_s() -> float:
    """Seconds since boot, suspend included; the host's keeper counts the same."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def say(message: str) -> None:
    """One line into the container's log."""
    print(f"flock-init: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
