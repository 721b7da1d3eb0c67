"""`shepherd check` put together: settings in, findings out. Names every edge that is looked through."""

import contextlib
import os
import pwd
import queue
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import shepherd
from shepherd.core.checkup.startd import duration_s
from shepherd.core.monitoring.permissions import missing
from shepherd.core.settings.daemon import watchdog_problems
from shepherd.core.settings.forms import Problem
from shepherd.core.settings.gateway import gateway_problems
from shepherd.edges.account import become, daemon_account, own_account
from shepherd.edges.arp import WayOutProbe
from shepherd.edges.clock import SystemClock
from shepherd.edges.file_look import FileLook
from shepherd.edges.htcondor.installed import bindings_version
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.htcondor.tool import Tools
from shepherd.edges.htcondor.witness import CondorOrders, CondorWitness
from shepherd.edges.icinga import Icinga
from shepherd.edges.icinga_http import verifying
from shepherd.edges.kernel.features import HostMachine
from shepherd.edges.listening import LocalListening
from shepherd.edges.netlink import Netlink
from shepherd.edges.netlink_routing import PolicyRouting
from shepherd.edges.nft import Nft
from shepherd.edges.registry import Registry
from shepherd.edges.services import NetworkServices
from shepherd.edges.settings_file import read_gateway_settings, read_settings
from shepherd.edges.signing import PageVerifier, id_of_file
from shepherd.edges.sysctl import ProcSys
from shepherd.edges.systemd_units import Units
from shepherd.edges.writer_lock import writer_pid
from shepherd.errors import CommandFailed, ShepherdError, Unavailable
from shepherd.model.finding import Finding, Role
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings
from shepherd.programs import guard
from shepherd.programs.checkup import central, gateway, node
from shepherd.programs.checkup.look import Round
from shepherd.programs.gateway.gateway import Gateway
from shepherd.programs.gateway_wiring import page_problem_of
from shepherd.programs.node_wiring import checks_of, docker_of, network_of, settings_in
from shepherd.programs.wiring import commanding_problems, home_worker, pool_of

T = TypeVar("T")
SHIPPED_WATCHDOG_S = 120.0
"""WatchdogSec of our shepherd.service."""
QUERY_S = 15.0
"""Deadline of one question to a collector, and of one tool."""
NFT_S = 20.0
"""Deadline of one call of nft."""
REGISTRY_S = 10.0
"""Deadline of one request to the registry."""
SITES_AUTHORITY = "/etc/docker/certs.d/{}/ca.crt"
"""Where dockerd finds who vouches for a registry."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """One role of this machine, with its settings read."""

    role: Role
    settings: Path
    findings: Callable[[], Iterator[Finding]]
    """Looks now. The central manager's gives up root's rights on the way, for good: it comes last."""


class Machine(HostMachine, Units):
    """`ports_checkup.Machine`."""


def examination(role: Role, path: Path) -> Examination:
    """Read the settings of a role. Raises SettingsError."""
    match role:
        case Role.CENTRAL:
            daemon = read_settings(path, commanding_problems)
            return Examination(role=role, settings=path, findings=lambda: of_central(daemon))
        case Role.NODE:
            host = settings_in(path)
            return Examination(role=role, settings=path, findings=lambda: of_node(host))
        case Role.GATEWAY:
            router = read_gateway_settings(path, gateway_problems)
            return Examination(role=role, settings=path, findings=lambda: of_gateway(router))


def starting_problems(settings: Settings, machine: Units) -> list[tuple[str, str, str]]:
    """Everything wrong with settings that a daemon started by the unit of this machine, or by ours, would refuse, but
    for secrets, which may come later."""
    watchdog_s: float | None = SHIPPED_WATCHDOG_S
    with contextlib.suppress(ShepherdError):
        unit = machine.unit(central.UNIT, ("LoadState", "WatchdogUSec"))
        if unit is not None and unit.properties.get("LoadState") == "loaded":
            watchdog_s = duration_s(unit.properties.get("WatchdogUSec", "")) or None
    problems = [*commanding_problems(settings), *watchdog_problems(settings, watchdog_s)]
    try:
        if settings.icinga.url:
            verifying(settings.icinga.ca_file)
    except CommandFailed as exc:
        problems.append(Problem("icinga.ca_file", str(exc), "name a file that the daemon's user can read"))
    return problems


def of_central(settings: Settings) -> Iterator[Finding]:
    """The central manager's findings."""
    daemon = account_of(Path(settings.paths.state), Machine())
    with contextlib.ExitStack() as stack:
        world = central_world(settings, stack)
        may_become = daemon is not None and daemon.pw_uid != os.geteuid() == 0
        account = central.Account(
            now=daemon.pw_name if daemon is not None and may_become else own_account(),
            daemon=daemon.pw_name if daemon else "",
            uid=daemon.pw_uid if daemon else os.geteuid(),
            home=daemon.pw_dir if daemon else str(Path.home()),
            may_look=os.geteuid() == 0,
        )
        check, ask = central.Central(settings, world, account, shepherd.__version__), Round(in_time).ask
        yield from ask(check.before())
        if daemon is not None and may_become:
            become(daemon)
        yield from ask(check.questions())


def account_of(state: Path, machine: Units) -> "pwd.struct_passwd | None":
    """Whom the daemon runs as, or would."""
    pid, user = None, ""
    with contextlib.suppress(ShepherdError):
        pid = writer_pid(state / "ledger")
    with contextlib.suppress(ShepherdError):
        unit = machine.unit(central.UNIT, ("LoadState", "User"))
        if unit is not None and unit.properties.get("LoadState") == "loaded":
            user = unit.properties.get("User") or "root"
    return daemon_account(state, pid or None, user)


def central_world(settings: Settings, stack: contextlib.ExitStack) -> central.World:
    """What the central manager is looked at through; `stack` ends what it costs. The monitoring is asked as root, if we
    are."""
    pool = pool_of(settings, home_worker(settings))
    home, flock = (
        CondorWitness(worker(address, settings.paths.condor_config, f"{name} collector", f"{name}.collector"), QUERY_S)
        for name, address in (("home", settings.home.collector), ("flock", settings.flock.collector))
    )
    for one in (pool, home, flock):
        stack.callback(one.close)
    tools = Tools(condor_config=settings.paths.condor_config, directory=settings.paths.tools)
    daemon = daemon_account(Path(settings.paths.state))
    monitoring = SitesMonitoring(settings.icinga, daemon.pw_uid if daemon else None)
    stack.callback(monitoring.close)
    return central.World(
        clock=SystemClock(),
        pool=pool,
        home=home,
        flock=flock,
        orders=CondorOrders(tools, QUERY_S),
        files=FileLook(),
        machine=Machine(),
        services=NetworkServices(),
        listening=LocalListening(),
        bindings=bindings_version,
        key_id=lambda path: id_of_file(Path(path)),
        daemon_pid=lambda state: writer_pid(Path(state) / "ledger"),
        monitoring=monitoring if settings.icinga.url else None,
    )


def of_node(settings: NodeSettings) -> Iterator[Finding]:
    """A host's findings."""
    with contextlib.ExitStack() as stack:
        check = node.Node(settings=settings, world=node_world(settings, stack), guard_source=str(guard.__file__))
        yield from Round(in_time).ask(check.questions())


def node_world(settings: NodeSettings, stack: contextlib.ExitStack) -> node.World:
    """What a host is looked at through; `stack` ends what it costs."""
    places = (("home", settings.collector, "collector"), ("flock", settings.flock_pool, "flock_pool"))
    home, flock = (
        CondorWitness(worker(address, settings.condor_config, f"{name} collector", key), QUERY_S)
        for name, address, key in places
    )
    for one in (home, flock):
        stack.callback(one.close)
    return node.World(
        clock=SystemClock(),
        home=home,
        flock=flock,
        files=FileLook(),
        machine=Machine(),
        services=NetworkServices(),
        way_out=WayOutProbe(),
        images=SiteRegistry(settings) if settings.registry else None,
        engine=docker_of(settings),
        network=network_of(settings),
        checks=checks_of(settings),
        bindings=bindings_version,
        trusted_keys=lambda: sorted(PageVerifier.from_files([Path(file) for file in settings.trusted_keys]).key_ids),
        is_root=os.geteuid() == 0,
    )


def of_gateway(settings: GatewaySettings) -> Iterator[Finding]:
    """The gateway's findings."""
    world = gateway.World(
        links=Netlink(),
        program=Gateway(settings, Nft(NFT_S), PolicyRouting(), ProcSys(), lambda *_, **__: None),
        files=FileLook(),
        machine=Machine(),
        services=NetworkServices(),
        page_problem=lambda: page_problem_of(settings),
        cuts_connections=shutil.which("conntrack", path="/usr/sbin:/sbin:/usr/bin:/bin") is not None,
    )
    yield from Round(in_time).ask(gateway.GatewayCheck(settings=settings, world=world).questions())


class SitesMonitoring:
    """`ports_checkup.MonitoringAccount`: the ApiUser that the daemon is."""

    def __init__(self, icinga: IcingaSettings, owner: int | None = None) -> None:
        """`owner`: the daemon's account, whose the password may be."""
        self._settings, self._owner = icinga, owner
        self._icinga: Icinga | None = None

    @property
    def address(self) -> str:
        """See the port."""
        return f"{self._settings.url} (user {self._settings.user})"

    def lacking(self) -> Sequence[str]:
        """See the port. What cannot be read is told by the question, not before."""
        return missing(self._asked().permissions(), self._settings)

    def unseen(self, checks: Sequence[str]) -> Sequence[str]:
        """See the port."""
        icinga = self._asked()
        return [check for check in checks if not icinga.has(check)]

    def close(self) -> None:
        """End the connection. Idempotent."""
        if self._icinga is not None:
            self._icinga.close()

    def _asked(self) -> Icinga:
        """Made once: the password is root's to read, and root's rights are given up on the way."""
        self._icinga = self._icinga or Icinga(self._settings, self._owner)
        return self._icinga


class SiteRegistry:
    """`ports_checkup.ImageStore`, asked as dockerd asks it."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings

    def lacks(self, images: Sequence[str]) -> str:
        """See the port."""
        settings = self._settings
        authority = Path(SITES_AUTHORITY.format(settings.registry.partition("/")[0]))
        registry = Registry(
            settings.registry,
            login=Path(settings.registry_login) if settings.registry_login else None,
            authority=authority if authority.is_file() else None,
            timeout_s=REGISTRY_S,
        )
        return registry.lacks(images)


def worker(collector: str, config: str, name: str, setting: str) -> WorkerProcess:
    """Somebody who asks a collector."""
    return WorkerProcess(collector=collector, condor_config=config, name=name, setting=setting)


def in_time(work: Callable[[], T], within_s: float) -> T:
    """`ports_checkup.InTime`, by a thread that no exit waits for."""
    answers: queue.Queue[tuple[T | None, Exception | None]] = queue.Queue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except Exception as exc:  # noqa: BLE001 - raised again by whoever waits
            answers.put((None, exc))

    threading.Thread(target=run, daemon=True).start()
    try:
        answer, trouble = answers.get(timeout=within_s)
    except queue.Empty as exc:
        raise Unavailable(f"no answer within {within_s:g} s") from exc
    if trouble is not None:
        raise trouble
    return answer  # type: ignore[return-value]  # without trouble it is one
