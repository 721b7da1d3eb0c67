#!/usr/bin/python3 -IS
"""Runs a guest's job apart from the pilot and from other jobs: HTCondor's USER_JOB_WRAPPER in the flock container.

The job gets namespaces of its own (accounts, mounts, processes, IPC, host name) by bubblewrap, and sees of the
container nothing but programs and libraries, read-only, and its own sandbox. A Landlock domain keeps it from abstract
sockets and processes that are not its own, where the kernel has that (6.12 and later), and a filter takes away the
system calls that the walls were built with.

Three processes: this one, which HTCondor takes for the job; bubblewrap; and this program again as PID 1 of the job's
process namespace (`--inside`), because signals must reach the job and its end must be told exactly. If anything of this
fails the job does not run, and HTCondor says why.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator

BUBBLEWRAP = "/usr/bin/bwrap"
SELF = "/usr/local/libexec/shepherd/flock-job"
INSIDE = "--inside"
HIDDEN = ("/etc/condor", "/run")
"""Empty there."""
SHOWN = ("/usr", "/etc")
"""Read-only, as the image has them."""
OPTIONAL = ("/cvmfs",)
LINKS = {"/bin": "usr/bin", "/lib": "usr/lib", "/lib64": "usr/lib64", "/sbin": "usr/sbin"}
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that HTCondor, or the guest by `kill_sig`, means for the job."""
PROCESSES = 2048
"""How many a job's account may have: a fork bomb stops there, and HTCondor can still end it."""

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
    """Become the job's keeper, or its PID 1."""
    if sys.argv[1:2] == [INSIDE]:
        return first_process(int(sys.argv[2]), sys.argv[3:])
    scratch = os.environ.get("_CONDOR_SCRATCH_DIR") or os.getcwd()
    try:
        limit()
        confine()
        return outside(list(walls(scratch, os.getcwd())))
    except OSError as exc:
        return failed(f"the job cannot be kept apart, and was not started: {exc}")


# --- outside ---


def outside(arguments: list[str]) -> int:
    """Start bubblewrap, pass signals on, and end as the job did."""
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
        inner = [SELF, INSIDE, str(tell), *sys.argv[1:]]
        os.execv(BUBBLEWRAP, [BUBBLEWRAP, *arguments, *own, "--", *inner])
    for descriptor in (tell, inform, program):
        os.close(descriptor)
    pass_signals_to(read_all(info))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    told = read_all(ended)
    os.waitpid(child, 0)
    if not told:
        return failed("the job's walls could not be built, or were torn down from outside")
    return end_as(int(told))


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


def walls(scratch: str, directory: str) -> Iterator[str]:
    """bubblewrap's arguments. The directory above the scratch one has HTCondor's files for this job, too."""
    own = os.path.dirname(scratch) if os.path.basename(scratch) == "scratch" else scratch
    yield from ("--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-ipc", "--unshare-uts")
    yield from ("--unshare-cgroup-try", "--as-pid-1", "--die-with-parent")
    for path in SHOWN:
        yield from ("--ro-bind", path, path)
    for path in OPTIONAL:
        yield from ("--ro-bind-try", path, path)
    for link, target in LINKS.items():
        yield from ("--symlink", target, link)
    yield from ("--dev", "/dev", "--proc", "/proc", "--tmpfs", "/dev/shm")
    for path in HIDDEN:
        yield from ("--tmpfs", path)
    for path in ("/tmp", "/var/tmp"):
        yield from ("--bind", own_directory(own, path), path)
    yield from ("--bind", own, own, "--remount-ro", "/", "--chdir", directory)


def own_directory(sandbox: str, path: str) -> str:
    """The place within the job's sandbox that it sees as `path`: what lies there counts as its own disk space."""
    parent = os.path.join(sandbox, "user")
    place = os.path.join(parent if os.path.isdir(parent) else sandbox, path.strip("/").replace("/", "-"))
    os.makedirs(place, mode=0o700, exist_ok=True)
    return place


def limit() -> None:
    """Bound what one job can take from the others, and let it be the first to go when memory runs out."""
    resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
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


def failed(reason: str) -> int:
    """Tell HTCondor, which shows it to the user, and the container's log."""
    if path := os.environ.get("_CONDOR_WRAPPER_ERROR_FILE"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(reason + "\n")
    print(f"flock-job: {reason}", file=sys.stderr)
    return 1


# --- inside ---


def first_process(tell: int, job: list[str]) -> int:
    """PID 1 of the job's processes: start it, hand signals on, reap, tell how it ended. The kernel ends the rest."""
    os.set_inheritable(tell, False)
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        try:
            os.execvp(job[0], job)
        except OSError as exc:
            print(f"flock-job: {job[0]}: {exc.strerror}", file=sys.stderr, flush=True)
            os._exit(127)
    for number in PASSED_ON:
        signal.signal(number, lambda number, _frame: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    while True:
        dead, status = os.wait()
        if dead == child:
            os.write(tell, str(status).encode())
            return 0


def read_all(descriptor: int) -> bytes:
    """Everything until all writers are gone."""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main())
