"""The first page, and the sources: what is, at a glance."""

from collections import Counter
from collections.abc import Iterator

from shepherd.model.host import HostState
from shepherd.model.stop import Ban, BanKind
from shepherd.views.blocked import MOST_REASONS
from shepherd.views.present import Present, ShownHost
from shepherd.views.web import grid
from shepherd.views.web.page import Ask, Page, Part
from shepherd.views.web.spans import glance_parts
from shepherd.views.wording import asked

UNUSUAL = frozenset({HostState.HELD, HostState.UNKNOWN})
MOVING = (HostState.ARMING, HostState.DRAINED, HostState.LEAVING)
HIDDEN_WHO = "(not shown)"
FEW_GROUPS = 5


def overview_page(ask: Ask) -> Page:
    """Hosts, queue, last decision, what is wrong; then the last day."""
    parts = [*stop_parts(ask)]
    if present := ask.current.present:
        parts += [figures_part(ask, present), herd_part(ask, present), work_part(ask, present)]
        parts += [sources_part(ask, present), *glance_parts(ask)]
    return Page(title="Overview", place="overview", parts=tuple(parts))


def sources_page(ask: Ask) -> Page:
    """Where what is known comes from, and how old it is."""
    present = ask.current.present
    parts = [sources_part(ask, present, whole=True), daemon_part(ask, present)] if present else []
    return Page(title="Sources", place="sources", parts=(*stop_parts(ask), *parts))


def stop_parts(ask: Ask) -> Iterator[Part]:
    """What stands above everything: no daemon, a stop, leaks, problems, sources that are not believed, bans."""
    current, present = ask.current, ask.current.present
    off = present.flockoff if present else None
    values = {
        "trouble": ask.words(current.trouble),
        "present": present,
        "dead": present and (current.life.running is False or (current.life.running is None and current.is_silent)),
        "silent": present and current.is_silent,
        "off": off,
        "off_why": ask.words(off.why) if off else "",
        "off_who": ask.words(off.who) if off and ask.may else HIDDEN_WHO,
        "leaks": [(ask.words(leak.host), leak.at_s, ask.words(leak.what)) for leak in present.leaks] if present else [],
        "problems": [ask.words(problem) for problem in present.problems] if present else [],
        "blind": list(blind_rows(ask, present)) if present and not current.is_silent else [],
        "bans": [ban_row(ask, ban) for ban in present.bans] if present else [],
    }
    yield Part(id="stop", template="stop", values=values)


def blind_rows(ask: Ask, present: Present) -> Iterator[tuple[str, float, str]]:
    """Sources that are not believed: when each was the last time, and why it is not now."""
    for reading in present.readings:
        if reading.problem:
            yield ask.words(reading.source), reading.at_s, ask.words(reading.problem)


def ban_row(ask: Ask, ban: Ban) -> dict[str, object]:
    """One ban. Whom it is for, by whom and why, only those see who may."""
    is_person = ban.kind in {BanKind.USER, BanKind.SCHEDD}
    return {
        "kind": ban.kind.value,
        "value": ask.words(ban.value) if ask.may or not is_person else HIDDEN_WHO,
        "at_s": ban.at_s,
        "until_s": ban.until_s,
        "by": ask.words(f"by {ban.who}: {ban.why}") if ask.may else "",
    }


def figures_part(ask: Ask, present: Present) -> Part:
    """Six numbers."""
    counted = Counter(host.state for host in present.hosts)
    values = {
        "local": counted[HostState.LOCAL],
        "flock": counted[HostState.FLOCK],
        "moving": sum(counted[state] for state in MOVING),
        "held": counted[HostState.HELD],
        "unknown": counted[HostState.UNKNOWN],
        "hosts": len(present.hosts),
        "idle_jobs": present.idle_jobs,
        "running_jobs": present.running_jobs,
    }
    del ask
    return Part(id="figures", template="figures", values=values)


def herd_part(ask: Ask, present: Present) -> Part:
    """Every host as a cell; of thousands a bar for each block."""
    del ask
    made = grid.blocks(present.hosts)
    values = {"blocks": made, "letters": grid.LETTERS, "meanings": grid.MEANINGS}
    if len(present.hosts) > grid.ALL_SHOWN:
        return Part(id="herds", template="herds", values=values)
    return Part(id="map", template="map", values={**values, "title": "Hosts"}, cells=grid.cells_of(made))


def work_part(ask: Ask, present: Present) -> Part:
    """The last decision, local work that raises no demand, and hosts that are not as usual."""
    unusual = sorted((host for host in present.hosts if host.state in UNUSUAL), key=grid.by_name)
    groups = [(group.jobs, "fit no host", asked(group.asks)) for group in present.unfit]
    groups += [(group.jobs, "are taken by no host that stands free", asked(group.asks)) for group in present.stuck]
    values = {
        "sentence": ask.words(present.sentence),
        "cycle_at_s": present.cycle_at_s,
        "groups": sorted(groups, reverse=True)[:FEW_GROUPS],
        "unusual": [host_row(ask, host) for host in unusual[:FEW_GROUPS]],
        "more_unusual": max(len(unusual) - FEW_GROUPS, 0),
        "blocked": blocked_rows(ask, present),
        "unmanaged": [ask.words(name) for name in present.unmanaged[:FEW_GROUPS]],
        "more_unmanaged": max(len(present.unmanaged) - FEW_GROUPS, 0),
    }
    return Part(id="work", template="work", values=values)


def host_row(ask: Ask, host: ShownHost) -> dict[str, object]:
    """A host in a list."""
    return {
        "host": host.host,
        "state": host.state.value,
        "letter": grid.LETTERS[host.state],
        "since_s": host.since_s,
        "why": ask.words(host.why or host.blocked),
    }


def blocked_rows(ask: Ask, present: Present) -> list[tuple[str, int]]:
    """Why local hosts cannot be lent, most hosts first."""
    counted = Counter(ask.words(host.blocked) for host in present.hosts if host.blocked)
    return counted.most_common(MOST_REASONS)


def sources_part(ask: Ask, present: Present, *, whole: bool = False) -> Part:
    """Each source with its age. While nobody asks them none is fresh, however good its last answer was."""
    unasked = ask.current.is_silent or ask.current.life.running is False
    rows = [
        {
            "name": ask.words(reading.source),
            "at_s": reading.at_s,
            "problem": ask.words(reading.problem or ""),
            "period_s": reading.period_s,
            "unasked": unasked,
            "late": unasked or reading.at_s == 0 or present.at_s - reading.at_s > 3 * max(reading.period_s, 1.0),
        }
        for reading in present.readings
    ]
    return Part(id="sources", template="sources" if whole else "chips", values={"rows": rows})


def daemon_part(ask: Ask, present: Present) -> Part:
    """The daemon itself."""
    values = {"at_s": present.at_s, "life": ask.current.life, "cycle_at_s": present.cycle_at_s}
    return Part(id="daemon", template="daemon", values=values)
