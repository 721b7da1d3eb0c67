#!/usr/bin/python3 -IS
"""Builds the walls around a guest's job, and is to HTCondor what the job would be: `flock-job` becomes this.

The job gets namespaces of its own (accounts, mounts, processes, IPC, host name) by bubblewrap, and sees of the
container nothing but programs and libraries, read-only, and its own sandbox. A Landlock domain keeps it from abstract
sockets and processes that are not its own, where the kernel has that (6.12 and later), and a filter takes away the
system calls that the walls were built with.

Three processes: this one, which HTCondor takes for the job; bubblewrap; and `flock-job-inside` as PID 1 of the job's
process namespace, because signals must reach the job and its end must be told exactly. If anything of this fails the
job does not run, and HTCondor says why. Nothing of the job's environment is obeyed here but what the starter sets.
"""

import base64
import ctypes
import errno
import json
import os
import resource
import select
import signal
import stat
import struct
import sys
import tempfile
from collections.abc import Iterator

BUBBLEWRAP = "/usr/bin/bwrap"
INSIDE = ("/usr/bin/python3", "-IS", "/usr/local/libexec/shepherd/flock-job-inside")
ENVIRONMENT = "FLOCK_ENVIRONMENT"
"""The job's own, in base64; nobody but the job's PID 1 unpacks it all."""
HIDDEN = ("/etc/condor", "/run")
"""Empty there."""
SHOWN = ("/usr", "/etc")
"""Read-only, as the image has them."""
OPTIONAL = ("/cvmfs",)
LINKS = {"/bin": "usr/bin", "/lib": "usr/lib", "/lib64": "usr/lib64", "/sbin": "usr/sbin"}
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that HTCondor, or the guest by `kill_sig`, means for the job."""
MOST_FILES = 1 << 20
SHM_BYTES, HIDDEN_BYTES = 64 << 20, 1 << 20
PROCESSES = 2048
"""How many a job's account may have: a fork bomb stops there, and HTCondor can still end it."""

PR_SET_CHILD_SUBREAPER = 36
CREATE_RULESET, RESTRICT_SELF, VERSION = 444, 446, 1
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2
FIRST_WITH_SCOPES = 6
"""Landlock's ABI that can keep sockets and signals within a domain (Linux 6.12)."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | 1
NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW*: mounts, cgroups, host name, IPC, accounts, processes, network, time."""
X86_64 = 0xC000003E
CLONE = 56
WALLS = {
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308, "sethostname": 170,
    "setdomainname": 171, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "fspick": 433, "mount_setattr": 442,
}  # fmt: skip
"""What the job may not call any more (x86_64's numbers). The container's own filter has no `clone3`."""
OTHER_ABI = 0x40000000


def main() -> int:
    """Keep the job within its walls."""
    told = starters_words(os.environ[ENVIRONMENT])
    own = own_directory(told["_CONDOR_SCRATCH_DIR"])
    os.closerange(3, MOST_FILES)
    try:
        refuse_strange_files(own)
        limit()
        confine()
        return outside(list(walls(own, os.getcwd())), told)
    except (OSError, ValueError) as exc:
        return failed(f"the job cannot be kept apart, and was not started: {exc}", told)


def starters_words(packed: str) -> dict[str, str]:
    """What the starter says by the environment; it sets these itself, after the job's own."""
    entries = base64.b64decode(packed).decode("utf-8", "surrogateescape").split("\0")
    pairs = dict(entry.split("=", 1) for entry in entries if "=" in entry)
    return {name: pairs[name] for name in ("_CONDOR_SCRATCH_DIR", "_CONDOR_WRAPPER_ERROR_FILE")}


def own_directory(scratch: str) -> str:
    """The job's sandbox: above the scratch directory there are HTCondor's files for this job, too."""
    return os.path.dirname(scratch) if os.path.basename(scratch) == "scratch" else scratch


def refuse_strange_files(own: str) -> None:
    """Raise OSError for a standard file that lies anywhere else: a directory would be a way out of all walls, and a
    socket that HTCondor made is its own to every rule that asks whose it is."""
    for descriptor in (0, 1, 2):
        status, path = os.fstat(descriptor), os.readlink(f"/proc/self/fd/{descriptor}")
        is_own = stat.S_ISREG(status.st_mode) and path.startswith(f"{own}/")
        if not (stat.S_ISFIFO(status.st_mode) or is_own or path == os.devnull):
            raise OSError(errno.EPERM, f"standard file {descriptor} is {path}, which is not the job's")


def outside(arguments: list[str], told: dict[str, str]) -> int:
    """Start bubblewrap, pass signals on, and end as the job did.

    A bubblewrap that fails late leaves a child that waits for it for ever, and holds all its pipes: its end counts too.
    """
    inherit_orphans()
    ended, tell = os.pipe()
    info, inform = os.pipe()
    program = filter_file()
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        for descriptor in (tell, inform, program):
            os.set_inheritable(descriptor, True)
        own = ["--info-fd", str(inform), "--seccomp", str(program)]
        os.execv(BUBBLEWRAP, [BUBBLEWRAP, *arguments, *own, "--", *INSIDE, str(tell), *sys.argv[1:]])
    for descriptor in (tell, inform, program):
        os.close(descriptor)
    bubblewrap = os.pidfd_open(child)
    pass_signals_to(read_all(info, bubblewrap))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    status = read_all(ended, bubblewrap)
    os.waitpid(child, 0)
    if not status:
        kill_orphans()
        return failed("the job's walls could not be built, or were torn down from outside", told)
    return end_as(int(status))


def pass_signals_to(info: bytes) -> None:
    """From now on the job's PID 1 hears what we hear."""
    first = json.loads(info)["child-pid"] if info else 0

    def hand_on(number: int, _frame: object) -> None:
        try:
            if first:
                os.kill(first, number)
        except ProcessLookupError:
            pass

    for number in PASSED_ON:
        signal.signal(number, hand_on)


def walls(own: str, directory: str) -> Iterator[str]:
    """bubblewrap's arguments."""
    yield from ("--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-ipc", "--unshare-uts")
    yield from ("--unshare-cgroup-try", "--as-pid-1", "--die-with-parent")
    for path in SHOWN:
        yield from ("--ro-bind", path, path)
    for path in OPTIONAL:
        yield from ("--ro-bind-try", path, path)
    for link, target in LINKS.items():
        yield from ("--symlink", target, link)
    yield from ("--dev", "/dev", "--proc", "/proc", *memory("/dev/shm", SHM_BYTES))
    for path in HIDDEN:
        yield from memory(path, HIDDEN_BYTES)
    for path in ("/tmp", "/var/tmp"):
        yield from ("--bind", fresh_directory(own), path)
    yield from ("--bind", own, own, "--remount-ro", "/", "--chdir", directory)


def memory(path: str, most: int) -> tuple[str, ...]:
    """A file system in memory; by itself it might grow to the half of the host's."""
    return ("--size", str(most), "--tmpfs", path)


def fresh_directory(own: str) -> str:
    """A directory for what the job sees as /tmp: within its sandbox, where it counts as its own disk space.

    A new one for each start: an earlier run of the same job may have put a link in the place of any it knew.
    """
    parent = os.path.join(own, "user")
    return tempfile.mkdtemp(prefix=".tmp-", dir=parent if os.path.isdir(parent) else own)


def limit() -> None:
    """Bound what one job can take from the others, and let it be the first to go when memory runs out."""
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = PROCESSES if hard == resource.RLIM_INFINITY else min(hard, PROCESSES)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def confine() -> None:
    """Enter a Landlock domain that reaches no abstract socket and no process outside of it. Raises OSError if the
    kernel can and does not."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    if call(CREATE_RULESET, None, 0, VERSION) < FIRST_WITH_SCOPES:
        return
    scopes = struct.pack("QQQ", 0, 0, SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS)
    rules = call(CREATE_RULESET, scopes, len(scopes), 0)
    if rules < 0 or call(RESTRICT_SELF, rules, 0) < 0:
        raise OSError(ctypes.get_errno(), "Landlock: " + os.strerror(ctypes.get_errno()))
    os.close(rules)


def filter_file() -> int:
    """The filter as bubblewrap loads it: its descriptor."""
    descriptor = os.memfd_create("filter")
    os.write(descriptor, b"".join(struct.pack("HBBI", *instruction) for instruction in filter_program()))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def filter_program() -> Iterator[tuple[int, int, int, int]]:
    """Classic BPF: another architecture's calls, the walls' calls and new namespaces are refused, else all allowed."""
    names = sorted(WALLS.values())
    yield LOAD, 0, 0, ARCHITECTURE
    yield EQUAL, 0, len(names) + 6, X86_64
    yield LOAD, 0, 0, NUMBER
    yield AT_LEAST, len(names) + 4, 0, OTHER_ABI
    for done, number in enumerate(names):
        yield EQUAL, len(names) - done + 3, 0, number
    yield EQUAL, 0, 2, CLONE
    yield LOAD, 0, 0, FIRST_ARGUMENT
    yield ANY_BIT, 1, 0, NEW_NAMESPACES
    yield RETURN, 0, 0, ALLOWED
    yield RETURN, 0, 0, REFUSED


def end_as(status: int) -> int:
    """End as the job did: by the same signal, or with its exit code."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return os.waitstatus_to_exitcode(status)


def failed(reason: str, told: dict[str, str]) -> int:
    """Tell HTCondor, which holds the job and shows it to the user. Never looks like the job's own end."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(told["_CONDOR_WRAPPER_ERROR_FILE"], flags, 0o644), "w", encoding="utf-8") as file:
            file.write(f"flock-job: {reason}\n")
    except OSError:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


def inherit_orphans() -> None:
    """Whom bubblewrap leaves behind becomes a child of ours. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "orphans: " + os.strerror(ctypes.get_errno()))


def kill_orphans() -> None:
    """No part of a job outlives its walls."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        for pid in map(int, file.read().split()):
            os.kill(pid, signal.SIGKILL)


def read_all(descriptor: int, process: int) -> bytes:
    """Everything until all writers are gone, or the process of this second descriptor is."""
    os.set_blocking(descriptor, False)
    waiting = select.poll()
    for one in (descriptor, process):
        waiting.register(one, select.POLLIN)
    said = b""
    while True:
        waiting.poll()
        try:
            part = os.read(descriptor, select.PIPE_BUF)
        except BlockingIOError:  # the process has ended, and a writer is left
            return said
        if not part:
            return said
        said += part


if __name__ == "__main__":
    sys.exit(main())
