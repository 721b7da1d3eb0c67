"""A real Prometheus of the lab, from Debian's package: its tool, and a server on some loopback."""

import contextlib
import json
import subprocess
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from shepherd.errors import Unavailable
from shepherd.lab import cache
from shepherd.lab.command import kill_session, run
from shepherd.lab.eventually import eventually
from shepherd.lab.node import SOURCE
from shepherd.lab.progress import Progress
from shepherd.lab.unpacked import fetch, unpack

SUITE = "bookworm"
"""2.42, the oldest that a Debian that is supported has."""
RULES = SOURCE / "puppet/files/prometheus/shepherd.rules.yml"
_RECIPE = "1"
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{folder}/rules.yml"]
scrape_configs:
  - job_name: shepherd
    static_configs: [{{targets: ["127.0.0.1:{shepherd}"]}}]
"""
ASK = """
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(opener.open(sys.argv[1], timeout=10).read().decode())
"""


def provide_prometheus(progress: Progress) -> Path:
    """The folder with `prometheus` and `promtool`, from the cache or fetched (19 MB). They need the C library alone."""

    def build(draft: Path) -> Mapping[str, str]:
        tree = draft / "tree"
        tree.mkdir()
        with progress.step(f"Prometheus of Debian {SUITE}"):
            unpack(fetch(SUITE, draft / "apt", "prometheus", alone=True), tree)
        kept = {tree / "usr/bin" / name for name in ("prometheus", "promtool")}
        (draft / "bin").mkdir()
        for path in kept:
            path.rename(draft / "bin" / path.name)
        run(("rm", "-rf", str(tree), str(draft / "apt")), timeout_s=60)
        return {"suite": SUITE}

    return cache.provide("prometheus", cache.digest(_RECIPE, SUITE), build) / "bin"


class Ground(Protocol):
    """Where it runs."""

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs this one there."""


class Machine:
    """This machine."""

    def argv(self, argv: Sequence[str]) -> list[str]:
        """As it is."""
        return list(argv)


@dataclass(kw_only=True)
class Server:
    """One Prometheus with the shipped rules; `programs` and `folder` are paths where it runs."""

    ground: Ground
    programs: str
    folder: str
    port: int
    log: Path
    """Of its output, on this machine."""
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def files(self, shepherd_port: int, *, hasty: bool = False) -> Mapping[str, str]:
        """What has to lie in its folder, by name. `hasty`: no alert waits for longer than two seconds."""
        rules = RULES.read_text(encoding="utf-8")
        if hasty:
            rules = "\n".join(
                line.partition("for:")[0] + "for: 2s" if line.strip().startswith("for:") else line
                for line in rules.split("\n")
            )
        return {"prometheus.yml": CONFIG.format(folder=self.folder, shepherd=shepherd_port), "rules.yml": rules}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        argv = (
            f"{self.programs}/prometheus", f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
        )  # fmt: skip
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.ground.argv(argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            )  # fmt: skip
        eventually(self._answers, 60, 0.2, what=f"Prometheus answers ({self.log})")

    def stop(self) -> None:
        """Kill it. Idempotent."""
        if self._process is not None:
            kill_session(self._process)
            self._process = None

    def ask(self, path: str, **words: str) -> Any:  # noqa: ANN401
        """`data` of an answer of its API. Raises Unavailable."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(words)}"
        done = run(self.ground.argv(("/usr/bin/python3", "-IS", "-c", ASK, url)), timeout_s=30)
        if done.returncode != 0:
            raise Unavailable(f"{path}: {done.stderr.splitlines()[-1:]}")
        return json.loads(done.stdout)["data"]

    def value(self, expression: str) -> float | None:
        """Of the only series that an expression has now; None: it has none."""
        found = self.ask("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {one["labels"]["alertname"] for one in self.ask("alerts")["alerts"] if one["state"] == "firing"}

    def _answers(self) -> bool:
        with contextlib.suppress(Unavailable):
            return bool(self.ask("query", query="vector(1)"))
        return False
