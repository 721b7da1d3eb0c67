"""A real Icinga2 on the central manager of a real site, and what its own API says."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shepherd.errors import Unavailable
from shepherd.lab.addresses import CM_PRIVATE
from shepherd.lab.command import kill_session
from shepherd.lab.eventually import eventually
from shepherd.lab.icinga import ADMIN_PASSWORD, PASSWORD, Instance, defined, enter
from shepherd.lab.icinga_tree import NEW, provide_icinga
from shepherd.lab.node import Node
from shepherd.lab.progress import Progress
from shepherd.lab.settings import Table
from shepherd.lab.site import Site

PORT = 5665
URL = f"https://cm:{PORT}"
HEART = "cm!flocking-shepherd"
TREE, HOME = "/opt/icinga/tree", "/opt/icinga/home"
CA, PASSWORD_FILE = "/etc/shepherd/icinga-ca.crt", "/etc/shepherd/secrets/icinga-password"
NEEDED = ("etc", "proc", "dev", "tmp", "instance", "lib", "lib64", "usr/lib", "usr/lib64", "usr/share/icinga2")
"""Of the tree; documentation and Perl stay away."""
SETTINGS: Table = {
    "url": URL, "ca_file": CA, "password_file": PASSWORD_FILE, "regular": ["{host}!startd"],
    "flock": ["{flock}!startd"], "heartbeat": HEART, "heartbeat_ttl_s": 10.0, "lend_waits_s": 8.0, "request_s": 2.0,
}  # fmt: skip
ASK = """
import json, ssl, sys, urllib.request
told = json.load(sys.stdin)
context = ssl.create_default_context(cafile=told["ca"])
context.verify_flags &= ~ssl.VERIFY_X509_STRICT
keys = urllib.request.HTTPPasswordMgrWithPriorAuth()
keys.add_password(None, told["url"], "admin", told["password"], is_authenticated=True)
opener = urllib.request.build_opener(
    urllib.request.HTTPBasicAuthHandler(keys), urllib.request.HTTPSHandler(context=context))
asked = urllib.request.Request(told["url"] + told["path"], headers={"Accept": "application/json"})
print(opener.open(asked, timeout=10).read().decode())
"""


class SiteIcinga:
    """Icinga2 in the central manager's node; its checks are of all hosts."""

    def __init__(self, site: Site) -> None:
        self.cm: Node = site.cm
        self._pairs = [(f"{names.regular}", f"{names.flocking}") for names in site.names]
        self._process: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Tree, certificates, configuration; the shepherd's password and authority."""
        with tempfile.TemporaryDirectory() as folder:
            tree = provide_icinga(NEW, Progress())
            instance = Instance(
                tree=tree, home=Path(folder), port=PORT, address=CM_PRIVATE, name="cm", pairs=self._pairs
            )
            instance.prepare()
            authority = instance.authority.read_text()
            self._copy(tree, TREE, *(name for name in NEEDED if (tree / name).exists()))
            self._copy(Path(folder), HOME, ".")
        self.cm.write(CA, authority)
        self.cm.write(PASSWORD_FILE, PASSWORD + "\n", 0o600, "shepherd")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        argv = (*enter(TREE, HOME, "daemon", "-c", "/instance/etc/icinga2.conf"), *defined("cm"))
        self._process = self.cm.spawn(argv, out=self.cm.home / "icinga.log")
        eventually(self.answers, 60, 0.2, what=f"Icinga answers ({self.cm.home / 'icinga.log'})")

    def stop(self) -> None:
        """Kill it. Idempotent."""
        if self._process is not None:
            kill_session(self._process)
            self._process = None
        for pid in self.cm.pids("^/usr/lib/x86_64-linux-gnu/icinga2"):
            subprocess.run(("kill", "-9", str(pid)), check=False)

    def answers(self) -> bool:
        """Its API is up."""
        try:
            return bool(self.ask("/v1/status/IcingaApplication"))
        except Unavailable:
            return False

    def ask(self, path: str) -> list[dict[str, Any]]:
        """Results of a question as an administrator. Raises Unavailable."""
        told = {"url": URL, "path": path, "ca": CA, "password": ADMIN_PASSWORD}
        done = self.cm.run(("/usr/bin/python3", "-IS", "-c", ASK), given=json.dumps(told))
        if done.returncode != 0:
            raise Unavailable(f"{path}: {done.stderr.splitlines()[-1:]}")
        results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
        return results

    def silent(self) -> set[str]:
        """Startds' checks that nobody is told of."""
        services = [one["attrs"] for one in self.ask("/v1/objects/services")]
        startds = [one for one in services if one["name"] == "startd"]
        return {one["__name"] for one in startds if one["downtime_depth"] > 0 or not one["enable_active_checks"]}

    def downtimes(self, check: str) -> list[dict[str, Any]]:
        """Those of one check."""
        found = [one["attrs"] for one in self.ask("/v1/objects/downtimes")]
        return [one for one in found if f"{one['host_name']}!{one['service_name']}" == check]

    def heart(self) -> Mapping[str, Any]:
        """The check of the sign of life."""
        found: Mapping[str, Any] = self.ask(f"/v1/objects/services/{quote(HEART, safe='')}")[0]["attrs"]
        return found

    def _copy(self, source: Path, target: str, *names: str) -> None:
        self.cm.must(("mkdir", "-p", target))
        packed = subprocess.Popen(("tar", "-C", str(source), "-cf", "-", *names), stdout=subprocess.PIPE)
        into = self.cm.argv(("tar", "-C", target, "-xf", "-"))
        subprocess.run(into, stdin=packed.stdout, check=True, timeout=120)
        assert packed.stdout is not None
        packed.stdout.close()
        assert packed.wait(10) == 0
