"""Bans and quarantines as JSON values of a page, and back. `…_from` raises LeaseRefused."""

import ipaddress

from shepherd.core.lease.members import Members, keyed, number, text
from shepherd.errors import LeaseRefused
from shepherd.model.host import HostName
from shepherd.model.one_line import one_line
from shepherd.model.stop import Ban, BanKind, Quarantine

MOST = 1000
"""Bans, or quarantines, on a page; more would make it too large for hosts to read every few seconds."""
MAX_TEXT = 500
MAX_ADDRESSES = 64
BAN_KEYS = frozenset({"kind", "value", "at_s", "until_s", "who", "why", "domain", "addresses"})
QUARANTINE_KEYS = frozenset({"ident", "host", "address", "at_s", "who", "why", "keep_host", "released_at_s"})

def ban_members(ban: Ban) -> Members:
    """A ban as JSON values. Characters of `who` and `why` that do not print go."""
    return {
        "kind": ban.kind.value,
        "value": ban.value,
        "at_s": float(ban.at_s),
        "until_s": None if ban.until_s is None else float(ban.until_s),
        "who": one_line(ban.who, MAX_TEXT),
        "why": one_line(ban.why, MAX_TEXT),
        "domain": ban.domain,
        "addresses": list(ban.addresses),
    }


def ban_from(value: object) -> Ban:
    """A ban from JSON values."""
    members = keyed(value, BAN_KEYS, "ban")
    try:
        kind = BanKind(members["kind"])
    except ValueError as exc:
        raise LeaseRefused(f"malformed ban: {exc}") from exc
    return Ban(
        kind=kind,
        value=text(members, "value", 1, MAX_TEXT),
        at_s=number(members, "at_s"),
        until_s=None if members["until_s"] is None else number(members, "until_s"),
        who=text(members, "who", 0, MAX_TEXT),
        why=text(members, "why", 0, MAX_TEXT),
        domain=text(members, "domain", 0, MAX_TEXT),
        addresses=addresses(members["addresses"]),
    )


def quarantine_members(quarantine: Quarantine) -> Members:
    """A quarantine as JSON values. Characters of `who` and `why` that do not print go."""
    released_at_s = quarantine.released_at_s
    return {
        "ident": quarantine.ident,
        "host": quarantine.host,
        "address": quarantine.address,
        "at_s": float(quarantine.at_s),
        "who": one_line(quarantine.who, MAX_TEXT),
        "why": one_line(quarantine.why, MAX_TEXT),
        "keep_host": quarantine.keep_host,
        "released_at_s": None if released_at_s is None else float(released_at_s),
    }


def quarantine_from(value: object) -> Quarantine:
    """A quarantine from JSON values."""
    members = keyed(value, QUARANTINE_KEYS, "quarantine")
    if not isinstance(members["keep_host"], bool):
        raise LeaseRefused("malformed quarantine: keep_host is neither true nor false")
    return Quarantine(
        ident=text(members, "ident", 1, MAX_TEXT),
        host=HostName(text(members, "host", 1, MAX_TEXT)),
        address=next(iter(addresses([members["address"]])), "") if members["address"] else "",
        at_s=number(members, "at_s"),
        who=text(members, "who", 0, MAX_TEXT),
        why=text(members, "why", 0, MAX_TEXT),
        keep_host=members["keep_host"],
        released_at_s=None if members["released_at_s"] is None else number(members, "released_at_s"),
    )


def addresses(value: object) -> tuple[str, ...]:
    """IPv4 addresses in their one spelling."""
    if not isinstance(value, list) or len(value) > MAX_ADDRESSES:
        raise LeaseRefused("malformed page: addresses is not a short list")
    try:
        made = tuple(str(ipaddress.IPv4Address(one)) for one in value if isinstance(one, str))
    except ValueError as exc:
        raise LeaseRefused(f"malformed page: {exc}") from exc
    if list(made) != value:
        raise LeaseRefused("malformed page: not IPv4 addresses")
    return made
