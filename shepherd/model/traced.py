"""How the record of who ran what is doing."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Anchored:
    """The ends of the records, as the site's logger knows them."""

    told_at_s: float
    """When it was told last, as far as is known, epoch seconds; 0: not since the start."""
    every_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Traced:
    """Of what hosts and gateways record, as the daemon collects it."""

    is_storable: bool
    stored_at_s: float
    """When something was stored last, epoch seconds; 0: not since the start."""
    behind: int
    """Sources whose records cannot be fetched."""
    gaps: int
    """Gaps in the records that were stored since the start."""
    anchored: Anchored | None
    """None: there is no logger."""
