"""Hosts that are known, whether or not anything is heard of them now."""

import dataclasses

from shepherd.model.host import HostPair


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """A host that was heard once."""

    pair: HostPair
    heard_at_s: float
    """When the home collector last heard of it, epoch seconds; of one that was on record as heard, by that record."""
