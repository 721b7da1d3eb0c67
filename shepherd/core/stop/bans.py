"""Bans: what verbs and the clock make of the standing list, and whom a ban hits.

Kind and value are a ban's name: a second ban of the same replaces the first, so that an administrator can shorten or
prolong one. What HTCondor says of itself is compared without regard to case, as HTCondor does.
"""

import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from shepherd.core.guest.naming import PREFIX, domain_of
from shepherd.core.stop.encode import MAX_ADDRESSES, MOST, ban_from, ban_members
from shepherd.errors import LeaseRefused
from shepherd.model.guest import Claim
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.stop import Ban, BanKind, FlockAd

Bans = tuple[Ban, ...]
PEOPLE = frozenset({BanKind.USER, BanKind.SCHEDD, BanKind.GUEST})
"""Kinds that hit jobs wherever they run."""
ADDRESSED = frozenset({BanKind.SCHEDD, BanKind.GUEST})
"""Kinds whose addresses the gateway cuts off."""


KINDS = frozenset(kind.value for kind in BanKind)
MOST_BYTES = 400_000
"""Of all bans on a page, which has room for leases besides."""


def name_of(ban: Ban) -> tuple[str, str]:
    """Kind and value, by which bans are the same."""
    return ban.kind.value, ban.value


def fold(standing: Sequence[Ban], intents: Iterable[Intent], now: float) -> Bans:
    """The list after these intents and this instant, sorted by name. Folding the same intents in once more changes
    nothing. What is too much for a page, or could not be read from one, is not taken."""
    bans = {name_of(ban): ban for ban in standing}
    bytes_used = sum(map(size_of, standing))
    for intent in intents:
        kind, value = _named_in(intent)
        old, new = bans.get((kind, value)), None
        if intent.kind is IntentKind.BAN and kind in KINDS and value:
            new = _told(intent, BanKind(kind), value, old)
        elif intent.kind is not IntentKind.UNBAN:
            continue
        bytes_then = bytes_used - (size_of(old) if old else 0) + (size_of(new) if new else 0)
        if new is None:
            bans.pop((kind, value), None)
        elif is_readable(new) and bytes_then <= MOST_BYTES and (old is not None or len(bans) < MOST):
            bans[kind, value] = new
        else:
            continue
        bytes_used = bytes_then
    return tuple(bans[name] for name in sorted(bans) if not is_over(bans[name], now))


def without_room(bans: Sequence[Ban], intents: Sequence[Intent], now: float) -> list[Intent]:
    """Orders that found no room in what they were folded into."""
    there = {name_of(ban) for ban in bans}
    ended = {_named_in(intent) for intent in intents if intent.kind is IntentKind.UNBAN}
    return [
        intent for intent in intents
        if intent.kind is IntentKind.BAN and _named_in(intent) not in there | ended and _is_good(intent, now)
    ]  # fmt: skip


def _named_in(intent: Intent) -> tuple[str, str]:
    return intent.about.get("kind", ""), intent.about.get("value", "")


def _is_good(intent: Intent, now: float) -> bool:
    kind, value = _named_in(intent)
    if kind not in KINDS or not value:
        return False
    ban = _told(intent, BanKind(kind), value, None)
    return is_readable(ban) and not is_over(ban, now)


def is_over(ban: Ban, now: float) -> bool:
    """Whether it has ended by itself."""
    return ban.until_s is not None and now >= ban.until_s


def _told(intent: Intent, kind: BanKind, value: str, old: Ban | None) -> Ban:
    """A ban as it was ordered. One of the same name goes on with the addresses and the domain that are known of it."""
    domain = (intent.about.get("domain", "") or (old.domain if old else "")) if kind is BanKind.GUEST else ""
    return Ban(
        kind=kind,
        value=value,
        at_s=intent.at_s,
        until_s=None if intent.for_s is None else intent.at_s + intent.for_s,
        who=intent.who,
        why=intent.why,
        domain=domain,
        addresses=old.addresses if old else (),
    )


@functools.lru_cache(maxsize=2 * MOST)
def is_readable(ban: Ban) -> bool:
    """Whether a keeper could read it on a page: one that cannot be read would take all leases along."""
    try:
        return ban_from(json.loads(json.dumps(ban_members(ban)))) is not None
    except (LeaseRefused, ValueError):
        return False


def fits(bans: Sequence[Ban]) -> bool:
    """Whether a page has room for these."""
    return len(bans) <= MOST and sum(map(size_of, bans)) <= MOST_BYTES


@functools.lru_cache(maxsize=2 * MOST)
def size_of(ban: Ban) -> int:
    """Bytes on a page."""
    return len(json.dumps(ban_members(ban), separators=(",", ":"))) + 1


def with_seen(standing: Sequence[Ban], ads: Sequence[FlockAd], domains: Mapping[str, str]) -> Bans:
    """The list with the addresses and domains that are known by now. An address that was seen once stays: a schedd that
    moves must not get away. Of very many the newest are kept. One that somebody else has signed in with, too, is left
    out: an address in an ad is its sender's word, and cutting it off would hit others. `domains`: of guests, by their
    files."""
    seen = tuple(_seen(ban, ads, domains) for ban in standing)
    return seen if fits(seen) and all(map(is_readable, seen)) else tuple(standing)


def _seen(ban: Ban, ads: Sequence[FlockAd], domains: Mapping[str, str]) -> Ban:
    if ban.kind not in ADDRESSED:
        return ban
    own = [ad for ad in ads if _is_of(ad, ban)]
    themselves = {ad.identity for ad in own}
    others = {ad.address for ad in ads if ad.identity and ad.identity not in themselves}
    new = [address for address in dict.fromkeys(ad.address for ad in own) if address and address not in others]
    known = [*ban.addresses, *(address for address in new if address not in ban.addresses)]
    by_ads = next((domain_of(ad.user) for ad in own if ad.user), "") if ban.kind is BanKind.GUEST else ""
    domain = domains.get(ban.value) or ban.domain or by_ads if ban.kind is BanKind.GUEST else ""
    return dataclasses.replace(ban, domain=domain, addresses=tuple(known[-MAX_ADDRESSES:]))


def _is_of(ad: FlockAd, ban: Ban) -> bool:
    """Only what somebody has signed in for counts."""
    if ban.kind is BanKind.GUEST:
        return ad.identity.startswith(f"{PREFIX}{ban.value}.")
    return bool(ad.identity) and ad.schedd.casefold() == ban.value.casefold()


def hits(ban: Ban, claim: Claim) -> bool:
    """Whether a claim is of whom this bans."""
    match ban.kind:
        case BanKind.USER:
            return claim.user.casefold() == ban.value.casefold()
        case BanKind.SCHEDD:
            return claim.schedd.casefold() == ban.value.casefold() or claim.address in ban.addresses
        case BanKind.GUEST:
            of_domain = bool(ban.domain) and domain_of(claim.user).casefold() == ban.domain.casefold()
            return of_domain or claim.address in ban.addresses
        case BanKind.IMAGE | BanKind.HOST:
            return False
    assert_never(ban.kind)


def to_vacate(claims: Iterable[Claim], standing: Sequence[Ban]) -> list[Claim]:
    """The claims that somebody banned has."""
    return [claim for claim in claims if any(hits(ban, claim) for ban in standing)]


def why_not_lent(standing: Sequence[Ban], host: str, image: str) -> str:
    """Why this host, with this image, is not lent, or goes home; empty if no ban says so."""
    for ban in standing:
        if ban.kind is BanKind.HOST and ban.value == host:
            return f"the host is banned: {ban.why} ({ban.who})"
        if ban.kind is BanKind.IMAGE and ban.value == image:
            return f"the image is banned: {ban.why} ({ban.who})"
    return ""


def people(standing: Sequence[Ban]) -> Bans:
    """Those that hit jobs wherever they run."""
    return tuple(ban for ban in standing if ban.kind in PEOPLE)
