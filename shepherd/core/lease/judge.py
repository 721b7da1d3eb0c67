"""A host's judgement of a page it was shown: how far it may believe it, and until when.

A lease is valid only while *both* lie ahead: the first sight of this issue on the host's own clock
that never jumps, plus the lease; and the issue time on the wall clock, plus the lease, plus the skew
that is tolerated. What must survive a restart of the keeper is in `Memory`, so that a restart
extends nothing. A page that says *leave* is obeyed whatever the clocks say.

Whoever calls has verified the signature, and decoded exactly the bytes that were signed.
"""

import dataclasses
import hashlib
from collections.abc import Set as AbstractSet

from shepherd.core.lease.encode import encode
from shepherd.core.lease.memory import Held, Issue, Memory
from shepherd.core.lease.pages import page_of
from shepherd.core.stop.bans import why_not_lent
from shepherd.errors import LeaseRefused
from shepherd.model.host import HostName, Nonce
from shepherd.model.lease import Lease, LeasePage, LeasePhase


@dataclasses.dataclass(frozen=True, kw_only=True)
class Here:
    """What a host knows of itself."""

    host: HostName
    pool: str
    nonce: Nonce
    images: AbstractSet[str]
    """Ids of images that may start here, `sha256:…`."""
    skew_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Instant:
    """One reading of both clocks."""

    wall_s: float
    boottime_s: float
    """CLOCK_BOOTTIME."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Revoked:
    """The newest page says leave: this lease, or all of them."""

    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class NotRenewed:
    """A good page without a word about this host: what it holds goes on until it lapses."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refusal:
    """The page, or its lease for this host, is not believed; what it holds goes on until it lapses."""

    reason: str


Judgement = Held | Revoked | NotRenewed | Refusal


def judge(memory: Memory, page: LeasePage, *, key_id: str, here: Here, now: Instant) -> tuple[Memory, Judgement]:
    """Judge a page signed by `key_id`. Store the memory durably *before* acting on the judgement.

    Judging the same page again changes nothing but the passage of time.
    """
    if memory.nonce != here.nonce:
        memory = Memory(nonce=here.nonce)
    try:
        check_address(page, here)
        check_order(memory, page)
        if why := leave_reason(page, here.host):
            seen = remembering(memory, issue_of(memory.issue, page, here, now))
            return forgetting(seen), Revoked(why=why)
        check_clock(page, here, now)
    except LeaseRefused as refused:
        return memory, Refusal(reason=str(refused))
    issue = issue_of(memory.issue, page, here, now)
    memory = remembering(memory, issue)
    lease = lease_of(page, here.host)
    if lease is None:
        return memory, NotRenewed()
    return granted(memory, held_of(issue, page, lease, key_id, here), here, now)


def standing(memory: Memory, *, key_ids: AbstractSet[str], here: Here, now: Instant) -> Held | None:
    """What this host may act on at this instant, if anything.

    Nothing of another boot, nothing that has lapsed, nothing signed by a key no longer trusted.
    """
    held = memory.held
    if held is None or memory.nonce != here.nonce or held.key_id not in key_ids:
        return None
    return held if holds(held, now) else None


def held_of(issue: Issue, page: LeasePage, lease: Lease, key_id: str, here: Here) -> Held:
    """The lease with its two ends."""
    return Held(
        lease=lease,
        until_boottime_s=issue.counted_from_s + lease.lease_s,
        until_wall_s=page.issued_at_s + lease.lease_s + here.skew_s,
        key_id=key_id,
    )


def check_address(page: LeasePage, here: Here) -> None:
    """Raise LeaseRefused unless this is the page of this pool that this host reads."""
    if page.pool != here.pool:
        raise LeaseRefused(f"page of the pool {page.pool}, not of {here.pool}")
    mine = page_of(here.host, page.pages)
    if page.page != mine:
        raise LeaseRefused(f"page {page.page} of {page.pages}; {here.host} reads page {mine}")


def check_order(memory: Memory, page: LeasePage) -> None:
    """Raise LeaseRefused for a page older than one that was seen."""
    highest = memory.serials.get(page.instance, -1)
    if page.serial < highest:
        raise LeaseRefused(f"serial {page.serial} of {page.instance} after {highest}: replayed, or overtaken")
    issue = memory.issue
    if issue is None:
        return
    if issue.instance != page.instance and page.issued_at_s <= issue.issued_at_s:
        raise LeaseRefused(f"page of {page.instance}, not issued later than that of {issue.instance}")
    if same_issue(issue, page) and issue.digest != digest(page):
        raise LeaseRefused(f"serial {page.serial} of {page.instance} was seen with another content")


def check_clock(page: LeasePage, here: Here, now: Instant) -> None:
    """Raise LeaseRefused for a page from the future."""
    ahead_s = page.issued_at_s - now.wall_s
    if ahead_s > here.skew_s:
        raise LeaseRefused(f"clock: issued {ahead_s:.0f} s in this host's future; {here.skew_s:.0f} s are tolerated")


def leave_reason(page: LeasePage, host: HostName) -> str:
    """Why the page sends this host home; empty if it does not."""
    lease = lease_of(page, host)
    if lease is not None and lease.phase is LeasePhase.REVOKED:
        return lease.why or "revoked"
    if page.flockoff:
        return "flocking is off"
    return why_not_lent(page.bans, host, lease.image if lease is not None else "")


def lease_of(page: LeasePage, host: HostName) -> Lease | None:
    """The entry of `host`."""
    return next((lease for lease in page.leases if lease.host == host), None)


def digest(page: LeasePage) -> str:
    """Tells two pages with one serial apart."""
    return hashlib.sha256(encode(page)).hexdigest()


def same_issue(issue: Issue, page: LeasePage) -> bool:
    """Whether the page is the issue that was seen last, shown again."""
    return (issue.instance, issue.serial) == (page.instance, page.serial)


def remembering(memory: Memory, issue: Issue) -> Memory:
    """The memory after an issue was believed."""
    serials = {**memory.serials, issue.instance: issue.serial}
    return dataclasses.replace(memory, issue=issue, serials=serials)


def issue_of(before: Issue | None, page: LeasePage, here: Here, now: Instant) -> Issue:
    """What is kept of this issue. Seeing it again can only shorten what it gives.

    An issue from the future (obeyed when it says leave) does not bar later pages of others.
    """
    by_wall_s = now.boottime_s + page.issued_at_s + here.skew_s - now.wall_s
    if before is not None and same_issue(before, page):
        return dataclasses.replace(before, counted_from_s=min(before.counted_from_s, by_wall_s))
    latest_s = before.issued_at_s if before else 0.0
    return Issue(
        instance=page.instance,
        serial=page.serial,
        issued_at_s=max(latest_s, min(page.issued_at_s, now.wall_s + here.skew_s)),
        digest=digest(page),
        counted_from_s=min(now.boottime_s, by_wall_s),
    )


def forgetting(memory: Memory) -> Memory:
    """The memory without a lease."""
    return dataclasses.replace(memory, held=None)


def granted(memory: Memory, held: Held, here: Here, now: Instant) -> tuple[Memory, Judgement]:
    """The lease itself, after its page was believed."""
    lease = held.lease
    if lease.nonce != here.nonce:
        return memory, Refusal(reason=f"lease {lease.lease} is for another boot of {here.host}")
    if lease.image not in here.images:
        reason = f"lease {lease.lease}: this host may not start the image {lease.image}"
        return memory, Refusal(reason=reason)
    if not holds(held, now):
        reason = f"lease {lease.lease} has lapsed, or a clock is wrong: {lapse(held, now)}"
        return forgetting(memory), Refusal(reason=reason)
    return dataclasses.replace(memory, held=held), held


def holds(held: Held, now: Instant) -> bool:
    """Whether both ends lie ahead."""
    return now.boottime_s < held.until_boottime_s and now.wall_s < held.until_wall_s


def lapse(held: Held, now: Instant) -> str:
    """How long ago the ends of a lease were."""
    by_sight_s = now.boottime_s - held.until_boottime_s
    by_wall_s = now.wall_s - held.until_wall_s
    return f"{max(by_sight_s, by_wall_s):.0f} s ago"
