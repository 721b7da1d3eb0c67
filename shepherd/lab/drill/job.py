"""The drill's job: makes the connections that it was told to, and writes down what it did.

`job.py CLUSTER.PROCESS CONTACT+CONTACT…`, each contact `KIND/AFTER/ADDRESS/PORT/SOURCE_PORT/LASTS`. Runs within a
flocked job, on the image's own Python; standard library only. Each line of its output is JSON: who it is, each
connection when it is over, and its end. Whoever it connects to is told all that is known by then.
"""

import contextlib
import json
import os
import socket
import struct
import sys
import threading
import time
import uuid
from pathlib import Path

PATIENCE_S = 5.0
UDP = "udp"
TELLING = threading.Lock()


def tell(line: dict[str, object]) -> None:
    """Write down one thing; lines of several threads do not mix."""
    with TELLING:
        print(json.dumps(line), flush=True)


def own_ad(name: str) -> dict[str, str]:
    """HTCondor's ad of the job, or of its slot: attributes as text."""
    found = {}
    with contextlib.suppress(OSError, KeyError), Path(os.environ[name]).open(encoding="utf-8") as ad:
        for line in ad:
            key, _, value = line.partition(" = ")
            found[key] = value.strip().strip('"')
    return found


def who_am_i(told: str, lasts_s: float) -> dict[str, object]:
    """Everything a job can know of itself."""
    job, slot = own_ad("_CONDOR_JOB_AD"), own_ad("_CONDOR_MACHINE_AD")
    return {
        "run": uuid.uuid4().hex, "told": told, "job": job.get("GlobalJobId", ""), "user": job.get("User", ""),
        "slot": os.environ.get("_CONDOR_SLOT", "") or slot.get("Name", "").partition("@")[0],
        "host": socket.gethostname(), "uid": os.getuid(), "pid": os.getpid(), "begun_s": time.time(),
        "lasts_s": lasts_s,
    }  # fmt: skip


def contact(who: dict[str, object], number: int, words: str) -> None:
    """Make one connection, keep it as long as it is to last, and tell of it."""
    kind, after_s, address, port, source_port, lasts_s = words.split("/")
    time.sleep(float(after_s))
    said = {"run": who["run"], "number": number, "kind": kind, "far_address": address, "far_port": int(port)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == UDP else socket.SOCK_STREAM) as conversation:
        try:
            bind(conversation, kind, int(source_port))
            said |= {"begun_s": time.time(), "port": conversation.getsockname()[1]}
            conversation.connect((address, int(port)))
            said["address"] = conversation.getsockname()[0]
            conversation.sendall(json.dumps({**said, "who": who}).encode() + b"\n")
            said["answer"] = conversation.recv(64).decode().strip()
            time.sleep(float(lasts_s))
        except OSError as exc:
            said["error"] = type(exc).__name__
    tell({**said, "ended_s": time.time()})


def bind(conversation: socket.socket, kind: str, source_port: int) -> None:
    """Have a port before connecting, so that it is known also of a connection that is refused."""
    conversation.settimeout(PATIENCE_S)
    if source_port:
        conversation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if kind == "reset":
        conversation.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conversation.bind(("", source_port))


def main() -> None:
    """All contacts, each at its time."""
    told, plan = sys.argv[1], sys.argv[2].split("+")
    lasts_s = max(float(words.split("/")[1]) + float(words.split("/")[5]) for words in plan)
    who = who_am_i(told, lasts_s)
    tell({"begun": who})
    threads = [threading.Thread(target=contact, args=(who, number, words)) for number, words in enumerate(plan)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell({"ended": who["run"], "ended_s": time.time()})


if __name__ == "__main__":
    main()
