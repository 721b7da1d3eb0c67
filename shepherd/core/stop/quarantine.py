"""Quarantines: what the verbs make of them. Folding the same intents in once more changes nothing."""

import dataclasses
import datetime
import json
import math
import re
from collections.abc import Mapping, Sequence

from shepherd.core.stop.encode import MOST, quarantine_from, quarantine_members
from shepherd.errors import LeaseRefused
from shepherd.model.host import HostName
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.observation import HostFacts
from shepherd.model.stop import Ban, Quarantine
from shepherd.model.view import Bars

IDENT = re.compile(r"q-[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
"""It names directories and containers on hosts."""
RELEASED_KEPT_S = 7 * 86400.0
"""So long a release is told, so that a host which was cut off hears it, too."""
HOST_CHARACTERS = 90
MOST_BYTES = 400_000
"""Of all quarantines on a page, which has room for bans and leases besides; larger ones would take all leases along."""

Quarantines = tuple[Quarantine, ...]


def fold(standing: Quarantines, intents: Sequence[Intent], now_s: float) -> Quarantines:
    """What stands after these, and what was released of late."""
    for intent in intents:
        match intent.kind:
            case IntentKind.QUARANTINE:
                standing = _ordered(standing, intent)
            case IntentKind.RELEASE:
                standing = _released(standing, intent)
            case _:
                pass
    return within_room([one for one in standing if not _is_over(one, now_s)])


def within_room(quarantines: Sequence[Quarantine]) -> Quarantines:
    """As many as a page has room for: of those released the oldest go first, then the newest orders."""
    found, used = list(quarantines), sum(map(size_of, quarantines))
    released = sorted((one for one in found if not stands(one)), key=lambda one: one.released_at_s or 0.0)
    while found and (used > MOST_BYTES or len(found) > MOST):
        victim = released.pop(0) if released else found[-1]
        found.remove(victim)
        used -= size_of(victim)
    return tuple(found)


def without_room(quarantines: Quarantines, intents: Sequence[Intent]) -> list[Intent]:
    """Orders that found no room in what they were folded into."""
    ended = {intent.about.get("host", "") for intent in intents if intent.kind is IntentKind.RELEASE}
    settled = {"", *ended, *(one.host for one in quarantines)}
    orders = (intent for intent in intents if intent.kind is IntentKind.QUARANTINE)
    return [intent for intent in orders if intent.about.get("host", "") not in settled]


def size_of(quarantine: Quarantine) -> int:
    """Bytes on a page."""
    return len(json.dumps(quarantine_members(quarantine), separators=(",", ":"))) + 1


def ident_of(host: str, at_s: float) -> str:
    """A quarantine's name for ever: its host and the second of its order."""
    at = datetime.datetime.fromtimestamp(at_s, datetime.UTC)
    plain = re.sub("[^A-Za-z0-9._-]", "-", host).lstrip("-._")[:HOST_CHARACTERS]
    return f"q-{plain or 'host'}-{at:%Y%m%dT%H%M%S}"


def is_ident(text: str) -> bool:
    """Whether it may name a directory."""
    return IDENT.fullmatch(text) is not None


def stands(quarantine: Quarantine) -> bool:
    """Not released."""
    return quarantine.released_at_s is None


def of_host(quarantines: Sequence[Quarantine], host: str) -> Quarantine | None:
    """The one that stands for a host."""
    return next((one for one in quarantines if one.host == host and stands(one)), None)


def located(quarantines: Quarantines, hosts: Mapping[HostName, HostFacts]) -> Quarantines:
    """The same with the addresses that keepers have told meanwhile."""
    return tuple(_located(one, hosts.get(one.host)) for one in quarantines)


def barred(quarantines: Sequence[Quarantine]) -> Mapping[HostName, str]:
    """Hosts that must not be lent, and why, in one clause."""
    return {one.host: f"{sentence(one)}; `shepherd release {one.host}`" for one in quarantines if stands(one)}


def held(quarantines: Sequence[Quarantine]) -> frozenset[HostName]:
    """Hosts that are to do no work at all."""
    return frozenset(one.host for one in quarantines if stands(one) and one.keep_host)


def bars_of(quarantines: Sequence[Quarantine], bans: Sequence[Ban] = ()) -> Bars:
    """What they keep from being lent."""
    return Bars(why=barred(quarantines), held=held(quarantines), bans=tuple(bans))


def sentence(quarantine: Quarantine) -> str:
    """Who, why, and its name."""
    return f"quarantined by {quarantine.who}: {quarantine.why or 'no reason given'} ({quarantine.ident})"


def carried_out(
    quarantines: Quarantines, known: frozenset[str], hosts: Mapping[HostName, HostFacts]
) -> frozenset[str]:
    """Idents of those that their hosts' keepers said are done."""
    keepers = {host: facts.keeper for host, facts in hosts.items() if facts.keeper is not None}
    said = {host: keeper.quarantine for host, keeper in keepers.items()}
    return frozenset(one.ident for one in quarantines if one.ident in known or said.get(one.host) == one.ident)


def body(quarantines: Sequence[Quarantine], done: frozenset[str]) -> Mapping[str, object]:
    """The whole list as the ledger keeps it, and which of it were carried out."""
    rows = [dict(quarantine_members(one)) for one in quarantines]
    return {"quarantines": rows, "carried_out": sorted(done)}


def carried_out_from(members: Mapping[str, object]) -> frozenset[str]:
    """The inverse, of the second."""
    rows = members.get("carried_out", [])
    return frozenset(map(str, rows)) if isinstance(rows, list) else frozenset()


def from_body(members: Mapping[str, object]) -> Quarantines:
    """The list a body tells of. Raises ValueError: a newer shepherd wrote it, or it was altered."""
    rows = members.get("quarantines", [])
    if not isinstance(rows, list):
        raise ValueError("not a list of quarantines")  # noqa: TRY004 - all that is wrong with a body is one kind
    try:
        return tuple(map(quarantine_from, rows))
    except LeaseRefused as exc:
        raise ValueError(str(exc)) from exc


def _ordered(standing: Quarantines, intent: Intent) -> Quarantines:
    """One a host at a time: a second order for it may only add that the host is kept."""
    host, keep_host = HostName(intent.about.get("host", "")), intent.about.get("keep_host") == "yes"
    known = next((one for one in standing if one.host == host and _covers(one, intent.at_s)), None)
    if known is not None and stands(known):
        return _with(standing, dataclasses.replace(known, keep_host=known.keep_host or keep_host))
    if known is not None or not host:
        return standing
    ident = ident_of(host, intent.at_s)
    taken = {one.ident for one in standing}
    ident = next(name for name in (ident, *(f"{ident}-{number}" for number in range(2, MOST + 3))) if name not in taken)
    new = Quarantine(
        ident=ident, host=host, address="", at_s=intent.at_s, who=intent.who, why=intent.why, keep_host=keep_host
    )
    return (*standing, new)


def _released(standing: Quarantines, intent: Intent) -> Quarantines:
    """By host or by name. One that nobody here remembers is released by name and host: its host may hold it still."""
    wanted, host = intent.about.get("ident", ""), intent.about.get("host", "")
    found = [one for one in standing if stands(one) and one.at_s < intent.at_s and (one.ident == wanted or
             (not wanted and one.host == host))]  # fmt: skip
    for one in found:
        standing = _with(standing, dataclasses.replace(one, released_at_s=intent.at_s))
    if found or not (host and is_ident(wanted)) or any(one.ident == wanted for one in standing):
        return standing
    unknown = Quarantine(
        ident=wanted, host=HostName(host), address="", at_s=intent.at_s, who=intent.who, why=intent.why,
        keep_host=True, released_at_s=intent.at_s,
    )  # fmt: skip
    return (*standing, unknown)


def _covers(quarantine: Quarantine, at_s: float) -> bool:
    """Whether an order of that time was for this one."""
    released_s = math.inf if quarantine.released_at_s is None else quarantine.released_at_s
    return quarantine.at_s <= at_s <= released_s


def _with(standing: Quarantines, changed: Quarantine) -> Quarantines:
    return tuple(changed if one.ident == changed.ident else one for one in standing)


def _located(quarantine: Quarantine, facts: HostFacts | None) -> Quarantine:
    address = facts.keeper.address if facts is not None and facts.keeper is not None else ""
    if quarantine.address or not address or not stands(quarantine):
        return quarantine
    return dataclasses.replace(quarantine, address=address)


def _is_over(quarantine: Quarantine, now_s: float) -> bool:
    released_s = math.inf if quarantine.released_at_s is None else quarantine.released_at_s
    return now_s - released_s > RELEASED_KEPT_S
