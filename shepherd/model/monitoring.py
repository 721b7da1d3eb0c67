"""Silences of a monitoring's checks, and the shepherd's own sign of life. Checks are named `HOST!SERVICE` or `HOST`."""

import dataclasses
import enum
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

AUTHOR = "flocking-shepherd"
"""Author of every downtime of a shepherd: those of anybody else are not even listed by the shipped ApiUser."""

MARK = re.compile(r"\[shepherd pool=(\S*) instance=(\S*) host=(\S*) lease=(\S*)(?: until=(\d{1,12}))?\]\Z")


class SilenceKind(enum.Enum):
    """How a check is silenced."""

    DOWNTIME = "downtime"
    """A downtime that lapses by itself."""
    CHECKS_OFF = "disable-checks"
    """Active checks are switched off until a shepherd switches them on again."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mark:
    """Whose a silence is, and why: the end of a downtime's comment. By it a restarted shepherd knows its own."""

    pool: str
    """Name of the home pool. Silences of it belong to whichever shepherd runs that pool."""
    instance: str
    """The shepherd that made it, for people who look into it."""
    host: str
    lease: str
    """The lend it is for; empty while the host is local."""
    why: str
    """For whoever reads the downtime."""

    def text(self, until_s: float | None = None) -> str:
        """As a comment. `until_s`, epoch seconds: what it is for has no end of its own, and is over then."""
        pool, instance, host, lease = (
            quote(one, safe="", errors="replace") for one in (self.pool, self.instance, self.host, self.lease)
        )
        until = "" if until_s is None else f" until={until_s:.0f}"
        return f"{self.why} [shepherd pool={pool} instance={instance} host={host} lease={lease}{until}]"


def mark_in(comment: str) -> Mark | None:
    """The mark at the end of a comment; None if it has none."""
    matched = MARK.search(comment)
    if matched is None:
        return None
    pool, instance, host, lease = map(unquote, matched.groups()[:4])
    return Mark(pool=pool, instance=instance, host=host, lease=lease, why=comment[: matched.start()].rstrip())


def until_in(comment: str) -> float:
    """Until when what a mark stands for is meant to be; what does not say it is over. Epoch seconds."""
    matched = MARK.search(comment)
    return float(matched.group(5) or 0) if matched else 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Silence:
    """A silence of a shepherd that exists."""

    name: str
    """What it is ended by: a downtime's full name, or the check's own."""
    check: str
    kind: SilenceKind
    mark: Mark
    until_s: float
    """Epoch seconds. A downtime is over then; a check that is switched off is to be renewed or ended by us."""
    from_s: float = 0.0
    """Epoch seconds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Begin:
    """Silence a check."""

    check: str
    kind: SilenceKind
    mark: Mark
    from_s: float
    """Epoch seconds, a little in the past: a downtime that begins in the future, by Icinga's clock, is none."""
    until_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """End one silence, by its name."""

    silence: Silence

    @property
    def check(self) -> str:
        """The check that it silences."""
        return self.silence.check

    @property
    def mark(self) -> Mark:
        """Whose it is."""
        return self.silence.mark


Call = Begin | End


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """The shepherd's sign of life."""

    check: str
    is_well: bool
    """False: it runs, and has problems to show."""
    text: str
    """One line."""
    performance: Mapping[str, float]
    """Figures by name; those ending in `_s` are seconds."""
    ttl_s: float
    """Without another one within this time the monitoring alarms."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Permissions:
    """What our user may do there, as the monitoring says."""

    user: str
    granted: tuple[str, ...]
    """Names as in Icinga's `permissions`, with wildcards as they stand there, without filters."""
    version: str
