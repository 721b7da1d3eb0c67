"""Rows of one day's file as what they stand for, begun and ended joined."""

import functools
import sqlite3
from collections.abc import Callable, Iterator

from shepherd.edges.trace_store.keys import DayKeys, Sealed, pseudonym
from shepherd.edges.trace_store.rows import HOW, Seen, seen_of, text_address
from shepherd.edges.trace_store.schema import columns_in
from shepherd.model.trace import FlowBegun, FlowEnded, JobBegun, JobEnded, StayBegun, StayEnded
from shepherd.model.trace_rows import Flow, Hidden, Job, Stay

STAYS = """SELECT b.source, b.host, b.at_s, b.herd, b.lease, b.container, b.image, b.address, b.mac,
    e.at_s, e.source, e.how, e.why
    FROM stay b LEFT JOIN stay_end e ON e.begun = b.seq WHERE """
JOBS = """SELECT b.seq, b.source, b.host, b.container, b.slot, b.begun, b.at_s, b.uid, b.subject, b.job_key, b.personal,
    b.schedd, b.peer, {cpus}, e.at_s, e.source, e.how, e.exit_code, e.exit_signal, e.why
    FROM job b LEFT JOIN job_end e ON e.begun = b.seq WHERE """
FLOWS = """SELECT b.source, b.flow, b.at_s, b.protocol, b.address, b.port, b.nat_address, b.nat_port, b.far_address,
    b.far_port, b.uid, e.at_s, e.how, e.sent_packets, e.sent_bytes, e.received_packets, e.received_bytes
    FROM flow b LEFT JOIN flow_end e ON e.begun = b.seq WHERE """
NOBODY = ("", "", "")


class DayRows:
    """A connection to a day, and its names. `condition` is SQL over `b` (begun) and `e` (ended). Raises what SQLite
    raises, and ValueError for rows that stand for nothing."""

    def __init__(self, connection: sqlite3.Connection, read_keys: Callable[[], DayKeys | Hidden]) -> None:
        """`read_keys` answers the day's keys, or why there are none; asked once, if at all."""
        self.connection = connection
        self._read_keys = read_keys
        self._names: dict[int, str] = {}

    @functools.cached_property
    def keys(self) -> DayKeys | Hidden:
        """The day's keys, or why there are none."""
        return self._read_keys()

    def name(self, number: int) -> str:
        """The text that stands behind a number."""
        if number not in self._names:
            found = self.connection.execute("SELECT text FROM name WHERE seq = ?", (number,)).fetchone()
            if found is None:
                raise ValueError(f"there is no name {number}")
            self._names[number] = found[0]
        return self._names[number]

    def stays(self, condition: str, *values: object) -> Iterator[Stay]:
        """Stays."""
        name = self.name
        for row in self.connection.execute(STAYS + condition, values):
            source, host, at_s, herd, lease, container, image, address, mac, end_s, end_source, how, why = row
            begun = StayBegun(
                source=name(source), host=name(host), at_s=at_s, herd=name(herd), lease=name(lease),
                container=name(container), image=name(image), address=text_address(address), mac=name(mac),
            )  # fmt: skip
            ended = None
            if end_s is not None:
                ended = StayEnded(
                    source=name(end_source), host=begun.host, at_s=end_s, lease=begun.lease, how=HOW[how], why=name(why)
                )
            yield Stay(begun=begun, ended=ended)

    def jobs(self, condition: str, *values: object) -> Iterator[tuple[Job, int]]:
        """Jobs, each with its subject."""
        name = self.name
        question = JOBS.format(cpus="b.cpus" if "cpus" in columns_in(self.connection)["job"] else "0")
        for row in self.connection.execute(question + condition, values):
            seq, source, host, container, slot, run, at_s, uid, subject, job_key, personal = row[:11]
            schedd, peer, cpus = row[11:14]
            person, hidden = self._person(seq, Sealed(subject, job_key, personal))
            begun = JobBegun(
                source=name(source), host=name(host), container=name(container), slot=name(slot), begun=run,
                at_s=at_s, uid=uid, user=person[0], owner=person[1], job=person[2], schedd=name(schedd), peer=peer,
                cpus=cpus,
            )  # fmt: skip
            ended = self._job_end(begun, row[14:])
            yield Job(begun=begun, ended=ended, pseudonym=pseudonym(subject), hidden=hidden), subject

    def _person(self, row: int, sealed: Sealed) -> tuple[tuple[str, str, str], Hidden | None]:
        if not sealed.personal:
            return NOBODY, Hidden.DESTROYED
        if isinstance(self.keys, Hidden):
            return NOBODY, self.keys
        person = self.keys.opened(row, sealed)
        return (person, None) if person else (NOBODY, Hidden.MISSING)

    def _job_end(self, begun: JobBegun, row: tuple[object, ...]) -> JobEnded | None:
        end_s, source, how, exit_code, exit_signal, why = row
        if not (isinstance(end_s, float) and isinstance(source, int) and isinstance(how, int) and isinstance(why, int)):
            return None
        return JobEnded(
            source=self.name(source), host=begun.host, container=begun.container, slot=begun.slot, begun=begun.begun,
            at_s=end_s, how=HOW[how], exit_code=exit_code if isinstance(exit_code, int) else None,
            exit_signal=exit_signal if isinstance(exit_signal, int) else None, why=self.name(why),
        )  # fmt: skip

    def flows(self, condition: str, *values: object) -> Iterator[Flow]:
        """Flows."""
        name = self.name
        for row in self.connection.execute(FLOWS + condition, values):
            source, flow, at_s, protocol, address, port, nat_address, nat_port, far_address, far_port, uid = row[:11]
            end_s, how, sent_packets, sent_bytes, received_packets, received_bytes = row[11:]
            begun = FlowBegun(
                source=name(source), flow=flow, at_s=at_s, protocol=protocol, address=text_address(address), port=port,
                nat_address=text_address(nat_address), nat_port=nat_port, far_address=text_address(far_address),
                far_port=far_port, uid=uid,
            )  # fmt: skip
            ended = None
            if end_s is not None:
                ended = FlowEnded(
                    source=begun.source, flow=flow, begun_s=at_s, at_s=end_s, how=HOW[how], sent_packets=sent_packets,
                    sent_bytes=sent_bytes, received_packets=received_packets, received_bytes=received_bytes,
                )  # fmt: skip
            yield Flow(begun=begun, ended=ended)

    def seen(self, kind: str, condition: str, *values: object) -> Iterator[Seen]:
        """Single records of a kind; `condition` is SQL over `b`."""
        question = "SELECT line FROM seen b WHERE kind = (SELECT seq FROM name WHERE text = ?) AND "
        for (line,) in self.connection.execute(question + condition, (kind, *values)):
            yield seen_of(line)
