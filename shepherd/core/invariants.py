"""What must always hold (the numbered list of DESIGN.md), as pure functions over measured facts.

Tests, the simulator and the lab check these same functions. Each yields one sentence a breach.
"""

from collections.abc import Callable, Iterator, Mapping

from shepherd.model.orders import StepKind
from shepherd.model.world import OUTWARD, HostWorld, WorldFacts

Invariant = Callable[[WorldFacts], Iterator[str]]


def each_job_in_its_pool(world: WorldFacts) -> Iterator[str]:
    """0: no guest job ever starts on a regular startd, no local job in a container."""
    for host in world.hosts:
        for job in host.guest_jobs_on_regular:
            yield f"guest job {job} ran on the regular startd of {_name(host)}"
        for job in host.local_jobs_in_container:
            yield f"local job {job} ran in the container of {_name(host)}"


def never_two_startds(world: WorldFacts) -> Iterator[str]:
    """1: never two startds, never a regular startd while any process of the container lives."""
    for host in world.hosts:
        if host.double_run_ms > 0:
            yield f"{_name(host)}: both sides ran together for {host.double_run_ms:.1f} ms"


def never_unserved(world: WorldFacts) -> Iterator[str]:
    """2: never a live host without a startd that accepts work for more than 60 s."""
    for host in world.hosts:
        if host.unserved_s > world.limits.unserved_s:
            yield f"{_name(host)}: nobody accepted work for {host.unserved_s:.1f} s"


def lending_evicts_nobody(world: WorldFacts) -> Iterator[str]:
    """3: lending never evicts a local job, and a reclaim takes no longer than its ladder."""
    limits = world.limits
    allowed_s = limits.ladder_s + limits.poll_s + limits.back_s
    for host in world.hosts:
        for job in host.local_jobs_evicted:
            yield f"local job {job} was thrown off {_name(host)}"
        for reclaim in host.reclaims:
            if reclaim.undisturbed and reclaim.took_s > allowed_s:
                yield f"{_name(host)}: a reclaim took {reclaim.took_s:.1f} s of {allowed_s:.0f} s"


def home_without_a_shepherd(world: WorldFacts) -> Iterator[str]:
    """4: with the shepherd dead or cut off, every host is local after lease and deadlines."""
    limits = world.limits
    allowed_s = limits.lease_s + limits.skew_s + limits.ladder_s + limits.back_s
    for host in world.hosts:
        if host.lent and not host.excused and host.unheard_s > allowed_s:
            yield f"{_name(host)}: still lent {host.unheard_s:.0f} s after the last page; {allowed_s:.0f} s allowed"


def lending_is_budgeted(world: WorldFacts) -> Iterator[str]:
    """5: lending is slow and budgeted."""
    for lends in world.cycles_lends:
        if lends > world.limits.lend_per_cycle:
            yield f"{lends} lends in one cycle; {world.limits.lend_per_cycle} allowed"


def reserve_is_kept(world: WorldFacts) -> Iterator[str]:
    """6: no lend goes below the reserve, and a shortfall by failures that can be known ends within one cycle."""
    limits = world.limits
    for act in world.acts:
        if act.kind is StepKind.GRANT and act.short:
            yield f"{act.host} was lent at {act.at_s:.1f} although the reserve was not met"
    allowed_s = limits.stale_s + limits.cycle_s + limits.ladder_s + limits.poll_s + limits.back_s
    if world.short_s > allowed_s:
        yield f"the local herd was below its reserve for {world.short_s:.0f} s; {allowed_s:.0f} s allowed"


def absence_is_no_evidence(world: WorldFacts) -> Iterator[str]:
    """7: nothing is lent blind, and no working startd is made to end."""
    for act in world.acts:
        if act.kind is StepKind.GRANT and act.blind:
            yield f"{act.host} was lent at {act.at_s:.1f} blind: {act.blind}"
        if act.busy:
            yield f"{act.host}: {act.kind.value} at {act.at_s:.1f} ended a startd that was not drained"


def flockoff_stops_all(world: WorldFacts) -> Iterator[str]:
    """8: flockoff stops all flocking."""
    limits = world.limits
    for act in world.acts:
        if act.flockoff and act.kind in OUTWARD:
            yield f"{act.host}: {act.kind.value} at {act.at_s:.1f} although flocking was off"
    allowed_s = limits.look_s + limits.poll_s + limits.ladder_s
    if world.flockoff_s is None or world.flockoff_s <= allowed_s:
        return
    for host in world.hosts:
        if host.guests_alive and not host.excused and host.unheard_s < limits.poll_s:
            yield f"{_name(host)}: guests live {world.flockoff_s:.0f} s after flockoff"


def recorded_before_done(world: WorldFacts) -> Iterator[str]:
    """9: every order is recorded before it is carried out; only reclaims go on unrecorded."""
    for act in world.acts:
        if not act.recorded_before and (act.recordable or act.kind in OUTWARD):
            yield f"{act.host}: {act.kind.value} at {act.at_s:.1f} was not recorded before"
    if world.refusals_without_reason:
        yield f"{world.refusals_without_reason} refusals have no reason"


def one_container_a_lend(world: WorldFacts) -> Iterator[str]:
    """11: only authorised images start, and a lease starts one container."""
    for host in world.hosts:
        for lease, count in host.containers.items():
            if count > 1:
                yield f"{_name(host)}: {count} containers under lease {lease}"
        for image in sorted(host.images - world.limits.images):
            yield f"{_name(host)}: a container was started from {image}, which is not authorised"


def monitoring_follows(world: WorldFacts) -> Iterator[str]:
    """12: checks are silent before the intended outage and loud after its end; nobody else's silence is touched."""
    limits = world.limits
    for act in world.acts:
        if act.audible:
            yield f"{act.host}: {act.kind.value} at {act.at_s:.1f} began an outage whose check was not silent"
    for host in world.hosts:
        if host.hidden_s > limits.silence_s:
            yield f"{_name(host)}: a check is silent for {host.hidden_s:.0f} s although its startd serves"
        elif host.unheard_of_s > limits.downtime_s + limits.silence_s:
            yield f"{_name(host)}: a check is silent for {host.unheard_of_s:.0f} s, longer than any downtime lasts"
    for silence in world.others_silences_ended:
        yield f"the silence {silence} was somebody else's and was ended"


INVARIANTS: Mapping[int, Invariant] = {
    0: each_job_in_its_pool,
    1: never_two_startds,
    2: never_unserved,
    3: lending_evicts_nobody,
    4: home_without_a_shepherd,
    5: lending_is_budgeted,
    6: reserve_is_kept,
    7: absence_is_no_evidence,
    8: flockoff_stops_all,
    9: recorded_before_done,
    11: one_container_a_lend,
    12: monitoring_follows,
}
"""By their number in DESIGN.md: those that concern the switch."""


def breaches(world: WorldFacts) -> tuple[str, ...]:
    """Every breach, with the number of its invariant; empty when all hold."""
    return tuple(
        f"{number}: {breach}" for number, holds in INVARIANTS.items() for breach in holds(world)
    )


def _name(host: HostWorld) -> str:
    return str(host.pair.host)
