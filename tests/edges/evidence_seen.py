"""What the tests of evidence share: a case, and how a recording is read back."""

import os
import time
from pathlib import Path

from shepherd.edges.evidence.sink import Sink
from shepherd.edges.evidence.store import rows
from shepherd.edges.evidence.trees import Mount, take_tree
from shepherd.model.evidence import Case

IDENT = "q-p205-20260301T140210"
CASE = Case(
    ident=IDENT, host="p205", container="c" * 64, image="sha256:" + "1" * 64, lease="L1", address="10.27.2.5",
    who="ann", why="a letter", ordered_at_s=1.0, seen_at_s=2.0, keep_host=False,
)  # fmt: skip

MIB = 1 << 20


def now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def sink_in(path: Path, *, seconds: float = 10.0, size_bytes: int = 64 * MIB) -> Sink:
    return Sink(path / "take1", until_s=now_s() + seconds, size_bytes=size_bytes)


def index(path: Path) -> list[dict[str, object]]:
    return [dict(row) for row in rows((path / "take1/index.jsonl").read_text(encoding="utf-8"))]


def contents(path: Path) -> dict[str, bytes]:
    """What was kept, by what it is."""
    return {str(row["what"]): (path / "take1" / str(row["name"])).read_bytes() for row in index(path) if "name" in row}


def taken(path: Path, tree: Path, sink: Sink) -> dict[str, bytes]:
    """A tree as if it were a container's file system in memory."""
    mount = Mount(os.getpid(), tree.stat().st_dev, os.fsencode("/"))
    with sink.part("files"):
        take_tree(sink, mount, tree)
    sink.end()
    return contents(path)
