"""The trace store's hash chain: blocks of rows, day by day.

A block is what was stored at one time: segments, what the shepherd noted, what was carried into a new day, or what the
store itself did. Its hash covers all rows of it, so that the chain costs one hash a commit and not one a row.
"""

import dataclasses
import enum
import hashlib
import json
from collections.abc import Mapping, Sequence

from shepherd.model.chain import Head, canonical, link


class BlockKind(enum.Enum):
    """What a block is."""

    SEGMENTS = "segments"
    NOTE = "note"
    """The shepherd's own records."""
    CARRY = "carry"
    """What had begun before this day and not ended, and what was last seen."""
    ACT = "act"
    """What the store did."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """A block as it is stored."""

    seq: int
    at_s: float
    """By the shepherd's clock."""
    kind: str
    segments: str
    """JSON object: by source, the numbers of its segments in it."""
    from_s: float
    """Time of the oldest record."""
    to_s: float
    lasts: str
    """JSON array: for each table the number of the last row after this block."""
    hash: str

    def head(self) -> Head:
        """The end of the chain after it."""
        return Head(seq=self.seq, hash=self.hash)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DayOpening:
    """The first page of a day's file."""

    day: str
    first_seq: int
    previous_day: str
    """Empty for the first of all."""
    previous_hash: str
    stored: str
    """JSON object: by source, the newest segment stored before."""

    def hash(self) -> str:
        """Links the day to the end of the one before."""
        return link(self.previous_hash, ["trace", self.day, self.first_seq, self.previous_day, self.stored])

    def head(self) -> Head:
        """The end of the chain while the day has no blocks."""
        return Head(seq=self.first_seq - 1, hash=self.hash())

    def newest(self) -> dict[str, int]:
        """`stored` as a dictionary. Raises ValueError."""
        return dict(json.loads(self.stored))


def newest_segments(segments: str) -> dict[str, int]:
    """Of a block's `segments`, the newest of each source. Raises ValueError."""
    return {source: max(numbers) for source, numbers in json.loads(segments).items()}


def block_hash(previous: str, block: Block, content: str) -> str:
    """What `block.hash` must be after `previous`; `content` is the hash of its rows."""
    about = [block.seq, block.at_s, block.kind, block.segments, block.from_s, block.to_s, block.lasts]
    return link(previous, [*about, content])


def content_hash(rows: Mapping[str, Sequence[Sequence[object]]]) -> str:
    """Hex SHA-256 over rows by table, in the tables' order; `spelled` bytes. ValueError if a number is none."""
    text = json.dumps(rows, separators=(",", ":"), allow_nan=False, default=spelled)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def spelled(raw: bytes) -> dict[str, str]:
    """Bytes as JSON, unlike any text."""
    return {"hex": raw.hex()}


@dataclasses.dataclass(frozen=True, kw_only=True)
class DayRetired:
    """A day was removed because it was old enough."""

    day: str
    first_seq: int
    """0: it could not be read any more."""
    previous_hash: str
    """What its first block followed; empty: it could not be read any more."""
    last_seq: int
    hash: str
    """Its last block's."""
    keep_days: int
    """The setting then."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DayPseudonymised:
    """A day's keys were destroyed because it was old enough."""

    day: str
    after_days: int
    """The setting then."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HoldMade:
    """A hold was seen for the first time."""

    name: str
    hash: str
    by: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class HoldReleased:
    """A hold was released, and removed after this."""

    name: str
    by: str


Act = DayRetired | DayPseudonymised | HoldMade | HoldReleased
ACTS: dict[str, type[Act]] = {
    kind.__name__: kind for kind in (DayRetired, DayPseudonymised, HoldMade, HoldReleased)
}


def act_line(act: Act) -> str:
    """An act as it is stored."""
    return canonical([type(act).__name__, dataclasses.asdict(act)])


def act_of(line: str) -> Act:
    """The inverse of `act_line`. Raises ValueError."""
    try:
        kind, fields = json.loads(line)
        return ACTS[kind](**fields)
    except (KeyError, TypeError) as exc:
        raise ValueError(f"not an act of the store: {line[:80]!r}") from exc
