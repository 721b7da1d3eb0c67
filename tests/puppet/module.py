"""The Puppet module under the name that Puppet knows it by, in a place of its own; and Puppet's tools."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.house import sources

FOLDER = sources.ROOT / "puppet"
LIMIT_S = 250
HOST = "p220.example.org"
CERTNAME = f"--certname={HOST}"


class Module:
    """A copy of the module below `place`, which Puppet's tools may write beside."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.path = place / "modules/shepherd"
        shutil.copytree(FOLDER, self.path, ignore=shutil.ignore_patterns("fixtures"))

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One of Puppet's tools, in the module's folder."""
        own = {"HOME": str(self._place), "PWD": str(self.path)}
        return subprocess.run(
            command, cwd=self.path, capture_output=True, text=True, check=False, timeout=LIMIT_S,
            stdin=subprocess.DEVNULL, env={**os.environ, **own, **environment},
        )  # fmt: skip

    def puppet(self, verb: str, *words: str, hiera: Mapping[str, object] | None = None, hierarchy: str = "") -> str:
        """What `puppet VERB` prints, with the module at hand and such data in Hiera. Fails the test if it fails."""
        places = [f"--{kind}={self._place / kind}" for kind in ("vardir", "confdir", "codedir")]
        config = self.path / hierarchy if hierarchy else self._hiera(hiera or {})
        modules = f"--modulepath={self.path.parent}"
        done = self.run("puppet", verb, *words, *places, modules, f"--hiera_config={config}", "--color=false")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def catalog(self, code: str, hiera: Mapping[str, object] | None = None, hierarchy: str = "") -> "Catalog":
        """The catalog of this code for a machine like this one. `hierarchy`: a file, instead of data."""
        site = self._place / "site.pp"
        site.write_text(code)
        compiled = ("catalog", "compile", HOST, f"--manifest={site}", "--render-as=json", CERTNAME)
        said = self.puppet(*compiled, hiera=hiera, hierarchy=hierarchy)
        return Catalog(json.loads(said[said.index("\n{") :]))

    def _hiera(self, data: Mapping[str, object]) -> Path:
        levels = [{"name": "site", "path": "data.json", "datadir": str(self._place), "data_hash": "json_data"}]
        (self._place / "data.json").write_text(json.dumps(data))
        config = self._place / "hiera.yaml"
        config.write_text(json.dumps({"version": 5, "hierarchy": levels}))
        return config


class Catalog:
    """What would be so on a machine."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._resources = {f"{one['type']}[{one['title']}]": one for one in members["resources"]}

    def titles(self, kind: str) -> list[str]:
        """Titles of all resources of a kind, in alphabetical order."""
        return sorted(one["title"] for one in self._resources.values() if one["type"] == kind)

    def sensitive(self, reference: str) -> list[str]:
        """Parameters of `Kind[title]` that no report shows."""
        return list(self._resources[reference].get("sensitive_parameters", []))

    def parameter(self, reference: str, name: str) -> Any:
        """A parameter of `Kind[title]`; None if it has none of that name."""
        return self._resources[reference].get("parameters", {}).get(name)
