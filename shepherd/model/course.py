"""How a pool went over the last hours, and which checks are silent: what `shepherd watch` shows beside the present."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """What one decision saw."""

    at_s: float
    local: int
    """Hosts in the local herd."""
    flock: int
    idle_jobs: int | None
    """None: not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Silent:
    """A check of the monitoring that the shepherd silenced."""

    check: str
    until_s: float
    host: str
    """Empty if that is not on record."""
