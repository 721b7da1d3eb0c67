"""A healthy central manager, host and gateway made of plain values, to break one thing at a time."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from shepherd.errors import CommandFailed, PoolUnavailable, Unavailable
from shepherd.model.checkup import (
    AppArmorSeen,
    Authority,
    CgroupsSeen,
    CollectorSeen,
    FileSeen,
    QueueSeen,
    Tracking,
    UnitSeen,
)
from shepherd.model.container import EngineFacts
from shepherd.model.finding import Finding
from shepherd.model.network import LinkSeen
from shepherd.model.observation import KeeperReport, RegularStartd
from shepherd.model.settings import PolicySettings
from shepherd.programs.checkup import central, gateway, node
from shepherd.programs.checkup.look import Question, Round
from tests.core import sound_settings
from tests.core.checkup.seen import NOW_S, authority, collector, directory, file, keeper, token
from tests.gateway.kernel import GATEWAY
from tests.programs.checkup_listeners import Listeners
from tests.programs.checkup_monitoring import Monitoring

T = TypeVar("T")
TOKENS = "/etc/shepherd/tokens.d"
FLOCK_TOKEN = "/etc/shepherd/flock-token"
SETTINGS = sound_settings.daemon(home={"collector": "cm:9618"}, trace={"logger": "tls:log:6514"})
NODE = sound_settings.node(flock_pool="cm:9619", registry="registry:5000/flock", memory_mib=8000)
ROUTER = dataclasses.replace(
    GATEWAY, connections=10, pool_connections=10, pool="home", trusted_keys=("/etc/shepherd/keys/lease.pub",)
)
STARTD = RegularStartd(
    cpus=4, memory_mib=1024, gpus=0, claimed_slots=0, draining=False, drained=False, drain_reason="",
    started_at_s=NOW_S, heard_at_s=NOW_S,
)  # fmt: skip
FACTS = EngineFacts(
    version=(28, 5), root_uid=100000, root_gid=100000, seccomp=True, storage="overlay2", live_restore=True
)
TRACKED = Tracking(most=1 << 20, now=1)
ACCOUNT = central.Account(now="shepherd", daemon="shepherd", uid=990, home="/var/lib/shepherd")


def at_once(work: Callable[[], T], within_s: float) -> T:
    """Nothing takes any time here."""
    assert within_s > 0
    return work()


def asked(questions: Iterable[Question]) -> list[Finding]:
    return list(Round(at_once).ask(questions))


class Clock:
    def wall_s(self) -> float:
        return NOW_S

    def steady_s(self) -> float:
        return NOW_S


@dataclasses.dataclass
class Collector:
    """A collector that answers, unless `trouble` says why not."""

    seen: CollectorSeen = dataclasses.field(default_factory=collector)
    rights: Authority = dataclasses.field(default_factory=lambda: authority("READ", "DAEMON", "ADMINISTRATOR"))
    known: dict[str, str] = dataclasses.field(default_factory=lambda: {"submit": "condor@home"})
    negotiator: int = 1
    keepers: dict[str, KeeperReport] = dataclasses.field(default_factory=lambda: {"p220": keeper()})
    keys: tuple[str, ...] = ("0a1b",)
    unread: dict[str, QueueSeen | None] = dataclasses.field(default_factory=dict)
    """Schedds that do not tell what their idle jobs ask for; None: one that hangs."""
    configured: dict[str, str] = dataclasses.field(default_factory=lambda: {
        "SEC_TOKEN_DIRECTORY": TOKENS, "STARTD": node.GUARD, "MASTER_STARTD_BACKOFF_CONSTANT": "4",
        "MASTER_STARTD_BACKOFF_FACTOR": "1.0", "SHEPHERD_SPOOL_LOG": "/var/lib/shepherd-node/spool/segment",
    })  # fmt: skip
    trouble: Exception | None = None

    def _answer(self, value: T) -> T:
        if self.trouble:
            raise self.trouble
        return value

    def about(self) -> CollectorSeen:
        return self._answer(self.seen)

    def authority(self, rights: Sequence[str], token: str = "") -> Authority:
        assert token.count(".") in {0, 2}
        granted = self.rights.granted & frozenset(rights)
        return self._answer(dataclasses.replace(self.rights, granted=granted))

    def schedds(self) -> Mapping[str, str]:
        return self._answer(self.known)

    def queue(self, schedd: str, identities: Sequence[str]) -> QueueSeen:
        assert self.known[schedd] in identities
        if (seen := self.unread.get(schedd, QueueSeen())) is None:
            raise PoolUnavailable("home collector: no answer to 'queue_problem' in time; worker killed")
        return self._answer(seen)

    def negotiators(self) -> int:
        return self._answer(self.negotiator)

    def keeper(self, host: str) -> KeeperReport | None:
        return self._answer(self.keepers.get(host))

    def page_keys(self, host: str) -> Sequence[str]:
        assert host in {"", "p220"}
        return self._answer(self.keys)

    def slot(self, machine: str) -> str:
        return self._answer(f"slot1@{machine}")

    def parameters(self, names: Sequence[str]) -> Mapping[str, str]:
        return {name: self.configured[name] for name in names if name in self.configured}

    def close(self) -> None:
        """Costs nothing."""


@dataclasses.dataclass
class Place:
    """Files, HTCondor's tools, the kernel and the network."""

    files: dict[str, FileSeen] = dataclasses.field(default_factory=lambda: {
        "/var/lib/shepherd": directory(), "/var/lib/shepherd/intents": directory(0o2770),
        "/etc/shepherd/keys/lease.key": file(), f"{TOKENS}/home": file(), f"{TOKENS}/root": file(uid=0),
        FLOCK_TOKEN: file(uid=0), "/run/shepherd": directory(0o700, 0), node.GUARD: file(0o755, 0, digest="g"),
        "/src/guard.py": file(0o644, 0, digest="g"), "/tmp": directory(0o1777, 0),
        "/var/lib/shepherd-node/spool": dataclasses.replace(directory(0o750, 0), group="condor"),
    })  # fmt: skip
    texts: dict[str, str] = dataclasses.field(default_factory=lambda: {
        f"{TOKENS}/home": token(), f"{TOKENS}/root": token("p220@home.lab"), FLOCK_TOKEN: token("f220@flock.lab"),
    })  # fmt: skip
    ordered: list[str] = dataclasses.field(default_factory=list)
    """Slots whose startds were tried."""
    kept: tuple[str, ...] = ()
    """What may not even be looked at."""
    listed: tuple[str, ...] = ("home",)
    refused_orders: str = ""
    tools: tuple[int, ...] = (25, 14, 1)
    facts: EngineFacts = FACTS
    image: str = ""
    lacking: str = ""
    network: str = ""
    gateway_mac: str = "02:00:00:00:00:01"
    silent: str = ""
    keeper_pid: int | None = 7
    startd_pids: tuple[int, ...] = (11,)
    landlock_version: int = 7
    swap: int = 0
    links: tuple[LinkSeen, ...] = (
        LinkSeen(name="em1.2512", networks=("10.27.0.1/16",)),
        LinkSeen(name="em1", networks=("10.1.0.1/16",)),
        LinkSeen(name="em2", networks=("198.51.100.7/24",)),
    )
    drifted: tuple[str, ...] = ()
    page_problem: str = ""
    cuts_connections: bool = True
    units: dict[str, dict[str, str]] = dataclasses.field(default_factory=lambda: {
        "condor.service": {"Restart": "on-failure", "RestartUSec": "5s"},
    })  # fmt: skip
    given: tuple[str, ...] = ()
    """What systemd gives the daemon copies of."""
    tracked: Tracking | None = TRACKED
    closed: dict[str, str] = dataclasses.field(default_factory=dict)
    """Places that do not answer, and why."""
    starts_at_boot: tuple[str, ...] = ()
    same_tmp: bool | None = True
    programs: tuple[int, ...] = (9,)
    recorders: tuple[int, ...] = (10,)
    daemon: int | None = 8
    dockerd_up: bool = True
    startds: tuple[str, ...] = ("p220",)
    draining: tuple[str, ...] = ()
    without_startd: tuple[str, ...] = ()
    """Machines with a master and no startd: among them hosts that are lent."""
    lent: tuple[str, ...] = ("f220",)
    reports: dict[str, KeeperReport] = dataclasses.field(default_factory=lambda: {"p220": keeper()})

    # -- ports_checkup.Files, Orders, Services, ImageStore, WayOut ----------------------------------------------------

    def seen(self, path: str = "", *, digest: bool = False) -> Any:
        assert not digest or path in {node.GUARD, "/src/guard.py"}
        if path in self.kept:
            raise CommandFailed(f"{path} cannot be looked at: Permission denied")
        return self.files.get(path) if path else self.links

    def names(self, path: str) -> Sequence[str]:
        assert path == TOKENS
        return self.listed

    def text(self, path: str) -> str:
        return self.texts.get(path, "")

    def room(self, _path: str) -> int:
        return 10 << 30

    def version(self) -> tuple[tuple[int, ...], str]:
        return self.tools, "nothing"

    def problem(self, slot: str = "", pool: str = "") -> str:
        assert slot.startswith("slot1@") or not pool
        self.ordered.append(slot)
        return self.refused_orders if slot else self.network

    def tcp_problem(self, place: str) -> str:
        return self.closed.get(place, "")

    dns_problem = tcp_problem

    def name_problem(self, name: str) -> tuple[str, float]:
        return self.closed.get(name or "own name", ""), 0.0

    def lacks(self, _images: Sequence[str]) -> str:
        return self.lacking

    def answerer(self, _interface: str, _address: str, _mac: str, _own: str) -> str:
        return self.gateway_mac

    # -- ports_checkup.Machine ---------------------------------------------------------------------------------------

    def kernel(self) -> tuple[int, ...]:
        return (6, 12, 3)

    def user_namespaces(self) -> int:
        return 15000

    def filters_calls(self) -> bool:
        return True

    def landlock(self) -> int:
        return self.landlock_version

    def apparmor(self) -> AppArmorSeen:
        return AppArmorSeen(is_on=False, profiles=None)

    def cgroups(self) -> CgroupsSeen:
        return CgroupsSeen(version=2, controllers=frozenset({"memory", "pids", "cpu"}))

    def links_problem(self, *, vlan: bool) -> str:
        return "a VLAN was asked for, and no link is named" if vlan else ""

    def memory_mib(self) -> int:
        return 16000

    def swap_mib(self) -> int:
        return self.swap

    def may_change_network(self) -> bool:
        return True

    def nft(self) -> tuple[tuple[int, ...], str]:
        return (1, 0, 6), ""

    def tracking(self) -> Tracking | None:
        return self.tracked

    def running(self, words: Sequence[str]) -> Sequence[int]:
        assert words in {("gateway", "run"), ("gateway", "record")}
        return self.programs if words[1] == "run" else self.recorders

    def holder(self, lock: str) -> int | None:
        return {"/run/shepherd/keeper.lock": self.keeper_pid, "/run/shepherd/share/host.lock": 11}[lock]

    def running_startds(self) -> Sequence[int]:
        return self.startd_pids

    def sees_same(self, pid: int, directory: str) -> bool | None:
        assert (pid, directory) == (8, "/tmp")
        return self.same_tmp

    def unit(self, name: str, _properties: Sequence[str]) -> UnitSeen:
        return UnitSeen(properties=self.units[name])

    def credentials(self, unit: str) -> Sequence[str]:
        assert unit == "shepherd.service"
        return self.given

    def enabled(self, unit: str) -> bool:
        return unit in self.starts_at_boot

    # -- others -------------------------------------------------------------------------------------------------------

    def engine_facts(self) -> EngineFacts:
        if not self.dockerd_up:
            raise Unavailable("dockerd does not answer")
        return self.facts

    def image_problem(self, _images: frozenset[str]) -> str:
        return self.image

    def silent_targets(self) -> str:
        return self.silent

    def drift(self) -> Sequence[str]:
        return self.drifted

    def regular_startds(self, _hosts: object) -> Mapping[str, object]:
        return {name: dataclasses.replace(STARTD, draining=name in self.draining) for name in self.startds}

    def regular_masters(self, _hosts: object) -> Mapping[str, object]:
        return dict.fromkeys(("cm", *self.startds, *self.without_startd))

    def flock_startds(self, _hosts: object) -> Mapping[str, object]:
        return dict.fromkeys(self.lent)

    def all_keepers(self, _hosts: object) -> Mapping[str, KeeperReport]:
        return self.reports


class Pool:
    """`ports.Pool`, as far as it is asked."""

    def __init__(self, place: Place) -> None:
        self.regular_masters = place.regular_masters
        self.regular_startds, self.flock_startds = place.regular_startds, place.flock_startds
        self.keepers = place.all_keepers


class Engine:
    """`ports_node.Engine`, as far as it is asked."""

    def __init__(self, place: Place) -> None:
        self.facts, self.image_problem = place.engine_facts, place.image_problem


@dataclasses.dataclass
class Site:
    """All of it. `bindings`: what asking for HTCondor's bindings gives; a raised error says they are missing."""

    place: Place = dataclasses.field(default_factory=Place)
    home: Collector = dataclasses.field(default_factory=Collector)
    flock: Collector = dataclasses.field(
        default_factory=lambda: Collector(rights=authority("READ", "ADMINISTRATOR", domain="flock.lab"))
    )
    missing: Exception | None = None
    lacking: tuple[str, ...] | None = None
    """Permissions in the monitoring; None: there is no monitoring."""
    hidden: tuple[str, ...] = ()
    """Checks that it does not show us."""
    account: central.Account = ACCOUNT
    listeners: Listeners = dataclasses.field(default_factory=Listeners)
    policy: PolicySettings = dataclasses.field(default_factory=PolicySettings)

    def bindings(self) -> tuple[int, ...]:
        if self.missing:
            raise self.missing
        return (25, 14, 1)

    def central(self) -> list[Finding]:
        place: Any = self.place
        world = central.World(
            clock=Clock(), pool=Pool(place), home=self.home, flock=self.flock, orders=place, files=place,  # type: ignore[arg-type]
            machine=place, services=place, bindings=self.bindings, key_id=lambda _: "0a1b",
            daemon_pid=lambda _: place.daemon, listening=self.listeners,
            monitoring=None if self.lacking is None else Monitoring(self.lacking, self.hidden),
        )  # fmt: skip
        settings = dataclasses.replace(SETTINGS, policy=self.policy)
        check = central.Central(settings, world, self.account, "1.0")
        return asked([*check.before(), *check.questions()])

    def node(self) -> list[Finding]:
        place: Any = self.place
        self.flock.rights = dataclasses.replace(self.flock.rights, identity="f220@flock.lab")
        world = node.World(
            clock=Clock(), home=self.home, flock=self.flock, files=place, machine=place, services=place, way_out=place,
            images=place, engine=Engine(place), network=place, checks=place, bindings=self.bindings,  # type: ignore[arg-type]
            trusted_keys=lambda: ["0a1b"], is_root=True,
        )  # fmt: skip
        return asked(node.Node(settings=NODE, world=world, guard_source="/src/guard.py").questions())

    def gateway(self) -> list[Finding]:
        place: Any = self.place
        world = gateway.World(
            links=place, program=place, files=place, machine=place, services=place,
            page_problem=lambda: place.page_problem, cuts_connections=place.cuts_connections,
        )  # fmt: skip
        return asked(gateway.GatewayCheck(settings=ROUTER, world=world).questions())


def of_host() -> Site:
    """The same as a host sees it: its own token at home, its container's in the flock pool."""
    site = Site(place=Place(listed=("root",)))
    site.home.rights = authority("READ", "DAEMON", identity="p220@home.lab")
    site.flock.rights = authority("ADVERTISE_MASTER", "ADVERTISE_STARTD", identity="f220@flock.lab", domain="flock.lab")
    return site
