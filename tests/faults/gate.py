"""A gate before each drain: the world may change between the shepherd's last look and its act."""

import contextlib
from collections.abc import Iterator
from typing import Any

from shepherd.lab.node import SITE_IN_NODE, SOURCE_IN_NODE
from tests.faults.breaking import records
from tests.faults.scene import Scene

GATE = "/var/lib/shepherd/gate"
COMMAND, KEPT = "/usr/local/bin/shepherd", "/usr/local/bin/shepherd.ungated"
GATED = f"""#!/bin/sh
[ "$1" = run ] || exec {KEPT} "$@"
PYTHONPATH={SOURCE_IN_NODE}:{SITE_IN_NODE} PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
exec /usr/bin/python3 {SOURCE_IN_NODE}/tests/faults/gated_shepherd.py "$@"
"""


@contextlib.contextmanager
def gate(scene: Scene) -> Iterator[None]:
    """For the time of the block the site's shepherd waits before each drain until the gate is opened."""
    cm = scene.site.cm
    cm.must(("cp", "-p", COMMAND, KEPT))
    cm.write(COMMAND, GATED, 0o755)
    cm.write(GATE, "", owner="shepherd")
    cm.restart("shepherd")
    try:
        yield
    finally:
        open_gate(scene)
        cm.must(("mv", KEPT, COMMAND))
        cm.restart("shepherd")


def open_gate(scene: Scene) -> None:
    """Let it drain. Idempotent."""
    scene.site.cm.must(("rm", "-f", GATE))


def told(scene: Scene, entries: str, **body: str) -> list[dict[str, Any]]:
    """Records of this scenario whose body says all this."""
    return [one for one in records(scene, entries) if body.items() <= one["body"].items()]
