"""`shepherd -s` on a terminal: what is wrong first, then hosts by state as ranges, then all that is not as usual.

When it is piped, `views.status` speaks instead, whose form scripts depend on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from shepherd.model.host import HostState
from shepherd.model.one_line import one_line
from shepherd.views.bans import ban_lines
from shepherd.views.folded import folded
from shepherd.views.lines import Line, Span, Tone, line
from shepherd.views.present import Present, ShownHost, ShownReading
from shepherd.views.status import Life, cycle_lines, flockoff_lines, leak_lines, life_lines, queue_lines
from shepherd.views.wording import age, instant

TONES = {
    HostState.LOCAL: Tone.LOCAL,
    HostState.FLOCK: Tone.LENT,
    HostState.ARMING: Tone.UNDERWAY,
    HostState.DRAINED: Tone.UNDERWAY,
    HostState.LEAVING: Tone.UNDERWAY,
    HostState.HELD: Tone.PLAIN,
    HostState.UNKNOWN: Tone.WRONG,
}
WIDE = max(len(state.value) for state in HostState)
MOST_ROWS = 5
"""Of names in one state or with one reason. `--json` has every host."""
MOST_REASONS = 10
INDENT = 2 + WIDE + 2 + 5 + 2
"""Where names begin: after state and count."""


def status_screen(present: Present, life: Life, now_s: float) -> Iterator[Line]:
    """All of it, not yet wrapped."""
    yield from (line(text, Tone.WRONG) for text in life_lines(present, life, now_s))
    yield from plain(flockoff_lines(present.flockoff, now_s), Tone.WRONG)
    yield from plain(leak_lines(present, now_s), Tone.WRONG)
    yield from (line(f"Problem: {one_line(problem)}", Tone.WRONG) for problem in present.problems)
    yield from source_problems(present.readings, now_s)
    yield heading(f"Hosts: {len(present.hosts)}", f"at {instant(present.at_s)}")
    yield from herd_lines(present)
    yield from (other for state in HostState for other in reason_lines(present.in_state(state), state, now_s))
    yield from unlendable(present.hosts)
    yield from unpaired(present)
    yield from plain(ban_lines(present.bans, now_s))
    yield from plain(queue_lines(present))
    yield from plain(cycle_lines(present, now_s))
    yield source_ages(present.readings, now_s)


def unpaired(present: Present) -> Iterator[Line]:
    """Machines of the home pool that are in neither herd."""
    if present.unmanaged:
        yield heading(f"Machines that no naming rule pairs: {len(present.unmanaged)}")
        yield Line((Span(f"  {names(present.unmanaged)}"),), 4, MOST_ROWS)


def plain(texts: Iterable[str], tone: Tone = Tone.PLAIN) -> Iterator[Line]:
    """Lines whose first is a title."""
    yield from (line(text, tone if tone is not Tone.PLAIN or text.startswith(" ") else Tone.TITLE) for text in texts)


def heading(title: str, more: str = "") -> Line:
    """A title, and what is less important."""
    return Line((Span(title, Tone.TITLE), Span(f"  {more}" if more else "", Tone.FAINT)))


def herd_lines(present: Present) -> Iterator[Line]:
    """A line for each state that some host is in; the two herds always, a flocking host by its flocking name."""
    for state in HostState:
        hosts = present.in_state(state)
        if hosts or state in {HostState.LOCAL, HostState.FLOCK}:
            told = names(host.flock_name if state is HostState.FLOCK else host.host for host in hosts)
            yield counted(state.value, len(hosts), told, TONES[state])


def counted(word: str, count: int, told: str, tone: Tone) -> Line:
    """`local   28  p-7-[1-28]`."""
    head = f"  {word:<{WIDE}}  {count:>5}"
    return Line((Span(head, tone), Span(f"  {told}" if told else "")), INDENT, MOST_ROWS)


def names(of: Iterable[str]) -> str:
    """As ranges."""
    return ", ".join(folded(map(one_line, of)))


def reason_lines(hosts: Sequence[ShownHost], state: HostState, now_s: float) -> Iterator[Line]:
    """Why hosts are in neither herd, those with the same reason together."""
    if state in {HostState.LOCAL, HostState.FLOCK} or not hosts:
        return
    yield heading(f"{state.value.capitalize()}:")
    by_reason: dict[str, list[ShownHost]] = defaultdict(list)
    for host in hosts:
        by_reason[one_line(host.why) or "no reason given"].append(host)
    yield from told_by_reason({why: [since(host, now_s) for host in found] for why, found in by_reason.items()})


def since(host: ShownHost, now_s: float) -> tuple[str, str]:
    """The name, and for how long."""
    return host.host, f" for {age(now_s - host.since_s)}" if host.since_s else ""


def unlendable(hosts: Iterable[ShownHost]) -> Iterator[Line]:
    """Local hosts that could not be lent, by reason."""
    by_reason: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for host in hosts:
        if host.blocked:
            by_reason[one_line(host.blocked)].append((host.host, ""))
    if by_reason:
        yield heading(f"Local hosts that cannot be lent: {sum(map(len, by_reason.values()))}")
        yield from told_by_reason(by_reason)


def told_by_reason(by_reason: dict[str, list[tuple[str, str]]]) -> Iterator[Line]:
    """Commonest first. Of a single host it is told for how long."""
    commonest = sorted(by_reason.items(), key=lambda found: (-len(found[1]), found[0]))
    for why, found in commonest[:MOST_REASONS]:
        which = names(name for name, _ in found) + (found[0][1] if len(found) == 1 else "")
        count = "" if len(found) == 1 else f" ({len(found)})"
        yield Line((Span(f"  {why}{count}: "), Span(which, Tone.FAINT)), 4, MOST_ROWS)
    if rest := [name for _, found in commonest[MOST_REASONS:] for name, _ in found]:
        yield Line((Span(f"  other reasons ({len(rest)}): "), Span(names(rest), Tone.FAINT)), 4, MOST_ROWS)


def source_problems(readings: Iterable[ShownReading], now_s: float) -> Iterator[Line]:
    """Sources that are not believed: the shepherd is blind there."""
    for reading in readings:
        if reading.problem:
            last = f"last believed {age(now_s - reading.at_s)} ago" if reading.at_s else "never believed yet"
            told = f"Blind: {one_line(reading.source)}, {last}: {one_line(reading.problem)}"
            yield line(told, Tone.WRONG)


def source_ages(readings: Sequence[ShownReading], now_s: float) -> Line:
    """How old each source is."""
    if not readings:
        return heading("Sources:", "none asked yet")
    spans = [Span("Sources:", Tone.TITLE)]
    for number, reading in enumerate(readings):
        told = f"{one_line(reading.source)} {age(now_s - reading.at_s) + ' ago' if reading.at_s else 'never'}"
        comma = "," if number + 1 < len(readings) else ""
        spans.append(Span(f" {told}{comma}", Tone.WRONG if reading.problem else Tone.PLAIN))
    return Line(tuple(spans))
