"""Each wall carries: without it, a named probe that is shut finds its door open."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from shepherd.core.container.profiles import CAPABILITIES
from shepherd.errors import CommandFailed, Unavailable
from shepherd.lab.audit import crowd, neighbours, pages, rooted, stolen_token
from shepherd.lab.audit.jobs import COMPLETED, HELD
from shepherd.lab.audit.parts import DUMPS, JOBS_PROCESSES, Guests
from shepherd.lab.audit.place import LENT, MEMORY_MIB, PROCESSES, SCRATCH_MIB, host_of, place
from shepherd.lab.audit.report import OPEN, Result, from_job
from shepherd.lab.eventually import eventually
from shepherd.lab.progress import Progress
from shepherd.lab.site import Site
from tests.audit.weaken import (
    UNWATCHED,
    Weaken,
    both,
    condor,
    container_with,
    container_without,
    keeper,
    lease_key,
    lenient_gateway,
    no_host_guard,
    no_pilot_guard,
    no_requirements,
    nothing,
    seen_processes,
    wrapper,
    writable_lease,
)

pytestmark = pytest.mark.real
LENT_S, GONE_S = 30.0, 15.0


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with place(Progress(), UNWATCHED) as made:
        yield made


def of_a_job(guests: Guests, only: str) -> list[Result]:
    """What a job finds, beside a careless one of somebody else."""
    victim = guests.bob.submit("victim", guests.host, ["job.victim", "60"])
    victim.says("open")
    told = ["job.probes", f"only={only}", *guests.told]
    prober = guests.alice.submit("prober", guests.host, told, more=DUMPS)
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


def takes(what: str, tried: int, most: int, weaken: Weaken) -> Wall:
    """A limit of what one job can have."""
    return Wall(weaken, f"greed-{what}", lambda guests: list(guests.takes(what, tried, most)))


def root(probe: str, weaken: Weaken) -> Wall:
    """A wall of the container, which its own root leans on."""
    return Wall(weaken, probe, lambda guests: list(rooted.tried(guests)))


def token(weaken: Weaken, probe: str) -> Wall:
    """A wall around what a container's token is worth."""
    return Wall(weaken, probe, lambda guests: list(stolen_token.tried(guests)))


UNLIMITED = wrapper("    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))\n", "")
EVERY_CALL = '{"defaultAction":"SCMP_ACT_ALLOW"}'
WALLS = {
    "limit: scratch": takes(
        "disk", SCRATCH_MIB + 50, SCRATCH_MIB, keeper(scratch_mib=SCRATCH_MIB + 100)
    ),
    "limit: memory": takes("memory", MEMORY_MIB + 100, MEMORY_MIB, keeper(memory_mib=2 * MEMORY_MIB)),
    "limit: processes": takes(
        "processes", PROCESSES, PROCESSES - 1, both(keeper(processes=2 * PROCESSES), UNLIMITED)
    ),
    "container: capabilities": root("root-raw-socket", container_with(cap_drop=())),
    "container: no new privileges": root("root-new-privileges", container_with(no_new_privileges=False)),
    "container: system calls": root("root-io-uring", container_with(seccomp=EVERY_CALL)),
    "container: read-only root": root("root-write-image", container_with(read_only=False)),
    "container: the lease is read-only and the host's": root("root-control", writable_lease),
    "job wrapper: abstract sockets": job(wrapper("< FIRST_WITH_SCOPES", "< 1000"), "ipc-abstract-socket"),
    "job wrapper: files": job(wrapper('"/etc/condor", "/run"', '"/run",'), "file-pilot-config"),
    "job wrapper: namespaces": job(wrapper("REFUSED\n\n\ndef", "ALLOWED\n\n\ndef"), "kernel-unshare-accounts"),
    "job wrapper: IPC": job(wrapper('"--unshare-ipc", ', ""), "ipc-shared-memory"),
    "job wrapper: processes": takes("processes", PROCESSES, JOBS_PROCESSES, UNLIMITED),
    "job wrapper, and hidden processes": job(both(condor(USER_JOB_WRAPPER=""), seen_processes), "process-list"),
    "hidden processes": Wall(seen_processes, "transfer-command-line", by_transfer),
    "pilot guard: other jobs": job(no_pilot_guard, "ipc-loopback"),
    "pilot guard: the pool": job(no_pilot_guard, "net-flock-collector"),
    "gateway: floods": Wall(lenient_gateway, "flood-collector", lambda guests: list(crowd.flood(guests))),
    "gateway: its services": job(lenient_gateway, "net-gateway"),
    "gateway: the home pool": job(lenient_gateway, "net-home-collector"),
    "host guard: addresses": Wall(no_host_guard, "wire-address", lambda guests: list(neighbours.wire(guests))),
    "host guard: neighbours": Wall(no_host_guard, "wire-neighbour", lambda guests: list(neighbours.wire(guests))),
    "signature of lease pages": Wall(
        nothing, "lease-forged", lambda guests: [pages.forged(guests.site, guests.host, lease_key(guests.site))]
    ),
    "a token for each lend": token(keeper(flock_pool=""), "token-lifetime"),
    "collector's requirements: how many": token(no_requirements, "token-many-startds"),
    "collector's requirements": token(no_requirements, "token-other-startd"),
    "no scripts before jobs": around("around-before", STARTER_ALLOW_JOB_PRE_AND_POST_CMD="True"),
    "no scripts after jobs": around("around-after", STARTER_ALLOW_JOB_PRE_AND_POST_CMD="True"),
    "no tools beside jobs": around("around-tool", START="True", JOB_EXECUTION_TRANSFORM_NAMES=""),
    "no plugins of jobs": around("around-plugin", STARTER_DISABLE_USER_SUPPLIED_TRANSFER_PLUGINS="False"),
}


@pytest.mark.large("each wall and capability", sample=1)
@pytest.mark.parametrize("name", WALLS)
def test_without_this_wall_a_named_probe_finds_its_door_open(site: Site, name: str) -> None:
    """A rule that nobody needed any more hid for years that another one had never worked."""
    eventually(lambda: len(site.flocking_startds()) == LENT, 120, 0.3, what="both hosts are lent")
    wall, guests = WALLS[name], Guests.on(site)
    with wall.weaken(guests):
        found = {result.id: result for result in wall.look(guests)}
    assert found[wall.probe].got == OPEN, found[wall.probe].detail


@pytest.mark.large("each wall and capability", sample=1)
@pytest.mark.parametrize("name", CAPABILITIES)
def test_without_this_capability_guests_are_not_served_or_not_kept_in(site: Site, name: str) -> None:
    """What a container keeps for no reason is what somebody breaks out with."""
    eventually(lambda: len(site.flocking_startds()) == LENT, 120, 0.3, what="both hosts are lent")
    guests = Guests.on(site)
    with container_without(name)(guests):
        assert not is_lent(guests) or broken(guests) or in_strange_groups(guests), f"nothing needs {name}"


def in_strange_groups(guests: Guests) -> bool:
    """Without SETGID the starter writes `set_user_egid - ERROR` to its log and runs the job in root's group."""
    return any(result.got == OPEN for result in of_a_job(guests, "process-groups"))


def is_lent(guests: Guests) -> bool:
    """Whether the host's flocking startd comes up."""
    return guests.true(lambda: guests.host in guests.site.flocking_startds(), LENT_S)


def broken(guests: Guests) -> list[str]:
    """What guests need and do not get; at once gone when they are removed is among it. A job that cannot even begin
    is held, or not even matched, and says nothing."""
    try:
        found = [need.id for need in guests.needs() if need.is_broken_need]
    except (CommandFailed, Unavailable):
        return ["all"]
    victim = guests.bob.submit("victim", guests.host, ["job.victim", "300"])
    victim.says("open")
    victim.remove()
    node = host_of(guests.site, guests.host)
    return found if guests.true(lambda: not node.pids("job.victim"), GONE_S) else [*found, "removal"]
