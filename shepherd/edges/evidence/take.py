"""Takes what exists only as long as a frozen container does. A process of its own: whatever hangs or grows in it ends
at its deadline, and the keeper goes on.

`python -m shepherd.edges.evidence.take` with a JSON object on its standard input; its index says what it took and lost.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from shepherd.edges.evidence.processes import Processes
from shepherd.edges.evidence.sink import Sink
from shepherd.edges.evidence.trees import take_trees, tmpfs_of

PROCESSES_SHARE, TREES_SHARE = 0.4, 0.75
"""By when of the whole time these are over; memory has the rest."""


def main() -> int:
    """Take what is asked for."""
    os.umask(0o077)
    given: dict[str, Any] = json.load(sys.stdin)
    sink = Sink(
        Path(given["directory"]), until_s=given["until_s"], size_bytes=given["bytes"], parent=given.get("parent")
    )
    processes = Processes(given["container"], given["pids"], given["job_uid"])
    take(sink, processes, given)
    sink.end()
    return 0


def take(sink: Sink, processes: Processes, given: dict[str, Any]) -> None:
    """In the order of what tells most for its size."""
    began_s, until_s = given["began_s"], given["until_s"]

    def share_s(share: float) -> float:
        return float(began_s + share * (until_s - began_s))

    if not processes.pids:
        sink.lose("processes, sockets, memory and files in memory: nothing of the container lived any more")
        return
    with sink.part("sockets", until_s=share_s(PROCESSES_SHARE)):
        processes.take_sockets(sink)
    with sink.part("processes", until_s=share_s(PROCESSES_SHARE)):
        processes.take_facts(sink)
    with sink.part("programs", until_s=share_s(PROCESSES_SHARE)):
        processes.take_programs(sink)
    files_bytes = max(sink.left_bytes - given["memory_bytes"], sink.left_bytes // 2)
    with sink.part("files in memory", until_s=share_s(TREES_SHARE), size_bytes=files_bytes):
        hosts_own = {device for device, _ in tmpfs_of(Path("/proc/self/mountinfo"))}
        take_trees(sink, list(reversed(processes.pids)), hosts_own)
    with sink.part("open files without a name", until_s=share_s(TREES_SHARE), size_bytes=files_bytes):
        processes.take_deleted(sink)
    with sink.part("memory", size_bytes=given["memory_bytes"]):
        processes.take_memory(sink)


if __name__ == "__main__":
    sys.exit(main())
