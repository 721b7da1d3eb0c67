"""Lease pages as canonical bytes, and back.

The bytes are JSON with sorted keys, without spaces, in ASCII. There is exactly one encoding of a
page: bytes that decode but would not be encoded like that again are refused, so that nothing can
hide in doubled keys, spaces or other spellings of a number.
"""

import json

from shepherd.core.lease.members import MAX_SERIAL, MAX_TEXT, Members, keyed, number, text, truth, whole
from shepherd.core.stop.encode import MOST, ban_from, ban_members, quarantine_from, quarantine_members
from shepherd.errors import InvariantBroken, LeaseRefused
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.lease import Ladder, Lease, LeasePage, LeasePhase
from shepherd.model.one_line import one_line

VERSION = 1
MAX_BYTES = 1 << 20
"""No page of ours comes near; more is not even parsed."""
MAX_PAGES = 4096

PAGE_KEYS = frozenset({"v", "pool", "instance", "page", "pages", "serial", "issued_at_s", "flockoff", "leases"})
PAGE_EXTRAS = frozenset({"process", "bans", "quarantines", "spooled"})
"""Members that a page lacks if there is nothing to say: keepers from before them can read it then."""
LEASE_KEYS = frozenset({"host", "nonce", "lease", "phase", "image", "lease_s", "graceful_s", "fast_s", "kill_s", "why"})

def encode(page: LeasePage) -> bytes:
    """The one byte string that stands for `page`. Characters of `why` that do not print go.

    Raises:
        InvariantBroken: the page could not be decoded again; a defect of whoever built it.
    """
    payload = canonical(page_members(page))
    try:
        decode(payload)
    except LeaseRefused as refused:
        raise InvariantBroken(f"a lease page of ours cannot be read back: {refused}") from refused
    return payload


def canonical(members: object) -> bytes:
    """The one way JSON values are written."""
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode("ascii")


def page_members(page: LeasePage) -> Members:
    """A page as JSON values."""
    return {
        **extras(page),
        "v": VERSION,
        "pool": page.pool,
        "instance": page.instance,
        "page": page.page,
        "pages": page.pages,
        "serial": page.serial,
        "issued_at_s": float(page.issued_at_s),
        "flockoff": page.flockoff,
        "leases": [lease_members(lease) for lease in page.leases],
    }


def extras(page: LeasePage) -> Members:
    """What not every page has."""
    said: dict[str, object] = {
        "process": page.process,
        "bans": [ban_members(ban) for ban in page.bans],
        "quarantines": [quarantine_members(quarantine) for quarantine in page.quarantines],
        "spooled": dict(page.spooled),
    }
    return {name: value for name, value in said.items() if value}


def lease_members(lease: Lease) -> Members:
    """A lease as JSON values."""
    return {
        "host": lease.host,
        "nonce": lease.nonce,
        "lease": lease.lease,
        "phase": lease.phase.value,
        "image": lease.image,
        "lease_s": float(lease.lease_s),
        "graceful_s": float(lease.ladder.graceful_s),
        "fast_s": float(lease.ladder.fast_s),
        "kill_s": float(lease.ladder.kill_s),
        "why": one_line(lease.why, MAX_TEXT),
    }


def is_readable(lease: Lease) -> bool:
    """Whether a keeper could read this lease on a page."""
    try:
        lease_from(json.loads(canonical(lease_members(lease))))
    except (LeaseRefused, ValueError):
        return False
    return True


def decode(payload: bytes) -> LeasePage:
    """The page that `payload` stands for.

    Raises:
        LeaseRefused: `payload` is not exactly what `encode` makes of some page; says what is wrong.
    """
    page = page_from(parsed(payload))
    if canonical(page_members(page)) != payload:
        raise LeaseRefused("malformed lease page: not in canonical form")
    return page


def parsed(payload: bytes) -> object:
    """The JSON value in `payload`."""
    if len(payload) > MAX_BYTES:
        raise LeaseRefused(f"malformed lease page: {len(payload)} bytes, at most {MAX_BYTES}")
    try:
        return json.loads(payload.decode("ascii"))
    except (ValueError, RecursionError) as exc:
        raise LeaseRefused(f"malformed lease page: not JSON ({exc})") from exc


def page_from(value: object) -> LeasePage:
    """A page from JSON values; raises LeaseRefused."""
    members = keyed(value, PAGE_KEYS, "page", PAGE_EXTRAS)
    version = whole(members, "v", 0, MAX_SERIAL)
    if version != VERSION:
        raise LeaseRefused(f"lease page of version {version}; this keeper reads {VERSION}")
    pages = whole(members, "pages", 1, MAX_PAGES)
    leases = members["leases"]
    if not isinstance(leases, list):
        raise LeaseRefused("malformed lease page: leases is not a list")
    page = LeasePage(
        pool=text(members, "pool"),
        instance=text(members, "instance"),
        page=whole(members, "page", 0, pages - 1),
        pages=pages,
        serial=whole(members, "serial", 0, MAX_SERIAL),
        issued_at_s=number(members, "issued_at_s"),
        flockoff=truth(members, "flockoff"),
        leases=tuple(lease_from(lease) for lease in leases),
        process=text(members, "process") if "process" in members else "",
        bans=tuple(ban_from(one) for one in listed(members, "bans")),
        quarantines=tuple(quarantine_from(one) for one in listed(members, "quarantines")),
        spooled=spooled(members.get("spooled", {})),
    )
    if len({lease.host for lease in page.leases}) < len(page.leases):
        raise LeaseRefused("malformed lease page: two leases for one host")
    return page


def listed(members: Members, key: str) -> list[object]:
    """A member that may be missing, and is else a list that is not too long."""
    value = members.get(key, [])
    if isinstance(value, list) and len(value) <= MOST:
        return value
    raise LeaseRefused(f"malformed lease page: {key} is not a list of at most {MOST}")


def spooled(value: object) -> tuple[tuple[str, int], ...]:
    """Hosts and the numbers of their segments, by name."""
    if not isinstance(value, dict):
        raise LeaseRefused("malformed lease page: spooled is not an object")
    return tuple((host, whole(value, host, 1, MAX_SERIAL)) for host in sorted(value))


def lease_from(value: object) -> Lease:
    """A lease from JSON values; raises LeaseRefused."""
    members = keyed(value, LEASE_KEYS, "lease")
    return Lease(
        host=HostName(text(members, "host")),
        nonce=Nonce(text(members, "nonce")),
        lease=LeaseId(text(members, "lease")),
        phase=phase(members),
        image=text(members, "image"),
        lease_s=number(members, "lease_s"),
        ladder=Ladder(
            graceful_s=number(members, "graceful_s"),
            fast_s=number(members, "fast_s"),
            kill_s=number(members, "kill_s"),
        ),
        why=text(members, "why", least=0),
    )


def phase(members: Members) -> LeasePhase:
    """The phase of a lease."""
    try:
        return LeasePhase(text(members, "phase"))
    except ValueError as exc:
        raise LeaseRefused(f"malformed lease page: {exc}") from exc
