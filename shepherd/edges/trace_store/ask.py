"""Questions as SQL: a condition over `b` (begun) and `e` (ended) with its values."""

import dataclasses
import math
from collections.abc import Sequence

from shepherd.edges.trace_store.keys import DayKeys, mark, subject_of
from shepherd.edges.trace_store.rows import stored_address
from shepherd.edges.trace_store.schema import TABLES
from shepherd.model.trace_rows import FlowsSought, JobsSought, Span, StaysSought

SUMMED = {
    "b.far_address": "far_address", "b.subject": "subject", "b.job_key": "job_key", "b.peer": "peer",
}  # fmt: skip
"""Columns of which a day's summary tells (`summary.py`), and as which kind of values."""
OVERLAPS = "b.at_s <= ? AND (e.at_s IS NULL OR e.at_s >= ?)"

LAST_FLOW, LAST_FLOW_END = (f"json_extract(lasts, '$[{[*TABLES].index(table)}]')" for table in ("flow", "flow_end"))
BEFORE = """(SELECT coalesce(max({last}), 0) FROM block
    WHERE seq < (SELECT coalesce(min(seq), 9e18) FROM block WHERE to_s >= ?))"""
"""A table's last row before the first block that reaches to a time: until then nothing is of that time or later."""
THEN = f"""b.seq IN (
    SELECT seq FROM flow WHERE seq > {BEFORE.format(last=LAST_FLOW)}
        AND seq <= (SELECT coalesce(max({LAST_FLOW}), 0) FROM block WHERE from_s <= ?)
    UNION ALL SELECT begun FROM flow_end
        WHERE seq > {BEFORE.format(last=LAST_FLOW_END)} AND +begun <= {BEFORE.format(last=LAST_FLOW)}
    UNION ALL SELECT seq FROM flow f WHERE seq <= {BEFORE.format(last=LAST_FLOW)}
        AND NOT EXISTS (SELECT 1 FROM flow_end WHERE begun = f.seq))"""  # noqa: S608
"""Flows that may overlap a span, by the blocks' times: without it the end of each flow of the day is looked at."""


@dataclasses.dataclass
class Condition:
    """SQL and what stands for its question marks, in order."""

    terms: list[str] = dataclasses.field(default_factory=list)
    values: list[object] = dataclasses.field(default_factory=list)
    needs: list[tuple[str, Sequence[object]]] = dataclasses.field(default_factory=list)
    """A day that has none of these values of one of these kinds has no such row."""

    @classmethod
    def overlapping(cls, span: Span) -> "Condition":
        """What was still there at the beginning and had begun before the end."""
        return cls([OVERLAPS], [span.to_s, span.from_s])

    def among(self, column: str, values: Sequence[object], *, by: str = "", kind: str = "") -> None:
        """The column has one of these; all, if there are none. `by` "+" keeps SQLite from using an index for it; `kind`
        of values in a summary."""
        if values:
            self.terms.append(f"{by}{column} IN ({marks(values)})")
            self.values.extend(values)
            if kind := SUMMED.get(column, kind):
                self.needs.append((kind, values))

    def named(self, column: str, names: Sequence[str]) -> None:
        """The column stands for one of these names."""
        if names:
            self.terms.append(f"{column} IN (SELECT seq FROM name WHERE text IN ({marks(names)}))")  # noqa: S608
            self.values.extend(names)
            self.needs.append(("name", names))

    def text(self, limit: int) -> str:
        """As SQL, by time, at most one row more than `limit`."""
        return " AND ".join(self.terms) + f" ORDER BY b.at_s LIMIT {int(limit) + 1}"


def marks(values: Sequence[object]) -> str:
    """A question mark for each."""
    return ", ".join("?" * len(values))


def addresses(texts: Sequence[str]) -> list[object]:
    """As they are stored."""
    return [stored_address(text) for text in texts]


def stay_condition(sought: StaysSought) -> Condition:
    """Which stays."""
    found = Condition.overlapping(sought.span)
    for column, names in (
        ("b.host", sought.hosts), ("b.herd", sought.herds), ("b.lease", sought.leases),
        ("b.container", sought.containers), ("b.image", sought.images), ("b.mac", sought.macs),
    ):  # fmt: skip
        found.named(column, names)
    found.among("b.address", addresses(sought.addresses), kind="stay.address")
    return found


def job_condition(sought: JobsSought, keys: DayKeys | None) -> Condition:
    """Which jobs. `keys` are those of the day, for users and job ids."""
    found = Condition.overlapping(sought.span)
    for column, names in (
        ("b.host", sought.hosts), ("b.container", sought.containers), ("b.slot", sought.slots),
        ("b.schedd", sought.schedds),
    ):  # fmt: skip
        found.named(column, names)
    found.among("b.uid", sought.uids)
    found.among("b.peer", sought.peers)
    if sought.pseudonyms:
        found.among("b.subject", [subject_of(text) or -1 for text in sought.pseudonyms])
    if sought.users:
        found.among("b.subject", (keys.users(sought.users) if keys else []) or [-1])
    if sought.jobs:
        found.among("b.job_key", [mark(keys.job_key, job) for job in sought.jobs] if keys else [-1])
    return found


def flow_condition(sought: FlowsSought) -> Condition:
    """Which flows. Of the columns with an index the one that leaves the fewest is used."""
    found = Condition.overlapping(sought.span)
    found.named("+b.source", sought.sources)
    by_port = "+" if sought.nat_ports else ""
    by_either = "+" if by_port or sought.addresses else ""
    if not (sought.nat_ports or sought.addresses or sought.far_addresses or math.isinf(sought.span.from_s)):
        from_s = sought.span.from_s
        found.terms.append(THEN)
        found.values += [from_s, sought.span.to_s, from_s, from_s, from_s]
    is_translated = bool(sought.nat_ports) and 0 not in sought.nat_ports
    found.among("b.nat_port", sought.nat_ports, kind="nat_port" if is_translated else "")
    if is_translated:
        found.terms.append("b.nat_port > 0")
    found.among("b.nat_address", addresses(sought.nat_addresses))
    found.among("b.address", addresses(sought.addresses), by=by_port, kind="flow.address")
    found.among("b.far_address", addresses(sought.far_addresses), by=by_either)
    found.among("b.far_port", sought.far_ports, by=by_either)
    found.among("b.port", sought.ports)
    found.among("b.protocol", sought.protocols)
    found.among("b.uid", sought.uids)
    return found


def stay_again(row: Sequence[object]) -> Condition:
    """The same stay, carried into another day; `row`: host, lease, at_s."""
    found = Condition(["b.at_s = ?"], [row[2]])
    found.named("b.host", [str(row[0])])
    found.named("b.lease", [str(row[1])])
    return found


def job_again(row: Sequence[object]) -> Condition:
    """The same job; `row`: host, slot, begun, at_s."""
    found = Condition(["b.at_s = ?", "b.begun = ?"], [row[3], row[2]])
    found.named("b.host", [str(row[0])])
    found.named("b.slot", [str(row[1])])
    return found


def flow_again(row: Sequence[object]) -> Condition:
    """The same flow; `row`: address, at_s, flow, source."""
    found = Condition(["b.address = ?", "b.at_s = ?", "b.flow = ?"], [stored_address(str(row[0])), row[1], row[2]])
    found.named("+b.source", [str(row[3])])
    return found
