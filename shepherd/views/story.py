"""Why a host was in its herd, and what a decision was made from: for a person and for machines."""

import dataclasses
import enum
from collections import Counter
from collections.abc import Iterator, Mapping

from shepherd.model.demand import Resources
from shepherd.model.host import Herd, HostState
from shepherd.model.moment import Said
from shepherd.model.one_line import one_line
from shepherd.model.story import CycleStory, HostStory, LendStory, Ordered, Waited
from shepherd.views.wording import age, instant

SCHEMA = 1
"""Of the JSON. A new number when a member goes or means something else."""
SHAPES_TOLD = 12
HOSTS_TOLD = 8
ORDERS_TOLD = 20
KIB_IN_GIB = 1 << 20


def host_text(story: HostStory) -> str:
    """For a person."""
    lines = [
        f"{one_line(story.host)} at {instant(story.at_s)}: {story.state.value}{_because(story)}",
        *_work(story),
        *_verdicts(story),
        *(line for lend in story.lends for line in _lend(lend)),
    ]
    return "\n".join(lines) + "\n"


def cycle_text(story: CycleStory) -> str:
    """For a person."""
    states = ", ".join(f"{count} {state.value}" for state, count in sorted(story.states.items(), key=_by_count))
    lines = [
        f"{title(story.said)}: {one_line(story.said.sentence)}",
        f"Hosts: {states}",
        *_queue(story),
        *(f"Not believed: {one_line(problem)}" for problem in story.problems),
        f"Policy: {_settings(story.settings)}",
        *_orders(story),
        *_refusals(story.said),
    ]
    if story.again:
        lines.append(f"This version would decide otherwise: {one_line(story.again)}")
    return "\n".join(lines) + "\n"


def host_json(story: HostStory) -> Mapping[str, object]:
    """For machines; times in epoch seconds."""
    return {"schema": SCHEMA, **_plain_members(story)}


def cycle_json(story: CycleStory) -> Mapping[str, object]:
    """For machines; times in epoch seconds."""
    return {"schema": SCHEMA, **_plain_members(story)}


def lend_text(story: LendStory) -> str:
    """For a person."""
    return "\n".join(_lend(story)) + "\n"


def lend_json(story: LendStory) -> Mapping[str, object]:
    """For machines; times in epoch seconds."""
    return {"schema": SCHEMA, **_plain_members(story)}


def title(said: Said) -> str:
    """`Cycle 4711, 2026-03-01 12:00:00 UTC`; the number is its record's."""
    return f"{'Cycle' if said.is_cycle else 'Look'} {said.seq}, {instant(said.at_s)}"


def shape_words(shape: Resources) -> str:
    """`2 cpus, 4096 MiB`; what is not asked for, or not told, is left out."""
    cpus, memory, disk, gpus = shape
    parts = [f"{cpus} cpu{'' if cpus == 1 else 's'}"]
    parts += [f"{memory} MiB"] if memory else []
    parts += [f"{_disk(disk)} of disk"] if disk else []
    parts += [f"{gpus} GPU{'' if gpus == 1 else 's'}"] if gpus else []
    return ", ".join(parts)


def _disk(kib: int) -> str:
    if kib < KIB_IN_GIB:
        return f"{max(kib / 1024, 1):.0f} MiB"
    return f"{kib / KIB_IN_GIB:.0f} GiB"


def _because(story: HostStory) -> str:
    return f": {one_line(story.why)}" if story.why else ""


def _work(story: HostStory) -> Iterator[str]:
    if story.gives.cpus:
        free = f", free: {shape_words(story.free)}" if story.state is HostState.LOCAL else ""
        yield f"  It gives local jobs {shape_words(story.gives)}{free}."
    if story.idle_since_s is not None:
        yield f"  No slot of it was claimed for {age(story.at_s - story.idle_since_s)}."
    if story.blocked:
        yield f"  It could not be lent: {one_line(story.blocked)}."
    elif story.state is HostState.LOCAL:
        yield "  It could be lent."


def _verdicts(story: HostStory) -> Iterator[str]:
    """The newest decision, and what the newest that named the host said of it."""
    last, named = story.last, story.named
    if last is None:
        yield "No decision is on record of that day or the one before."
        return
    yield f"{title(last)}: {one_line(last.sentence)}"
    if named is not None and named.said.seq == last.seq:
        yield f"  {one_line(story.host)} {one_line(named.words)}"
        return
    yield f"  It does not name {one_line(story.host)}."
    if named is not None:
        yield f"{title(named.said)}, the last that does: {one_line(named.said.sentence)}"
        yield f"  {one_line(story.host)} {one_line(named.words)}"


def _lend(lend: LendStory) -> Iterator[str]:
    yield f"Lend {one_line(lend.lease)}:"
    yield from (f"  {instant(event.at_s)} {one_line(event.what)}" for event in lend.events)


def _queue(story: CycleStory) -> Iterator[str]:
    """What waited, and where it would fit."""
    if story.idle_jobs is None:
        yield "Local jobs: not known"
        return
    yield f"Local jobs: {story.idle_jobs} idle, {story.running_jobs} running"
    yield from (_waited(row) for row in story.waited[:SHAPES_TOLD])
    if more := story.waited[SHAPES_TOLD:]:
        yield f"  {sum(row.jobs for row in more)} more of {len(more)} shapes"
    for what, shapes in (("fit no host", story.said.unfit), ("were not taken all the same", story.said.stuck)):
        if shapes:
            yield f"  Of no account, because they {what}: {sum(count for _, count in shapes)}"


def _waited(row: Waited) -> str:
    where = f"room on {row.local_hosts} local hosts, {row.out_hosts} others would have"
    return f"  {row.jobs} that ask for {shape_words(row.asks)}: {where}"


def _settings(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {_plain(value)}" for name, value in settings.items()) or "as it comes"


def _orders(story: CycleStory) -> Iterator[str]:
    for herd, verb in ((Herd.LOCAL, "Reclaimed"), (Herd.FLOCK, "Lent")):
        rows = [one for one in story.ordered if one.order.herd is herd]
        if rows:
            yield f"{verb}: {len(rows)}"
            yield from (_ordered(one) for one in rows[:ORDERS_TOLD])
            if len(rows) > ORDERS_TOLD:
                yield f"  and {len(rows) - ORDERS_TOLD} more, which --json has"


def _ordered(one: Ordered) -> str:
    return f"  {one_line(one.order.host)}: {one_line(one.order.why)}: {one_line(one.result)}"


def _refusals(said: Said) -> Iterator[str]:
    """By reason, most hosts first, with the first of their names."""
    if not said.refusals:
        return
    yield f"Stayed: {len(said.refusals)}"
    counted = Counter(refusal.why for refusal in said.refusals)
    for why, count in sorted(counted.items(), key=lambda found: (-found[1], found[0])):
        names = [one_line(refusal.host) for refusal in said.refusals if refusal.why == why]
        more = f" and {count - HOSTS_TOLD} more" if count > HOSTS_TOLD else ""
        yield f"  {count}: {one_line(why)}: {', '.join(names[:HOSTS_TOLD])}{more}"


def _by_count(found: tuple[HostState, int]) -> tuple[int, str]:
    return -found[1], found[0].value


def _plain_members(value: HostStory | CycleStory | LendStory) -> dict[str, object]:
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def _plain(value: object) -> object:
    """As JSON has it; a shape by its members' names."""
    match value:
        case enum.Enum():
            return value.value
        case Resources():
            return value._asdict()
        case Mapping():
            return {str(_plain(key)): _plain(one) for key, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
