"""What the gateway makes of lease pages: whom to cut off, and until when.

It reads one page, because bans and quarantines are on every one. A page is judged as a host judges it, by signature,
pool, order and clock; what is not believed wholly may still stop somebody, and lets nobody go.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping

from shepherd.core.lease import memory as memories
from shepherd.core.lease.judge import Here, Instant, check_order, issue_of, remembering, same_issue
from shepherd.core.lease.memory import Memory, expect
from shepherd.core.stop.bans import ADDRESSED, Bans, is_over, name_of
from shepherd.core.stop.encode import ban_from, ban_members, quarantine_from, quarantine_members
from shepherd.errors import LeaseRefused
from shepherd.model.host import HostName, Nonce
from shepherd.model.lease import LeasePage
from shepherd.model.stop import Ban, Quarantine

PAGE = 0
"""The page that a gateway reads; there always is one of this number."""
STALE_S = 900.0
"""A page that is older may be an old one shown again to a gateway that has forgotten what it saw."""
NOBODY = Nonce("gateway")
"""Gateways have no leases, and so no nonce that a reboot would change."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """What a gateway remembers over its restarts."""

    memory: Memory = dataclasses.field(default_factory=lambda: Memory(nonce=NOBODY))
    bans: Bans = ()
    quarantines: tuple[Quarantine, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cuts:
    """Addresses that nothing passes to or from, and until when (epoch seconds; None: until somebody says so)."""

    banned: Mapping[str, float | None]
    quarantined: Mapping[str, float | None]


def learn(known: Known, page: LeasePage, *, pool: str, skew_s: float, now: Instant) -> Known:
    """What is known after a page whose signature is good. Raises LeaseRefused if it is not believed at all."""
    if page.pool != pool:
        raise LeaseRefused(f"page of the pool {page.pool}, not of {pool}")
    if page.page != PAGE:
        raise LeaseRefused(f"page {page.page}; a gateway reads page {PAGE}")
    check_order(known.memory, page)
    memory = known.memory
    if memory.issue is None or not same_issue(memory.issue, page):
        here = Here(host=HostName(NOBODY), pool=pool, nonce=NOBODY, images=frozenset(), skew_s=skew_s)
        memory = remembering(memory, issue_of(memory.issue, page, here, now))
    bans, quarantines = page.bans, page.quarantines
    if page.issued_at_s > now.wall_s + skew_s or page.issued_at_s < now.wall_s - skew_s - STALE_S:
        bans, quarantines = _both(known, page)
    return Known(memory=memory, bans=bans, quarantines=quarantines)


def _both(known: Known, page: LeasePage) -> tuple[Bans, tuple[Quarantine, ...]]:
    """All that stood, and what the page has besides."""
    named = {name_of(ban) for ban in known.bans}
    idents = {quarantine.ident for quarantine in known.quarantines}
    return (
        (*known.bans, *(ban for ban in page.bans if name_of(ban) not in named)),
        (*known.quarantines, *(one for one in page.quarantines if one.ident not in idents)),
    )


def cuts(known: Known, wall_s: float, *, spared: Iterable[str] = ()) -> Cuts:
    """Whom to cut off now. `spared`: the site's own services, whose addresses a guest's schedd might call its own."""
    own = frozenset(spared)
    banned: dict[str, float | None] = {}
    for ban in known.bans:
        if ban.kind in ADDRESSED and not is_over(ban, wall_s):
            for address in set(ban.addresses) - own:
                banned[address] = _later(banned.get(address, 0.0), ban)
    quarantined = {one.address: None for one in known.quarantines if one.address and one.released_at_s is None}
    return Cuts(banned=banned, quarantined=quarantined)


def _later(until_s: float | None, ban: Ban) -> float | None:
    return None if until_s is None or ban.until_s is None else max(until_s, ban.until_s)


def filling(name: str, elements: Mapping[str, float | None], table: str, wall_s: float) -> str:
    """The text for nft that makes a set hold exactly these; the kernel itself ends what ends by itself."""
    texts = [
        address if until_s is None else f"{address} timeout {_left(until_s, wall_s)}s"
        for address, until_s in sorted(elements.items())
    ]
    fill = f"add element inet {table} {name} {{ {', '.join(texts)} }}\n" if texts else ""
    return f"flush set inet {table} {name}\n{fill}"


def _left(until_s: float, wall_s: float) -> int:
    return max(1, round(until_s - wall_s))


def to_json(known: Known) -> str:
    """For the disk."""
    return json.dumps(
        {
            "memory": memories.to_json(known.memory),
            "bans": [dict(ban_members(ban)) for ban in known.bans],
            "quarantines": [dict(quarantine_members(one)) for one in known.quarantines],
        },
        sort_keys=True,
    )


def from_json(text: str) -> Known:
    """The inverse. Raises LeaseRefused if it is damaged."""
    try:
        members = expect(json.loads(text), dict)
        return Known(
            memory=memories.from_json(expect(members["memory"], str), NOBODY),
            bans=tuple(ban_from(one) for one in expect(members["bans"], list)),
            quarantines=tuple(quarantine_from(one) for one in expect(members["quarantines"], list)),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise LeaseRefused(f"memory of stops is damaged: {exc!r}") from exc
