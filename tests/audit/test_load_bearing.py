"""Each wall carries: without it, a named probe that is shut finds its door open."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from shepherd.edges.proc_mount import hide_processes
from shepherd.lab import settings
from shepherd.lab.audit import crowd, neighbours, pages, stolen_token
from shepherd.lab.audit.jobs import COMPLETED, HELD
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import LENT, MEMORY_MIB, NODE, SCRATCH_MIB, container, host_of, in_container, place
from shepherd.lab.audit.report import OPEN, Result, from_job
from shepherd.lab.command import must
from shepherd.lab.eventually import eventually
from shepherd.lab.node import Node
from shepherd.lab.pools import FLOCK_CONFIG
from shepherd.lab.progress import Progress
from shepherd.lab.settings import LEASE_KEY, Table
from shepherd.lab.site import Site

pytestmark = pytest.mark.real

UNWATCHED: Table = {"leak_check_s": 3600.0}
"""The keeper would notice and end the lend."""
FLUX_S = 25.0
ANEW = "delete table inet shepherd\n"
Weaken = Callable[[Guests], contextlib.AbstractContextManager[None]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with place(Progress(), UNWATCHED) as made:
        yield made


@contextlib.contextmanager
def without_table(enter: Callable[[tuple[str, ...]], list[str]], family: str, name: str) -> Iterator[None]:
    """Take a table of rules away, and bring it back. `enter`: the command line that runs one in its namespace."""
    rules = must(enter(("nft", "list", "table", family, name)))
    must(enter(("nft", "delete", "table", family, name)))
    try:
        yield
    finally:
        must(enter(("nft", "-f", "-")), given=rules)


def no_pilot_guard(guests: Guests) -> contextlib.AbstractContextManager[None]:
    """Without the rules in the container's own network."""
    return without_table(lambda argv: in_container(guests.site, guests.host, argv), "inet", "shepherd_pilot")


@contextlib.contextmanager
def no_host_guard(guests: Guests) -> Iterator[None]:
    """Without the rules on the VLAN interfaces of both hosts: each would stop what the other lets through."""
    with contextlib.ExitStack() as stack:
        for host in (guests.host, guests.neighbour):
            stack.enter_context(without_table(host_of(guests.site, host).argv, "netdev", "shepherd_guard"))
        yield


@contextlib.contextmanager
def lenient_gateway(guests: Guests) -> Iterator[None]:
    """A gateway that refuses nothing, without the program that would bring the rules back. It still translates
    addresses: without that no job of the foreign pool could start."""
    cm = guests.site.cm
    cm.stop("gateway")
    rules = cm.must(("nft", "list", "table", "inet", "shepherd"))
    lenient = re.sub(r"\bdrop\b|\breject\b.*", "accept", rules)
    try:
        cm.must(("nft", "-f", "-"), given=ANEW + lenient)
        yield
    finally:
        cm.must(("nft", "-f", "-"), given=ANEW + rules)
        cm.start("gateway")


@contextlib.contextmanager
def seen_processes(guests: Guests) -> Iterator[None]:
    """With a /proc that shows everybody's processes."""
    first = container(guests.site, guests.host)
    must(["mount", "-N", str(first), "-o", "remount,hidepid=0", "/proc"])
    try:
        yield
    finally:
        hide_processes(first)


@contextlib.contextmanager
def no_requirements(guests: Guests) -> Iterator[None]:
    """A flock collector that believes every container about every other. It alone is told: a flocking startd that has
    read its configuration anew leaves its ad behind when it ends."""
    cm, env = guests.site.cm, {"CONDOR_CONFIG": FLOCK_CONFIG}
    text = cm.read(FLOCK_CONFIG)
    cm.write(FLOCK_CONFIG, text + "\nCOLLECTOR_REQUIREMENTS = True\n")
    cm.must(("condor_reconfig",), env=env)
    try:
        yield
    finally:
        cm.write(FLOCK_CONFIG, text)
        cm.must(("condor_reconfig",), env=env)


@contextlib.contextmanager
def nothing(guests: Guests) -> Iterator[None]:
    """Everything stands. Somebody who signs for the shepherd upsets it for a while: its reserve seems to be gone."""
    yield
    time.sleep(FLUX_S)
    eventually(lambda: len(guests.site.flocking_startds()) == LENT, 120, 0.3, what="both hosts are lent as before")


def lease_key(site: Site) -> str:
    """The shepherd's own: with it the same page lends."""
    return site.cm.read(LEASE_KEY)


def condor(**changes: str) -> Weaken:
    """HTCondor in the container told otherwise."""
    environment = [f"_CONDOR_{name}={value}" for name, value in changes.items()]

    @contextlib.contextmanager
    def weaken(guests: Guests) -> Iterator[None]:
        words = "".join(f'"{one}", ' for one in environment)
        with told_otherwise(guests, changed(guests, {}).replace("environment = [", f"environment = [{words}")):
            yield

    return weaken


def keeper(**changes: int) -> Weaken:
    """The keeper told otherwise."""

    @contextlib.contextmanager
    def weaken(guests: Guests) -> Iterator[None]:
        with told_otherwise(guests, changed(guests, changes)):
            yield

    return weaken


@contextlib.contextmanager
def told_otherwise(guests: Guests, text: str) -> Iterator[None]:
    """The host lent by a keeper with these settings."""
    node = host_of(guests.site, guests.host)
    before = node.read("/etc/shepherd/node.toml")
    lend_anew(guests, node, text)
    try:
        yield
    finally:
        lend_anew(guests, node, before)


def both(first: Weaken, second: Weaken) -> Weaken:
    """Two walls of which each would do."""

    @contextlib.contextmanager
    def weaken(guests: Guests) -> Iterator[None]:
        with first(guests), second(guests):
            yield

    return weaken


def changed(guests: Guests, changes: Table) -> str:
    """The host's settings with changes."""
    site = guests.site
    names = next(names for names in site.names if names.flocking == guests.host)
    node = host_of(site, guests.host)
    spec = site.spec
    table: Table = {**NODE, **UNWATCHED, **changes}
    return settings.node_toml(names, site.image_id, spec.cpus, spec.memory_mib, node.cgroup, table)


def lend_anew(guests: Guests, node: Node, text: str) -> None:
    """Take the host home, change its keeper's settings, lend it again."""
    site = guests.site
    site.cm.must(("shepherd", "flockoff", "other settings"), user="shepherd")
    eventually(lambda: not site.flocking_startds(), 120, 0.3, what="all hosts are home")
    node.write("/etc/shepherd/node.toml", text)
    node.restart("keeper")
    site.cm.must(("shepherd", "flockon"), user="shepherd")
    eventually(lambda: len(site.flocking_startds()) == 2, 120, 0.3, what="the hosts are lent again")


def of_a_job(guests: Guests, only: str) -> list[Result]:
    """What a job finds, beside a careless one of somebody else."""
    victim = guests.bob.submit("victim", guests.host, ["job.victim", "60"])
    victim.says("open")
    prober = guests.alice.submit("prober", guests.host, ["job.probes", f"only={only}", *guests.told])
    prober.wait(COMPLETED, HELD)
    victim.remove()
    return from_job(prober.lines(), "shut")


def by_transfer(guests: Guests) -> list[Result]:
    """What file transfer brings of a careless job."""
    victim = guests.bob.submit("victim", guests.host, ["job.victim", "60"])
    found = list(guests.by_transfer(victim))
    victim.remove()
    return found


@dataclass(frozen=True)
class Wall:
    """One wall: how to take it away, and the probe that then finds an open door."""

    weaken: Weaken
    probe: str
    look: Callable[[Guests], list[Result]]


def job(weaken: Weaken, probe: str) -> Wall:
    """A wall that a job leans on."""
    return Wall(weaken, probe, lambda guests: of_a_job(guests, probe))


def around(probe: str, **changes: str) -> Wall:
    """A setting of HTCondor that keeps a job's code within its walls."""
    return Wall(condor(**changes), probe, lambda guests: list(guests.around(only=probe)))


def takes(what: str, tried: int, most: int, **changes: int) -> Wall:
    """A limit of the keeper's settings."""
    return Wall(keeper(**changes), f"greed-{what}", lambda guests: list(guests.takes(what, tried, most)))


WALLS = {
    "limit: scratch": takes("disk", SCRATCH_MIB + 50, SCRATCH_MIB, scratch_mib=SCRATCH_MIB + 100),
    "limit: memory": takes("memory", MEMORY_MIB + 100, MEMORY_MIB, memory_mib=2 * MEMORY_MIB),
    "gateway: floods": Wall(lenient_gateway, "flood-collector", lambda guests: list(crowd.flood(guests))),
    "job wrapper: abstract sockets": job(condor(USER_JOB_WRAPPER=""), "ipc-abstract-socket"),
    "pilot guard: other jobs": job(no_pilot_guard, "ipc-loopback"),
    "pilot guard: the pool": job(no_pilot_guard, "net-flock-collector"),
    "gateway: its services": job(lenient_gateway, "net-gateway"),
    "gateway: the home pool": job(lenient_gateway, "net-home-collector"),
    "host guard: addresses": Wall(no_host_guard, "wire-address", lambda guests: list(neighbours.wire(guests))),
    "host guard: neighbours": Wall(no_host_guard, "wire-neighbour", lambda guests: list(neighbours.wire(guests))),
    "signature of lease pages": Wall(
        nothing, "lease-forged", lambda guests: [pages.forged(guests.site, guests.host, lease_key(guests.site))]
    ),
    "collector's requirements: how many": Wall(
        no_requirements, "token-many-startds", lambda guests: list(stolen_token.tried(guests))
    ),
    "collector's requirements": Wall(
        no_requirements, "token-other-startd", lambda guests: list(stolen_token.tried(guests))
    ),
    "job wrapper: files": job(condor(USER_JOB_WRAPPER=""), "file-pilot-config"),
    "job wrapper: namespaces": job(condor(USER_JOB_WRAPPER=""), "kernel-unshare-accounts"),
    "job wrapper: IPC": job(condor(USER_JOB_WRAPPER=""), "ipc-shared-memory"),
    "job wrapper, and hidden processes": job(both(condor(USER_JOB_WRAPPER=""), seen_processes), "process-list"),
    "hidden processes": Wall(seen_processes, "transfer-command-line", by_transfer),
    "no scripts before jobs": around("around-before", STARTER_ALLOW_JOB_PRE_AND_POST_CMD="True"),
    "no scripts after jobs": around("around-after", STARTER_ALLOW_JOB_PRE_AND_POST_CMD="True"),
    "no tools beside jobs": around("around-tool", START="True", JOB_EXECUTION_TRANSFORM_NAMES=""),
    "no plugins of jobs": around("around-plugin", STARTER_DISABLE_USER_SUPPLIED_TRANSFER_PLUGINS="False"),
}


@pytest.mark.large("each wall", sample=1)
@pytest.mark.parametrize("name", WALLS)
def test_without_this_wall_a_named_probe_finds_its_door_open(site: Site, name: str) -> None:
    """A rule that nobody needed any more hid for years that another one had never worked."""
    wall, guests = WALLS[name], Guests.on(site)
    with wall.weaken(guests):
        found = {result.id: result for result in wall.look(guests)}
    assert found[wall.probe].got == OPEN, found[wall.probe].detail
