"""A real Icinga2 of the lab: its certificates, its configuration with the shipped file in it, and its own API.

It runs on the machine's loopback, or in a node, from a tree of its own (`icinga_tree`).
"""

import contextlib
import json
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shepherd.errors import Unavailable
from shepherd.lab.command import kill_session, must
from shepherd.lab.devices import devices_in
from shepherd.lab.eventually import eventually
from shepherd.lab.icinga_tree import BINARY
from shepherd.lab.node import SOURCE
from shepherd.model.icinga_settings import IcingaSettings

SHIPPED = SOURCE / "puppet/files/icinga"
PASSWORD, ADMIN_PASSWORD = "of-the-shepherd-alone", "of-the-administrator-alone"
ENTER = f"""
mount --make-rprivate /
mount --bind "$1" "$0/instance"
{devices_in("$0")}
mount -t proc proc "$0/proc"
tree=$0
shift
exec chroot "$tree" "$@"
"""
"""In a mount namespace of its own: the instance's folder becomes /instance of the tree."""
FOLDERS = {
    "DataDir": "/instance/data", "ConfigDir": "/instance/etc", "CacheDir": "/instance/cache", "LogDir": "/instance/log",
    "InitRunDir": "/instance/run", "SpoolDir": "/instance/spool",
}  # fmt: skip
CONFIG = """
const NodeName = "{name}"
const ZoneName = "{name}"
const TicketSalt = ""
const ShepherdPassword = "{password}"
include <itl>
object Endpoint NodeName {{ }}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{ }}
object ApiListener "api" {{
  bind_host = "{address}"
  bind_port = {port}
}}
object ApiUser "admin" {{
  password = "{admin}"
  permissions = [ "*" ]
}}
include "/instance/etc/shepherd.conf"
include "/instance/etc/shepherd-templates.conf"
include "/instance/etc/shepherd-disable-checks.conf"
{objects}
"""
HOST = """
object Host "{host}" {{
  {template}
  check_command = "dummy"
  vars.flocking_shepherd = {is_cm}
}}
"""
CHECK = """
object Service "{service}" {{
  import "{template}"
  host_name = "{host}"
  check_command = "dummy"
  check_interval = 2s
  retry_interval = 2s
}}
"""


@dataclass(kw_only=True)
class Instance:
    """One Icinga. `home` is its folder on the machine; times are seconds."""

    tree: Path
    home: Path
    port: int
    address: str = "127.0.0.1"
    name: str = "localhost"
    """What its certificate says."""
    pairs: Sequence[tuple[str, str]] = ()
    """Regular and flocking names of the hosts that it checks: `p201!startd` and `f201!startd`."""
    heart: str = "cm"
    """Host of the sign of life's check."""
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    # -- life ---------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Folders, certificates, configuration."""
        for folder in ("data/certs", "data/ca", "etc", "cache", "log", "run", "spool"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self._certify()
        for name in ("shepherd.conf", "shepherd-templates.conf", "shepherd-disable-checks.conf"):
            (self.home / "etc" / name).write_text((SHIPPED / name).read_text())
        self.configure()

    def configure(self, *extra: str) -> None:
        """Write the configuration; `extra` are further objects."""
        text = CONFIG.format(
            name=self.name, address=self.address, port=self.port, password=PASSWORD, admin=ADMIN_PASSWORD,
            objects="\n".join([*objects(self.pairs, self.heart), *extra]),
        )  # fmt: skip
        (self.home / "etc/icinga2.conf").write_text(text)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.home / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.argv("daemon", "-c", "/instance/etc/icinga2.conf"), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        eventually(self.answers, 60, 0.1, what=f"Icinga answers ({self.home / 'daemon.log'})")

    def stop(self) -> None:
        """Kill it. Idempotent."""
        if self._process is not None:
            kill_session(self._process)
            self._process = None

    @property
    def pid(self) -> int:
        """Its first process, the leader of the session of all of them."""
        return self._process.pid if self._process else 0

    def argv(self, *words: str) -> list[str]:
        """The command line of Icinga's program, in its tree."""
        return enter(self.tree, self.home, *words, *defined(self.name))

    # -- its own API --------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"https://{self.name}:{self.port}"

    @property
    def authority(self) -> Path:
        """The authority that signed its certificate."""
        return self.home / "data/certs/ca.crt"

    def ask(self, path: str, body: Mapping[str, object] | None = None, user: str = "admin") -> list[dict[str, Any]]:
        """Results of a request, as an administrator. Raises Unavailable."""
        password = ADMIN_PASSWORD if user == "admin" else PASSWORD
        told = urllib.request.Request(  # noqa: S310 - https
            f"{self.url}/v1{path}", data=None if body is None else json.dumps(body).encode(),
            headers={"Accept": "application/json"}, method="GET" if body is None else "POST",
        )  # fmt: skip
        keys = urllib.request.HTTPPasswordMgrWithPriorAuth()
        keys.add_password(None, self.url, user, password, is_authenticated=True)
        context = ssl.create_default_context(cafile=str(self.authority))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        opener = urllib.request.build_opener(
            urllib.request.HTTPBasicAuthHandler(keys), urllib.request.HTTPSHandler(context=context),
            urllib.request.ProxyHandler({}),
        )  # fmt: skip
        try:
            with opener.open(told, timeout=10) as answer:
                results: list[dict[str, Any]] = json.load(answer)["results"]
        except (OSError, ValueError) as exc:
            raise Unavailable(f"{path}: {exc}") from exc
        return results

    def answers(self) -> bool:
        """Whether its API is up."""
        with contextlib.suppress(Unavailable):
            return bool(self.ask("/status/IcingaApplication"))
        return False

    def check(self, name: str) -> Mapping[str, Any]:
        """A check's attributes."""
        found: Mapping[str, Any] = self.ask(path(name))[0]["attrs"]
        return found

    def is_silent(self, name: str) -> bool:
        """Nobody is told of it: a downtime is in effect, or active checks are off."""
        told = self.check(name)
        return bool(told["downtime_depth"] > 0 or not told["enable_active_checks"])

    def downtimes(self) -> list[dict[str, Any]]:
        """All, of everybody."""
        return [one["attrs"] for one in self.ask("/objects/downtimes")]

    def _certify(self) -> None:
        """An authority of its own, by Icinga's own tool."""
        certs = "/instance/data/certs"
        files = {kind: f"{certs}/{self.name}.{kind}" for kind in ("key", "csr", "crt")}
        self._tool("pki", "new-ca")
        self._tool("pki", "new-cert", "--cn", self.name, "--key", files["key"], "--csr", files["csr"])
        self._tool("pki", "sign-csr", "--csr", files["csr"], "--cert", files["crt"])
        must(("cp", str(self.home / "data/ca/ca.crt"), str(self.authority)))

    def _tool(self, *words: str) -> None:
        must(self.argv(*words), timeout_s=60)


def enter(tree: Path | str, home: Path | str, *words: str) -> list[str]:
    """The command line that runs Icinga's program with these words: in its tree, its folder at /instance."""
    return ["unshare", "--mount", "sh", "-ec", ENTER, str(tree), str(home), BINARY, *words]


def defined(name: str) -> Iterable[str]:
    """Everything in its own folder, nothing as another user."""
    said = {**FOLDERS, "RunAsUser": "root", "RunAsGroup": "root", "NodeName": name}
    return [f"-D{key}={value}" for key, value in said.items()]


def path(check: str) -> str:
    """Where the API has it."""
    return f"/objects/{'services' if '!' in check else 'hosts'}/{quote(check, safe='')}"


def objects(pairs: Sequence[tuple[str, str]], heart: str) -> list[str]:
    """Hosts and checks, as a site's administrator would write them around the shipped templates."""
    told = [HOST.format(host=heart, is_cm="true", template="")]
    for pair in pairs:
        for name, herd in zip(pair, ("regular", "flocking"), strict=True):
            template = f"shepherd-{herd}-startd"
            told.append(HOST.format(host=name, is_cm="false", template=f'import "{template}"'))
            told.append(CHECK.format(service="startd", host=name, template=template))
    return told


def settings_for(instance: Instance, password_file: Path, **changes: Any) -> IcingaSettings:  # noqa: ANN401
    """A shepherd's settings for it; writes the password's file."""
    password_file.write_text(PASSWORD + "\n")
    password_file.chmod(0o600)
    told: dict[str, Any] = {
        "url": instance.url, "password_file": str(password_file), "ca_file": str(instance.authority),
        "flock": ("{flock}!startd",), "heartbeat": f"{instance.heart}!flocking-shepherd", **changes,
    }  # fmt: skip
    return IcingaSettings(**told)
