"""What a person asks to have banned: judged before anything is ordered."""

import dataclasses
import difflib
import re
from collections.abc import Collection, Mapping

from shepherd.errors import UsageError
from shepherd.model.stop import BanKind

IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
USER = re.compile(r"[^\s@,*]+@[^\s@,*]+")
NAME = re.compile(r"[^\s,*]{1,255}")
LONGEST = 300
"""Of a value: it has to fit among others into one attribute."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of the site; empty: not known, and not asked for."""

    guests: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Domain by name."""
    hosts: Collection[str] = ()
    own_schedds: Collection[str] = ()


def judged(kind: BanKind, value: str, known: Known, *, anyhow: bool) -> str:
    """The value as it is ordered. `anyhow`: what is not known is taken as it is. Raises UsageError."""
    value = value.strip()
    if not value.isprintable() or len(value) > LONGEST or any(mark in value for mark in "\"\\"):
        raise UsageError(f"{value[:40]!r} is nobody's name")
    match kind:
        case BanKind.USER:
            _user(value, known)
        case BanKind.SCHEDD:
            _schedd(value, known)
        case BanKind.IMAGE:
            value = _image(value)
        case BanKind.GUEST:
            _one_of(value, known.guests, "guest", "`shepherd guest show` lists them", anyhow=anyhow)
        case BanKind.HOST:
            _one_of(value, known.hosts, "host", "`shepherd -s` lists them", anyhow=anyhow)
    return value


def _user(value: str, known: Known) -> None:
    if value.startswith("*@") or (value.startswith("@") and len(value) > 1):
        name = next((name for name, domain in known.guests.items() if domain == value.partition("@")[2]), "NAME")
        raise UsageError(f"{value} would be everybody of a domain: ban the guest, `shepherd ban guest {name}`")
    if not USER.fullmatch(value):
        raise UsageError(f"{value!r} is no user: write USER@DOMAIN, as `condor_status -slots -af RemoteUser` shows it")


def _schedd(value: str, known: Known) -> None:
    if value in known.own_schedds:
        raise UsageError(f"{value} is this site's own schedd; bans are for guests")
    if not NAME.fullmatch(value):
        raise UsageError(f"{value!r} is no schedd's name: write it as `condor_status -schedd -af Name` shows it")


def _image(value: str) -> str:
    """The id with its prefix, which people leave out."""
    full = value if value.startswith("sha256:") else f"sha256:{value}"
    if not IMAGE.fullmatch(full):
        raise UsageError(f"{value!r} is no image's id: write sha256: and 64 hex digits, as `flock.image` has it")
    return full


def _one_of(value: str, names: Collection[str], what: str, where: str, *, anyhow: bool) -> None:
    """Among those that are known, if any are. A typing error would stop nobody, and look as if it did."""
    if not NAME.fullmatch(value):
        raise UsageError(f"{value!r} is no {what}'s name")
    if anyhow or not names or value in names:
        return
    near = difflib.get_close_matches(value, sorted(names), n=3)
    meant = f"; did you mean {' or '.join(near)}?" if near else f"; {where}"
    raise UsageError(f"there is no {what} {value}{meant} (--anyhow orders it all the same)")
