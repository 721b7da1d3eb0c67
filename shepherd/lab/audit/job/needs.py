"""What guests need: each of these must work."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from .frame import PATIENCE_S, PROBES, fact, outcome, probe


@probe("need-internet", "talking to port 443 outside")
def _() -> bool:
    address, _, port = fact("web").rpartition(":")
    with socket.create_connection((address, int(port)), PATIENCE_S) as conversation:
        return bool(conversation.recv(64))


@probe("need-names", "names resolved by the named resolver")
def _() -> bool:
    return socket.gethostbyname("data.example.org") == fact("web").rpartition(":")[0]


@probe("need-scratch", "writing and running files in the sandbox")
def _() -> bool:
    with open("program.sh", "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexit 7\n")
    os.chmod("program.sh", 0o755)
    return subprocess.call(["./program.sh"]) == 7


@probe("need-tmp", "/tmp, /var/tmp and /dev/shm")
def _() -> bool:
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        with open(f"{place}/mine", "w", encoding="ascii") as file:
            file.write("x" * 100_000)
        os.unlink(f"{place}/mine")
    return True


@probe("need-children", "children and threads")
def _() -> bool:
    threads = [threading.Thread(target=time.sleep, args=(0.05,)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return all(subprocess.call(["true"]) == 0 for _ in range(20))


@probe("need-own-servers", "talking to its own servers, by the loopback and by abstract sockets")
def _() -> bool:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0shepherd-own")
        abstract.listen()
        with socket.create_connection(server.getsockname(), 2), socket.socket(socket.AF_UNIX) as other:
            other.connect("\0shepherd-own")
            return True


@probe("need-own-signals", "signals to its own children")
def _() -> bool:
    child = subprocess.Popen(["sleep", "100"])
    child.terminate()
    return child.wait(5) == -signal.SIGTERM


@probe("need-own-proc", "its own /proc")
def _() -> bool:
    with open("/proc/self/status", encoding="ascii") as status, open("/proc/meminfo", encoding="ascii") as memory:
        return "Pid:" in status.read() and "MemTotal" in memory.read()


@probe("need-programs", "the usual programs and libraries")
def _() -> bool:
    return all(shutil.which(name) for name in ("bash", "tar", "sed", "awk"))


@probe("need-job-ad", "HTCondor's own files about the job")
def _() -> bool:
    return all(os.path.exists(os.environ[name]) for name in ("_CONDOR_JOB_AD", "_CONDOR_MACHINE_AD"))


@probe("need-chirp", "a word with its schedd by condor_chirp")
def _() -> bool:
    asked = ["/usr/libexec/condor/condor_chirp", "get_job_attr", "ClusterId"]
    return subprocess.run(asked, timeout=10, check=False, stdout=subprocess.DEVNULL).returncode == 0


NEEDS = tuple(name for name in PROBES if name.startswith("need-"))


def main() -> None:
    """All of them; and a file that must come back."""
    with open("came-back", "w", encoding="ascii") as file:
        file.write("output")
    for ident in NEEDS:
        tries, function = PROBES[ident]
        print(json.dumps({"id": ident, "tries": tries, **outcome(function)}), flush=True)


if __name__ == "__main__":
    main()
