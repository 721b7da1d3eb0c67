"""What the flock collector knows of guests: claims, schedds and submitters, as plain rows and back. Runs in the worker,
but for `…_from`."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from shepherd.edges.htcondor.values import Ad, text
from shepherd.model.guest import Claim
from shepherd.model.stop import FlockAd

CLAIM = ["Name", "RemoteUser", "RemoteScheddName", "GlobalJobId", "ClientMachine"]
CLAIMED = "RemoteUser isnt undefined"
SCHEDD = ["Name", "MyAddress", "AuthenticatedIdentity"]
SUBMITTER = ["Name", "ScheddName", "MyAddress", "AuthenticatedIdentity"]
UNKNOWN = "unauthenticated"
IPV4 = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])")
PRIMARY = re.compile(r"<([^?>]*)")
ALSO = re.compile(r"[?&]addrs=([^&>]*)")

Row = Sequence[str]


def claims(ads: Iterable[Ad]) -> list[Row]:
    """Slot, user, schedd, and the address of the client if it is one."""
    return [[text(ad.get("Name")) or "", text(ad.get("RemoteUser")) or "", _schedd(ad), _client(ad)] for ad in ads]


def claims_from(rows: Iterable[Row]) -> list[Claim]:
    """The claims; a slot without a name is none."""
    return [Claim(slot=row[0], user=row[1], schedd=row[2], address=row[3]) for row in rows if row[0]]


def _schedd(ad: Ad) -> str:
    """A claim that runs no job yet has no job id."""
    return text(ad.get("RemoteScheddName")) or (text(ad.get("GlobalJobId")) or "").partition("#")[0]


def _client(ad: Ad) -> str:
    said = text(ad.get("ClientMachine")) or ""
    return said if is_address(said) else ""


def flock_ads(schedds: Iterable[Ad], submitters: Iterable[Ad]) -> list[Row]:
    """Identity, schedd, address, user: a row for each address of each ad."""
    rows = [(ad, text(ad.get("Name")) or "", "") for ad in schedds]
    rows += [(ad, text(ad.get("ScheddName")) or "", text(ad.get("Name")) or "") for ad in submitters]
    return [[_identity(ad), schedd, address, user] for ad, schedd, user in rows for address in addresses(ad) or [""]]


def flock_ads_from(rows: Iterable[Row]) -> list[FlockAd]:
    """The ads."""
    return [FlockAd(identity=row[0], schedd=row[1], address=row[2], user=row[3]) for row in rows]


def _identity(ad: Ad) -> str:
    """Empty for whoever has not signed in."""
    said = text(ad.get("AuthenticatedIdentity")) or ""
    return "" if said.partition("@")[0] == UNKNOWN else said


def addresses(ad: Ad) -> list[str]:
    """IPv4 addresses of a daemon's address string (`<1.2.3.4:9618?addrs=1.2.3.4-9618&…>`), each once. Those of its CCB
    broker are not its own."""
    said = text(ad.get("MyAddress")) or ""
    return list(dict.fromkeys(_found(said)))


def _found(said: str) -> Iterator[str]:
    for part in (PRIMARY, ALSO):
        if match := part.search(said):
            yield from (address for address in IPV4.findall(match[1]) if is_address(address))


def is_address(said: str) -> bool:
    """Whether it is an IPv4 address in its one spelling."""
    try:
        return str(ipaddress.IPv4Address(said)) == said
    except ValueError:
        return False
