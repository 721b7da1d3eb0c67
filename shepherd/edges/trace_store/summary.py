"""What a day that is over contains, in a small file beside it, so that most questions need not open most days.

It is made of the day's file and says of which state of that file; of any other state it says nothing, and the day
itself is asked. `shepherd ledger verify` makes it anew and compares. It has no value of the day, only bits that values
set: so it tells "not here" for sure, and "here" wrongly once in eighty times.
"""

import contextlib
import dataclasses
import json
import math
import os
import pathlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from shepherd.edges.trace_store import files
from shepherd.edges.trace_store.files import NOTHING, Look
from shepherd.edges.trace_store.keys import whole_keys
from shepherd.model.chain import canonical
from shepherd.model.trace_rows import Span

VERSION = 1
MOST_LINE = 4096
BITS_A_VALUE = 10
SPREAD = 0x9E3779B1
"""An odd number without a pattern: four bits of a value come of one checksum."""
ONE = ord("1")
MOST_VALUES = 1 << 20
MOST_PORTS = 1 << 14
"""Of what has more of them nothing is told: most that are asked for would be there."""
VALUES = {
    "name": "SELECT text FROM name",
    "stay.address": "SELECT DISTINCT address FROM stay",
    "flow.address": "SELECT DISTINCT address FROM flow",
    "nat_port": "SELECT DISTINCT nat_port FROM flow WHERE nat_port > 0",
    "far_address": "SELECT DISTINCT far_address FROM flow",
    "subject": "SELECT DISTINCT subject FROM job",
    "job_key": "SELECT DISTINCT job_key FROM job",
    "peer": "SELECT DISTINCT peer FROM job",
}
"""What is told of, as the day has it: nothing that is encrypted."""

Mark = tuple[int, int, int]
"""Which state of a file: its inode, size and time of last change."""


class Place(NamedTuple):
    """Where in a summary the bits of one kind of values are."""

    first: int
    size: int
    crc: int
    """CRC-32: damaged bits tell nothing."""


@dataclasses.dataclass(frozen=True)
class Summary:
    """A summary that fits its day."""

    path: pathlib.Path
    look: Look
    keys: int | None
    """By what the day's keys, if they are there, are known to be whole (`keys.py`)."""
    places: Mapping[str, Place]

    def may_have(self, kind: str, values: Iterable[object]) -> bool:
        """Whether one of the values may be among those of this kind."""
        place = self.places.get(kind)
        if place is None:
            return True
        with contextlib.suppress(OSError):
            bits = read_bits(self.path, place)
            return zlib.crc32(bits) != place.crc or any(is_set(bits, value) for value in values)
        return True


def mark_of(path: pathlib.Path) -> Mark:
    """Of a day's file. Raises OSError."""
    seen = path.stat()
    return seen.st_ino, seen.st_size, seen.st_mtime_ns


def has_log(path: pathlib.Path) -> bool:
    """Whether a writer may have added what is not in the file itself."""
    return path.with_name(path.name + "-wal").exists()


def summary_path(path: pathlib.Path) -> pathlib.Path:
    """Where the summary of a day lies."""
    return path.with_suffix(".summary")


def read_summary(path: pathlib.Path, mark: Mark) -> Summary | None:
    """Of a day's file in this state; None: there is none, or it is damaged."""
    beside = summary_path(path)
    try:
        with beside.open("rb") as file:
            line = file.readline(MOST_LINE)
        total, _, about = line.partition(b" ")
        version, made_of, first_seq, span, keys, places = json.loads(about)
        if int(total) != zlib.crc32(about) or (version, tuple(made_of)) != (VERSION, mark):
            return None
        look = Look(first_seq, Span(from_s=span[0], to_s=span[1]) if span else NOTHING)
        return Summary(beside, look, keys, {kind: Place(len(line) + at, *rest) for kind, (at, *rest) in places.items()})
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def is_unsummed(path: pathlib.Path) -> bool:
    """Whether a day that nobody writes could have a summary and has none that fits."""
    try:
        return not has_log(path) and read_summary(path, mark_of(path)) is None
    except OSError:
        return False


def write_summary(path: pathlib.Path) -> None:
    """Sum up a day that nobody writes any more. Raises OSError and what SQLite raises."""
    content = summed_up(path, mark_of(path), whole_keys(path.parent, path.stem))
    beside = summary_path(path)
    new = beside.with_name(beside.name + ".new")
    new.unlink(missing_ok=True)
    with new.open("xb") as file:
        os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        file.write(content)
    new.replace(beside)


def differs(path: pathlib.Path) -> bool:
    """Whether questions to this day are answered by a summary that is not what its file says. Raises OSError,
    ValueError and what SQLite raises."""
    mark = mark_of(path)
    found = None if has_log(path) else read_summary(path, mark)
    return found is not None and summary_path(path).read_bytes() != summed_up(path, mark, found.keys)


def summed_up(path: pathlib.Path, mark: Mark, keys: int | None) -> bytes:
    """What the summary of a day in this state must be. Raises OSError, ValueError and what SQLite raises."""
    with contextlib.closing(files.open_to_read(path)) as connection:
        look = files.look_in(connection, path)
        if look is None:
            raise ValueError(f"{path} was never finished")
        parts = dict(bits_in(connection))
    span = None if look.span == NOTHING else [look.span.from_s, look.span.to_s]
    places, end = dict[str, list[int]](), 0
    for kind, bits in parts.items():
        places[kind] = [end, len(bits), zlib.crc32(bits)]
        end += len(bits)
    about = canonical([VERSION, list(mark), look.first_seq, span, keys, places]).encode("ascii") + b"\n"
    return b"".join([b"%d " % zlib.crc32(about), about, *parts.values()])


def bits_in(connection: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Of each kind of values, the bits that they set; of too many values none."""
    for kind, question in VALUES.items():
        most = MOST_PORTS if kind == "nat_port" else MOST_VALUES
        values = [value for (value,) in connection.execute(f"{question} LIMIT {most + 1}")]
        if len(values) <= most:
            yield kind, bits_set(values)


def bits_set(values: Sequence[object]) -> bytes:
    """A Bloom filter of the values. There are many: what is spelled out is quicker."""
    many = math.ceil(len(values) * BITS_A_VALUE / 8) * 8
    flags = bytearray(b"0") * many
    for value in values:
        at = zlib.crc32(str(value).encode("utf-8"))
        step = at * SPREAD >> 13 | 1
        flags[at % many] = flags[(at + step) % many] = ONE
        flags[(at + 2 * step) % many] = flags[(at + 3 * step) % many] = ONE
    return int(flags, 2).to_bytes(many // 8, "big") if many else b""


def is_set(bits: bytes, value: object) -> bool:
    """Whether the value may be one of those that set the bits."""
    many = len(bits) * 8
    at = zlib.crc32(str(value).encode("utf-8", "surrogatepass"))
    step = at * SPREAD >> 13 | 1
    places = ((at + number * step) % many for number in range(4))
    return many > 0 and all(bits[place >> 3] << (place & 7) & 0x80 for place in places)


def read_bits(path: pathlib.Path, place: Place) -> bytes:
    """Raises OSError."""
    with path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), place.size, place.first)
