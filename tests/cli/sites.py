"""A site's files below a temporary directory, and the command run on them."""

import pathlib
import subprocess
import sys

from shepherd.edges.clock import SystemClock
from shepherd.edges.htcondor.tool import NEEDED
from shepherd.edges.ledger import SqliteLedger
from tests.edges.ledgers import ledger_in

ROOT = pathlib.Path(__file__).parents[2]
SETTINGS = """
[home]
name = "home.lab"
schedds = ["cm"]
schedd_identities = ["condor@home.lab"]

[flock]
collector = "10.27.0.1:9619"
image = "sha256:{image}"

[paths]
state = "{state}"
intents = "{state}/intents"
tools = "{state}/tools"
condor_config = "{state}/condor_config"

[flockoff]
path = "{state}/flockoff"
"""


class Site:
    """Settings file, state directory and spool."""

    def __init__(self, place: pathlib.Path) -> None:
        self.state = place / "state"
        self.intents = self.state / "intents"
        self.ledger_place = self.state / "ledger"
        self.off_file = self.state / "flockoff"
        self.settings = place / "shepherd.toml"
        self.tools = self.state / "tools"
        self.intents.mkdir(parents=True)
        self.tools.mkdir()
        self.condor_config = self.state / "condor_config"
        self.condor_config.touch()
        for tool in NEEDED:
            (self.tools / tool).write_text("#!/bin/sh\nexit 9\n")
            (self.tools / tool).chmod(0o755)
        self.settings.write_text(SETTINGS.format(image="ab" * 32, state=self.state))

    def ledger(self) -> SqliteLedger:
        return ledger_in(self.ledger_place)

    def words(self, *words: str) -> list[str]:
        return ["--settings", str(self.settings), *words]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """The command as a process of its own."""
        argv = [sys.executable, "-m", "shepherd", *self.words(*words)]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def body(**changes: object) -> dict[str, object]:
    """A view as the daemon publishes it, of now."""
    now = SystemClock().wall_s()
    return {
        "schema": 1,
        "at_s": now,
        "sentence": "quiet",
        "cycle_at_s": now,
        "flockoff": None,
        "hosts": [{"host": "p220", "flock_name": "f220", "state": "local", "why": "", "since_s": None}],
        "readings": [{"source": "queue", "at_s": now, "problem": None, "period_s": 10.0}],
        "queue": {"idle_jobs": 3, "running_jobs": 1},
        "unmanaged": [],
        "problems": [],
        **changes,
    }
