"""`shepherd ledger verify` and `export` for the trace store, and heads from the site's logger."""

import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence

from shepherd.core.heads import Anchor, anchors_in
from shepherd.core.ledger.verify import Fault
from shepherd.core.trace.verify import (
    KeysSeen,
    ReadBlock,
    ReadDay,
    ReadHold,
    TraceVerification,
    verify_trace,
)
from shepherd.edges.trace_store import check
from shepherd.errors import UsageError
from shepherd.model.chain import Head
from shepherd.model.trace_chain import DayOpening


def noted_anchors(files: Sequence[pathlib.Path]) -> list[Anchor]:
    """Anchors that the logger's files have. Raises UsageError."""
    found: dict[Anchor, None] = {}
    for path in files:
        try:
            with path.open(encoding="utf-8", errors="replace") as lines:
                found.update(dict.fromkeys(anchors_in(lines)))
        except OSError as exc:
            raise UsageError(f"{path} cannot be read: {exc.strerror}") from exc
    return list(found)


def of_instance(anchors: Iterable[Anchor], instance: str) -> tuple[list[Anchor], list[str]]:
    """Those of this state directory, and what is to be said of the rest."""
    own, others = list[Anchor](), dict[str, int]()
    for anchor in anchors:
        if anchor.instance == instance:
            own.append(anchor)
        else:
            others[anchor.instance] = others.get(anchor.instance, 0) + 1
    return own, [f"{count} noted heads of another shepherd, {name or '(none)'}" for name, count in others.items()]


def verified_trace(directory: pathlib.Path, expected: Iterable[Head]) -> TraceVerification:
    """The whole store. Raises LedgerUnavailable if the directory cannot be read."""
    broken = check.damaged(directory)
    holds, unread = read_holds(directory)
    found = verify_trace(read_days(directory), holds, expected, broken)
    faults = [Fault(day=day, seq=0, what=why) for day, why in broken.items()]
    return TraceVerification(**{**vars(found), "faults": (*faults, *unread, *found.faults)})


def read_days(directory: pathlib.Path) -> Iterator[ReadDay]:
    """Every day, read lazily."""
    for path, opening in check.days(directory):
        yield read_day(path, opening)


def read_day(path: pathlib.Path, opening: DayOpening) -> ReadDay:
    """One day's file."""
    blocks = (ReadBlock(block=block, content=content, acts=acts) for block, content, acts in check.blocks(path))
    return ReadDay(name=path.stem, opening=opening, blocks=blocks, faults=check.faults(path), keys=keys_seen(path))


def keys_seen(path: pathlib.Path) -> KeysSeen:
    """What a day's keys are like; a day that cannot be read is told as such elsewhere."""
    state = check.key_state(path)
    if not state.persons:
        return KeysSeen.NOBODY
    if not state.may_read:
        return KeysSeen.UNASKED
    if not state.is_there:
        return KeysSeen.MISSING
    return KeysSeen.WRONG if state.wrong else KeysSeen.FITTING


def read_holds(directory: pathlib.Path) -> tuple[list[ReadHold], list[Fault]]:
    """Every hold, and those that cannot be read."""
    holds, faults = list[ReadHold](), list[Fault]()
    for found in check.holds(directory):
        match found:
            case check.HoldSeen():
                day = read_day(found.path, found.opening)
                holds.append(ReadHold(name=found.name, digest=found.digest, end=found.end, day=day))
            case (name, why):
                faults.append(Fault(day=f"hold {name}", seq=0, what=why))
    return holds, faults


def verdict_lines(result: TraceVerification) -> Iterator[str]:
    """For a person."""
    yield from (f"FAULT trace {fault}" for fault in result.faults)
    yield from (f"not checked: {what}" for what in result.unchecked)
    reach = f"in {result.days} days from {result.oldest or '(none)'} on"
    yield f"trace: {result.blocks} blocks {reach}, {result.holds} holds"
    yield f"trace head {result.head.seq}:{result.head.hash}, {result.anchored} noted heads found on it"
    yield "the trace store is not what was written" if result.faults else "the trace store is whole"


def exported_trace(directory: pathlib.Path, since: str, until: str) -> Iterator[str]:
    """Each row of each block as a JSON line, as it is stored: what is personal stays encrypted. LedgerUnavailable."""
    for path, _ in check.days(directory):
        if since <= path.stem <= until:
            for table, row in check.all_rows(path):
                yield json.dumps({"day": path.stem, "table": table, **row}, sort_keys=True)
