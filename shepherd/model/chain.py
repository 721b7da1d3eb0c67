"""The ledger's hash chain: what is hashed, in which form, and how one row joins the next.

Rows are kept in partitions of one day each. A partition starts with an `Opening`, which carries what
stood when it began, and the chain runs through it: row → row → opening of the next day → row …
Whoever alters, removes or reorders a row must rewrite everything after it, and the heads that others
noted down no longer fit.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from shepherd.errors import InvariantBroken
from shepherd.model.entry import Entry, EntryKind, Stored

GENESIS = "0" * 64
"""What stands before the first opening of all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Head:
    """The end of a chain: the newest row's number and hash."""

    seq: int = 0
    hash: str = GENESIS


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """A record exactly as it is stored and hashed."""

    seq: int
    at_s: float
    kind: str
    host: str
    cause: str
    body: str
    """Canonical JSON."""
    hash: str

    def stored(self) -> Stored:
        """The record it stands for. Raises ValueError if it stands for none."""
        body = json.loads(self.body)
        if not isinstance(body, dict):
            raise ValueError(f"record {self.seq} has a body that is not an object")  # noqa: TRY004
        kind = EntryKind(self.kind)
        entry = Entry(at_s=self.at_s, kind=kind, cause=self.cause, host=self.host, body=body)
        return Stored(seq=self.seq, entry=entry, hash=self.hash)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Opening:
    """The first page of a partition."""

    day: str
    """UTC date, `2026-03-01`; also the file's name."""
    first_seq: int
    previous_day: str
    """The partition before it; empty for the first of all."""
    previous_hash: str
    carry: str
    """What stood at that moment (`Standing`), so that no older partition is needed to go on."""

    def hash(self) -> str:
        """Links the partition to the end of the one before."""
        facts = [self.day, self.first_seq, self.previous_day, self.carry]
        return link(self.previous_hash, facts)

    def head(self) -> Head:
        """The end of the chain while the partition has no rows."""
        return Head(seq=self.first_seq - 1, hash=self.hash())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Partition:
    """One day as it is read back."""

    name: str
    opening: Opening
    rows: Iterable[Row]
    """In the order of `seq`. Reading them may raise LedgerUnavailable."""


def canonical(body: Mapping[str, object] | Sequence[object]) -> str:
    """The one JSON text of a value: sorted keys, no spaces, ASCII. ValueError, TypeError if it has none."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def link(previous: str, facts: Sequence[object]) -> str:
    """Hex SHA-256 over the hash before and these facts."""
    return hashlib.sha256((previous + canonical(facts)).encode("ascii")).hexdigest()


def row_hash(previous: str, row: Row) -> str:
    """What `row.hash` must be after `previous`."""
    return link(previous, [row.seq, row.at_s, row.kind, row.host, row.cause, row.body])


def seal(head: Head, entries: Iterable[Entry]) -> tuple[Row, ...]:
    """Rows that continue the chain after `head`.

    Raises InvariantBroken for a body that is not JSON: a defect of whoever made it.
    """
    rows: list[Row] = []
    for entry in entries:
        draft = row_of(entry, head.seq + 1)
        rows.append(dataclasses.replace(draft, hash=row_hash(head.hash, draft)))
        head = Head(seq=draft.seq, hash=rows[-1].hash)
    return tuple(rows)


def row_of(entry: Entry, seq: int) -> Row:
    """The row of a record, its hash not yet known."""
    try:
        body, at_s = canonical(entry.body), float(entry.at_s)
        canonical([at_s])
    except (TypeError, ValueError) as exc:
        raise InvariantBroken(f"a record has content that cannot be kept: {exc}") from exc
    host, cause = storable(entry.host), storable(entry.cause)
    return Row(seq=seq, at_s=at_s, kind=entry.kind.value, host=host, cause=cause, body=body, hash="")


def storable(text: str) -> str:
    """Text that has a UTF-8 form: bytes of a foreign encoding (lone surrogates) are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
