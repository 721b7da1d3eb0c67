"""Files of other jobs, of the pilot and of the host."""

import functools
import os
import stat

from .frame import can_open, fact, listed, probe, reached
from .victim import NAME, PLACES, SECRET

OWN = os.environ.get("_CONDOR_SCRATCH_DIR", os.getcwd())
EXECUTE = "/var/lib/condor/execute"
HARMLESS = {
    "null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "shm", "fd", "stdin", "stdout", "stderr",
    "mqueue", "core", "console",
}  # fmt: skip
DOCKERS = {"/etc/hosts", "/etc/hostname"}
"""Files that dockerd writes for each container on the host's disk, read-only for jobs."""


def has_secret(path: str) -> bool:
    """Whether the other job's words can be read there."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return SECRET in file.read(4096)


for number, place in enumerate(PLACES, 1):
    probe(f"file-shared-{number}", f"another job's open file in {place}")(
        functools.partial(has_secret, f"{place}/{NAME}")
    )


@probe("file-sandboxes", "the sandboxes of other jobs")
def _() -> str:
    return listed(EXECUTE, lambda name: name in OWN)


@probe("file-sandbox-open", "a file in another job's sandbox")
def _() -> str:
    others = [name for name in os.listdir(EXECUTE) if name not in OWN]
    return " ".join(name for name in others if os.access(f"{EXECUTE}/{name}/scratch", os.R_OK | os.X_OK))


@probe("file-token", "the pilot's token for the flock pool")
def _() -> str:
    return listed("/etc/condor/tokens.d")


@probe("file-pilot-config", "HTCondor's configuration in the container")
def _() -> str:
    return listed("/etc/condor")


@probe("file-pilot-logs", "HTCondor's logs: names and addresses of all guests")
def _() -> bool:
    return can_open("/var/log/condor/StartLog")


@probe("file-trace", "what is recorded of guests' jobs")
def _() -> str:
    return listed("/run/trace")


@probe("file-trace-write", "writing into what is recorded of guests' jobs")
def _() -> bool:
    return can_open("/run/trace/JobLog", os.O_WRONLY | os.O_APPEND)


@probe("file-claim-ids", "the claim's secrets that the startd writes down")
def _() -> bool:
    return can_open("/var/log/condor/.startd_claim_id.slot1")


@probe("file-spool", "HTCondor's spool")
def _() -> str:
    return listed("/var/lib/condor/spool")


@probe("file-host-lock", "the host lock")
def _() -> bool:
    return can_open("/run/flock/host.lock")


@probe("file-control", "the keeper's words to PID 1, and the token beside them")
def _() -> str:
    return listed("/run/flock")


@probe("file-shadow", "passwords")
def _() -> bool:
    return can_open("/etc/shadow")


@probe("file-write-etc", "writing /etc/passwd")
def _() -> bool:
    return can_open("/etc/passwd", os.O_WRONLY)


@probe("file-write-usr", "replacing a program")
def _() -> bool:
    return can_open("/usr/bin/env", os.O_WRONLY)


@probe("file-create-usr", "adding a program")
def _() -> bool:
    made = can_open("/usr/bin/shepherd-probe", os.O_WRONLY | os.O_CREAT)
    os.unlink("/usr/bin/shepherd-probe")
    return made


@probe("file-create-root", "files beside the sandbox")
def _() -> bool:
    made = can_open("/shepherd-probe", os.O_WRONLY | os.O_CREAT)
    os.unlink("/shepherd-probe")
    return made


@probe("file-set-id", "programs that run as somebody else")
def _() -> str:
    found = []
    for folder in ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib"):
        for path, _, names in os.walk(folder):
            for name in names:
                status = os.lstat(f"{path}/{name}")
                if stat.S_ISREG(status.st_mode) and status.st_mode & (stat.S_ISUID | stat.S_ISGID):
                    found.append(name)
    return " ".join(found)


@probe("file-docker-socket", "dockerd")
def _() -> str:
    return " ".join(path for path in ("/run/docker.sock", "/var/run/docker.sock") if os.path.exists(path))


@probe("file-disk", "the host's disk as a device")
def _() -> str:
    return listed("/dev", lambda name: name in HARMLESS)


@probe("file-host-root", "the host's files by way of a mount")
def _() -> str:
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        seen = [line.split()[4] for line in file if fact("host_marker") in line]
    return " ".join(path for path in seen if path not in DOCKERS)


@probe("file-others-root", "the root directory of a process that is not the job's")
def _() -> str:
    return reached(lambda pid: os.listdir(f"/proc/{pid}/root/"))


@probe("file-others-cwd", "its working directory")
def _() -> str:
    return reached(lambda pid: os.readlink(f"/proc/{pid}/cwd"))


@probe("file-others-open", "the files it has open")
def _() -> str:
    return reached(lambda pid: os.listdir(f"/proc/{pid}/fd"))
