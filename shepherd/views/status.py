"""`shepherd -s`: the two lists of the talk, then everything that is not as usual."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.demand import DemandGroup
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostState
from shepherd.model.one_line import one_line
from shepherd.views.bans import ban_lines
from shepherd.views.blocked import blocked_lines
from shepherd.views.present import SCHEMA, Present, ShownHost, ShownReading
from shepherd.views.wording import age, asked, instant

SILENT_PERIODS = 6
SILENT_LEAST_S = 60.0
"""Without a new view for longer, the daemon is said to be silent. Seconds."""
MOST_GROUPS = 5
"""Shapes of jobs that raise no demand, of each sort."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """Whether the daemon lives, as far as one may ask."""

    running: bool | None
    """It holds the ledger's lock; None: this user may not ask."""
    pid: int | None = None


def status_text(present: Present, life: Life, now_s: float) -> str:
    """For a person; the two lists are for scripts too and keep their form. They come first, unless the daemon is dead
    or silent: what follows is then of the past, and that is said before it."""
    lines = [
        *life_lines(present, life, now_s),
        *listed("Active Regular Compute Node", [h.host for h in present.in_state(HostState.LOCAL)]),
        "",
        *listed("Active Flock Compute Nodes", [h.flock_name for h in present.in_state(HostState.FLOCK)]),
        "",
        *blocked_lines(present.hosts, now_s),
        *others(present, now_s),
        *flockoff_lines(present.flockoff, now_s),
        *leak_lines(present, now_s),
        *ban_lines(present.bans, now_s),
        *queue_lines(present),
        *(f"Problem: {one_line(problem)}" for problem in present.problems),
        *cycle_lines(present, now_s),
        *source_lines(present.readings, now_s),
    ]
    return "\n".join(lines) + "\n"


def status_json(body: Mapping[str, object], present: Present, life: Life, now_s: float) -> dict[str, object]:
    """The same for machines. The schema number grows when a key changes its meaning or goes away."""
    return {**body, "schema": SCHEMA, **life_json(present, life, now_s)}


def listed(title: str, names: Sequence[str]) -> list[str]:
    """`Title: 2` and the names as the talk shows them."""
    return [f"{title}: {len(names)}", str(sorted(one_line(name) for name in names))]


def others(present: Present, now_s: float) -> Iterator[str]:
    """Hosts that are in neither list, with the reason."""
    usual = (HostState.LOCAL, HostState.FLOCK)
    rest = [host for host in present.hosts if host.state not in usual]
    if rest:
        yield f"Other hosts: {len(rest)}"
        width = max(len(one_line(host.host)) for host in rest)
        yield from (host_line(host, width, now_s) for host in rest)
        yield ""
    if present.unmanaged:
        yield from listed("Machines that no naming rule pairs", present.unmanaged)
        yield ""


def host_line(host: ShownHost, width: int, now_s: float) -> str:
    """Name, state, since when, why."""
    since = f" for {age(now_s - host.since_s)}" if host.since_s else ""
    return f"  {one_line(host.host):<{width}}  {host.state.value}{since}: {one_line(host.why) or 'no reason given'}"


def flockoff_lines(off: FlockOff | None, now_s: float) -> Iterator[str]:
    """Who, when, why, and what ends it."""
    if off is None:
        return
    ago = age(now_s - off.since_s)
    yield f"Flocking is OFF since {instant(off.since_s)} ({ago} ago), by {one_line(off.who)}: {one_line(off.why)}"
    if off.until_s is not None and off.from_file:
        yield f"  It ends when the file is removed, but not before {instant(off.until_s)}."
    elif off.until_s is not None:
        yield f"  It ends by itself at {instant(off.until_s)}, or with `shepherd flockon`."
    elif off.from_file:
        yield "  It ends when the file is removed and `shepherd flockon` was said."
    else:
        yield "  It ends with `shepherd flockon`."


def leak_lines(present: Present, now_s: float) -> Iterator[str]:
    """Containers that reached what they must not, whatever was done about it."""
    for leak in present.leaks:
        yield f"Leak: {one_line(leak.host)}, {age(now_s - leak.at_s)} ago: {one_line(leak.what)}"


def queue_lines(present: Present) -> Iterator[str]:
    """Local demand."""
    if present.idle_jobs is None:
        yield "Local jobs: not known"
    else:
        running = "" if present.running_jobs is None else f", {present.running_jobs} running"
        yield f"Local jobs: {present.idle_jobs} idle{running}"
    yield from group_lines(present.unfit, "fit no host")
    yield from group_lines(present.stuck, "are taken by no host that stands free")


def group_lines(groups: Sequence[DemandGroup], what: str) -> Iterator[str]:
    """Idle jobs that raise no demand: the commonest, and how many others."""
    most = sorted(groups, key=lambda group: -group.jobs)
    for group in most[:MOST_GROUPS]:
        yield f"  {group.jobs} {what}: {asked(group.asks)}"
    if others := sum(group.jobs for group in most[MOST_GROUPS:]):
        yield f"  {others} more {what}"


def cycle_lines(present: Present, now_s: float) -> Iterator[str]:
    """The last decision in one sentence."""
    if present.cycle_at_s:
        yield f"Last cycle, {age(now_s - present.cycle_at_s)} ago: {one_line(present.sentence)}"
    else:
        yield "Last cycle: none yet"


def source_lines(readings: Sequence[ShownReading], now_s: float) -> Iterator[str]:
    """How old each source is; what is wrong with one on a line of its own."""
    if not readings:
        yield "Sources: none asked yet"
        return
    ages = (f"{one_line(r.source)} {age(now_s - r.at_s) + ' ago' if r.at_s else 'never'}" for r in readings)
    yield f"Sources: {', '.join(ages)}"
    for reading in readings:
        if reading.problem:
            yield f"  {one_line(reading.source)} not believed: {one_line(reading.problem)}"


def silent(present: Present, now_s: float) -> bool:
    """Whether the view is older than a living daemon lets it become, or from a time that has not come: a clock was set
    back since, and nobody knows how old it is."""
    period_s = max((reading.period_s for reading in present.readings), default=0.0)
    return abs(now_s - present.at_s) > max(SILENT_PERIODS * period_s, SILENT_LEAST_S)


def life_lines(present: Present, life: Life, now_s: float) -> Iterator[str]:
    """Says it when the daemon is dead, or seems to be; what is told beside it is then as it last saw it."""
    ago_s = now_s - present.at_s
    last = f"last sign of life {age(abs(ago_s))} {'ago' if ago_s >= 0 else 'ahead of this clock'}"
    quiet = silent(present, now_s)
    if life.running is False or (life.running is None and quiet):
        yield f"The shepherd is not running ({last}). Every host is local once its lease has lapsed."
    elif quiet:
        who = f" (process {life.pid})" if life.pid else ""
        yield f"The shepherd{who} runs, but is silent ({last})."


def life_lines_of(present: Present | None, life: Life, now_s: float) -> Iterator[str]:
    """The same beside what the ledger tells, which may be there without a view."""
    if present is not None:
        yield from life_lines(present, life, now_s)
    elif life.running is False:
        yield "The shepherd is not running (no view of it can be read). Every host is local once its lease has lapsed."


def life_json(present: Present | None, life: Life, now_s: float) -> dict[str, object]:
    """Members of documents that tell of now; None: not known."""
    if present is None:
        return {"running": life.running, "last_sign_of_life_s": None}
    running = life.running if life.running is not None else not silent(present, now_s)
    return {"running": running, "last_sign_of_life_s": round(max(now_s - present.at_s, 0.0), 3)}
