"""Whom a job came from: what its schedd says of itself, against who had signed in as that schedd, and from where."""

import dataclasses
import re
from collections.abc import Iterable, Sequence

from shepherd.core.trace.clocks import Clocks, Stamp, stamp
from shepherd.model.trace import Gap, JobBegun, ScheddSeen
from shepherd.model.tracing import Sender, Standing

ADDRESS = re.compile(r"<?(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?")
"""`192.0.2.7:9618`, or HTCondor's `<192.0.2.7:9618?addrs=…>`."""


def sender_of(begun: JobBegun, seen: Iterable[ScheddSeen], gaps: Sequence[Gap], clocks: Clocks) -> Sender:
    """Proven only if somebody had signed in as a schedd at the address that the job came from, and the job says that it
    is that schedd's. `gaps`: of who signed in, at the time of the job."""
    then = as_of(begun, seen, clocks)
    here = [one for one in then if begun.peer and host_of(one.address) == host_of(begun.peer)]
    named = [one for one in here if same_name(one.schedd, begun.schedd)]
    guests = {one.guest for one in then if same_name(one.schedd, begun.schedd)}
    of = Sender(schedd=begun.schedd, peer=begun.peer, guest=guests.pop() if len(guests) == 1 else "")
    if gaps and not named:
        return _claimed(of, "who signed in then may not be on record")
    match len({one.identity for one in named}):
        case 1:
            return _proven(of, named[-1])
        case 0:
            return _claimed(of, why_claimed(begun, here, then))
    return _claimed(of, "more than one had signed in as that schedd: " + _identities(named))


def as_of(begun: JobBegun, seen: Iterable[ScheddSeen], clocks: Clocks) -> list[ScheddSeen]:
    """Of each schedd's name and identity what was seen last before the job began, or else first after it."""
    job = stamp(begun.source, begun.at_s)
    before, after = dict[str, ScheddSeen](), dict[str, ScheddSeen]()
    for one in sorted(seen, key=lambda one: one.at_s):
        if clocks.precedes(_stamp(one), job):
            before[one.schedd.casefold()] = one
        else:
            after.setdefault(one.schedd.casefold(), one)
    return [*before.values(), *(one for name, one in after.items() if _differs(one, before.get(name), job, clocks))]


def host_of(address: str) -> str:
    """The IPv4 address in HTCondor's words for one; the words themselves if there is none."""
    matched = ADDRESS.match(address)
    return matched[1] if matched else address


def same_name(one: str, other: str) -> bool:
    """HTCondor compares schedds' names without case."""
    return one.casefold() == other.casefold()


def why_claimed(begun: JobBegun, here: Sequence[ScheddSeen], then: Sequence[ScheddSeen]) -> str:
    """Why nothing proves whom it came from; names whoever it can be instead."""
    if not begun.peer:
        return "where its claim came from is not on record"
    if here:
        who = ", ".join(sorted({f"{one.schedd} ({one.identity})" for one in here}))
        return f"it came from {host_of(begun.peer)}, where {who} had signed in, not the schedd that it names"
    if any(same_name(one.schedd, begun.schedd) for one in then):
        own = sorted({host_of(one.address) for one in then if same_name(one.schedd, begun.schedd)})
        return f"it came from {host_of(begun.peer)}, and that schedd had signed in from {', '.join(own)}"
    return f"nobody had signed in as that schedd, nor from {host_of(begun.peer)}"


def _differs(one: ScheddSeen, before: ScheddSeen | None, job: Stamp, clocks: Clocks) -> bool:
    """Whether what was seen after the job's begin counts, too: there was nothing before, or the order is not known."""
    return before is None or (one.identity != before.identity and clocks.may_precede(_stamp(one), job))


def _stamp(one: ScheddSeen) -> Stamp:
    return stamp(one.source, one.at_s)


def _proven(of: Sender, seen: ScheddSeen) -> Sender:
    guest = f"guest {seen.guest}" if seen.guest else "no guest of ours"
    why = f"{seen.identity}, {guest}, had signed in as that schedd from {host_of(seen.address)}"
    return dataclasses.replace(of, identity=seen.identity, guest=seen.guest, standing=Standing.PROVEN, why=why)


def _claimed(of: Sender, why: str) -> Sender:
    return dataclasses.replace(of, why=why)


def _identities(seen: Iterable[ScheddSeen]) -> str:
    return ", ".join(sorted({one.identity for one in seen}))
