"""Striking the shepherd at a chosen moment, and steps as the ledger tells them."""

import dataclasses
import json
import signal
from typing import Any

from shepherd.lab.eventually import eventually
from shepherd.lab.node import SITE_IN_NODE, SOURCE_IN_NODE
from tests.faults.scene import Scene

MOMENTS = ("before the record", "before the act", "after the act")
"""Before the step is on record; on record and not taken; taken and its outcome not on record."""
COMMAND, KEPT = "/usr/local/bin/shepherd", "/usr/local/bin/shepherd.kept"
ORDER, STAY = "/var/lib/shepherd/strike", "/var/lib/shepherd/stay"
WRAPPER = f"""#!/bin/sh
[ "$1" = run ] || exec {KEPT} "$@"
PYTHONPATH={SOURCE_IN_NODE}:{SITE_IN_NODE} PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
exec /usr/bin/python3 {SOURCE_IN_NODE}/tests/faults/striking_shepherd.py "$@"
"""


@dataclasses.dataclass(kw_only=True)
class Striker:
    """Puts orders to strike before the site's shepherd."""

    scene: Scene
    starts: int = 0
    """How often the shepherd had been started when a strike was ordered."""

    def install(self) -> None:
        """Let the service run the striking daemon from its next start on. Idempotent."""
        cm = self.scene.site.cm
        if cm.run(("test", "-e", KEPT)).returncode != 0:
            cm.must(("cp", "-p", COMMAND, KEPT))
            cm.write(COMMAND, WRAPPER, 0o755)
            cm.restart("shepherd")

    def order(self, step: str, moment: str, number: signal.Signals = signal.SIGKILL, *, stay: bool = False) -> None:
        """Strike at this moment of the next step of this kind, once. With `stay` no successor begins."""
        self.starts = int(self.scene.site.cm.status("shepherd")["starts"])
        text = f"{step}|{moment}|{int(number)}|{'stay' if stay else ''}"
        self.scene.site.cm.write(ORDER, text, owner="shepherd")

    def struck(self) -> bool:
        """The order was carried out."""
        return self.scene.site.cm.run(("test", "-e", ORDER)).returncode != 0

    def await_strike(self, within_s: float) -> None:
        """Wait until it was."""
        eventually(self.struck, within_s, 0.05, what="the step to be struck at is reached")

    def resume(self) -> None:
        """Let a stopped shepherd go on."""
        self.scene.site.cm.kill("shepherd", signal.SIGCONT)

    def clear(self) -> None:
        """No order, and nobody stays stopped or away."""
        self.scene.site.cm.must(("rm", "-f", ORDER, STAY))
        self.resume()

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Records of a kind since the scenario began, as the ledger tells them."""
        told = self.scene.site.cm.must(("shepherd", "ledger", "export", "--kind", kind), user="shepherd")
        every = [json.loads(line) for line in told.splitlines()]
        return [record for record in every if record["at_s"] >= self.scene.began_wall_s]

    def ledger_is_whole(self) -> bool:
        """The chain of records holds."""
        return self.scene.site.cm.run(("shepherd", "ledger", "verify"), user="shepherd").returncode == 0
