"""Which page a host reads, and what goes onto the pages."""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

from shepherd.errors import InvariantBroken
from shepherd.model.lease import Lease, LeasePage, host_number
from shepherd.model.stop import Ban, Quarantine

SERIALS_PER_SECOND = 1000
"""A serial is at least the wall clock in ms, so that it grows even when no earlier one is known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Beside:
    """What pages carry beside leases."""

    bans: tuple[Ban, ...] = ()
    quarantines: tuple[Quarantine, ...] = ()
    spooled: tuple[tuple[str, int], ...] = ()
    """By host; sorted, so that equal things make equal pages."""


NOTHING = Beside()


def page_of(host: str, pages: int) -> int:
    """The page of `pages` that carries the lease of `host`."""
    return host_number(host) % pages


def next_serial(published: Iterable[int], issued_at_s: float) -> int:
    """A serial above all that this instance has `published`, also when its clock stepped back."""
    return max(int(issued_at_s * SERIALS_PER_SECOND), 1, *(serial + 1 for serial in published))


def spread(
    leases: Sequence[Lease],
    *,
    pool: str,
    instance: str,
    pages: int,
    serial: int,
    issued_at_s: float,
    flockoff: bool,
    process: str = "",
    beside: Beside = NOTHING,
) -> tuple[LeasePage, ...]:
    """All pages of one issue, empty ones too: an empty page is how flockoff reaches every host.

    Raises:
        InvariantBroken: a host has two leases.
    """
    refuse_doubles(leases)
    return tuple(
        LeasePage(
            pool=pool,
            instance=instance,
            page=number,
            pages=pages,
            serial=serial,
            issued_at_s=issued_at_s,
            flockoff=flockoff,
            process=process,
            bans=beside.bans,
            quarantines=beside.quarantines,
            spooled=tuple(one for one in beside.spooled if page_of(one[0], pages) == number),
            leases=tuple(lease for lease in leases if page_of(lease.host, pages) == number),
        )
        for number in range(pages)
    )


def refuse_doubles(leases: Sequence[Lease]) -> None:
    """Raise InvariantBroken if one host has two leases."""
    hosts = sorted(lease.host for lease in leases)
    doubles = sorted({one for one, other in itertools.pairwise(hosts) if one == other})
    if doubles:
        raise InvariantBroken(f"two leases for one host: {', '.join(doubles)}")
