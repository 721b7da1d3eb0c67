"""Stands for a guest's condor_submit and all that follows: runs the drill's job here, and writes what sources would."""

import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

from shepherd.model.trace import FlowBegun, FlowEnded, JobBegun, StayBegun
from tests.edges.trace_stores import segment, store_in

BASH = re.compile(r"^arguments = \"-c '(.*)'\"$", re.MULTILINE)
ESTABLISHED = re.compile(r"^\s*\d+: 0100007F:([0-9A-F]{4}) 0100007F:([0-9A-F]{4}) 01 ", re.MULTILINE)
CONTAINER = "c0ffee".ljust(64, "0")


def local_port(far_port: int) -> int:
    """The job's own port, as soon as it has connected."""
    for _ in range(400):
        for own, far in ESTABLISHED.findall(pathlib.Path("/proc/net/tcp").read_text()):
            if int(far, 16) == far_port:
                return int(own, 16)
        time.sleep(0.01)
    raise SystemExit("the job did not connect")


def record(directory: pathlib.Path, port: int, far_port: int, job: str) -> None:
    now = time.time()
    host: dict[str, Any] = {"source": "p205", "host": "p205"}
    ends: dict[str, Any] = {"protocol": 6, "address": "10.27.2.5", "port": port}
    ends |= {"far_address": "127.0.0.1", "far_port": far_port}
    here: dict[str, Any] = {"nat_address": "", "nat_port": 0, "uid": 2001}
    store = store_in(directory, time.time)
    store.add(segment([
        StayBegun(**host, at_s=now - 60, herd="flock", lease="p205-7", container=CONTAINER, address="10.27.2.5"),
        JobBegun(
            **host, container=CONTAINER, slot="slot1_1", begun="1", at_s=now - 3.25, uid=2001, job=job,
            user="alice@campus.example", schedd="submit.campus.example",
        ),
        FlowBegun(source="p205", flow=1, at_s=now, **ends, **here),
        FlowBegun(source="p205", flow=2, at_s=now + 90, **ends | {"port": 1}, **here),
    ], source="p205"))  # fmt: skip
    nat: dict[str, Any] = {"source": "gateway", "nat_address": "127.0.0.1"}
    before = FlowBegun(**nat, flow=8, at_s=now - 600, **ends | {"port": 2}, nat_port=1)
    store.add(segment([
        before, FlowEnded(source="gateway", flow=8, begun_s=before.at_s, at_s=before.at_s + 1),
        FlowBegun(**nat, flow=1, at_s=now, **ends, nat_port=port),
        FlowBegun(**nat, flow=9, at_s=now + 90, **ends | {"port": 3}, nat_port=2),
    ], source="gateway"))  # fmt: skip
    store.close()


def main() -> None:
    directory, job = pathlib.Path(sys.argv[1]), sys.argv[2]
    (command,) = BASH.findall(sys.stdin.read())
    command = command.replace("$(Cluster).$(Process)", "7.0").replace("sleep 3", "sleep 1")
    far_port = int(command.partition("/dev/tcp/127.0.0.1/")[2].split()[0])
    if os.fork():
        return
    os.setsid()
    with subprocess.Popen(["/bin/bash", "-c", command], stdin=subprocess.DEVNULL):
        record(directory, local_port(far_port), far_port, job)


main()
