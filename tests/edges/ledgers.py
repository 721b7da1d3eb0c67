"""Ledgers to test on, and what is asked of them again and again."""

import pathlib

from shepherd.core import records
from shepherd.core.ledger.verify import Verification, verify
from shepherd.edges.ledger import SqliteLedger
from shepherd.edges.ledger_present import read_present
from shepherd.edges.ledger_read import partitions
from shepherd.model.chain import Head, Row
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.orders import HostMemory, Stage, SwitchRecord
from shepherd.model.standing import Standing

MARCH_1 = 1_772_323_200.0
"""2026-03-01 00:00 UTC."""
DAY_S = 86400.0


def ledger_in(directory: pathlib.Path) -> SqliteLedger:
    return SqliteLedger(directory, switch_from=records.switch_from, memory_from=records.memory_from)


def note(text: str, at_s: float = MARCH_1) -> Entry:
    """A record that is only kept."""
    return Entry(at_s=at_s, kind=EntryKind.OBSERVED, cause="cycle", body={"text": text})


def switch(host: str = "p220", stage: Stage = Stage.LENT) -> SwitchRecord:
    return SwitchRecord(
        host=HostName(host),
        flock_name=host.replace("p", "f"),
        cpus=8,
        lease=LeaseId(f"{host}-1"),
        nonce=Nonce("n"),
        image="sha256:" + "ab" * 32,
        stage=stage,
        granted_at_s=MARCH_1,
        stage_at_s=MARCH_1,
        why="idle",
    )


def switched(record: SwitchRecord, at_s: float = MARCH_1) -> Entry:
    body = records.switch_body(record)
    return Entry(at_s=at_s, kind=EntryKind.SWITCH, cause=record.lease, host=record.host, body=body)


def home(host: str, at_s: float = MARCH_1) -> Entry:
    """The end of a host's switch."""
    return Entry(at_s=at_s, kind=EntryKind.SWITCH, cause=f"{host}-1", host=host)


def remembered(host: str, memory: HostMemory, at_s: float = MARCH_1) -> Entry:
    body = records.memory_body(memory)
    return Entry(at_s=at_s, kind=EntryKind.MEMORY, cause="cycle", host=host, body=body)


def rows(directory: pathlib.Path) -> list[Row]:
    return [row for partition in partitions(directory) for row in partition.rows]


def texts(directory: pathlib.Path) -> list[object]:
    """What the notes say, in the order of the chain."""
    entries = [row.stored().entry for row in rows(directory)]
    return [entry.body["text"] for entry in entries if "text" in entry.body]


def verified(directory: pathlib.Path, *expected: Head) -> Verification:
    """As `shepherd ledger verify` does it."""
    shown = read_present(directory)
    heads = [*expected, *([shown[1]] if shown else [])]
    return verify(partitions(directory), heads)


def faults(directory: pathlib.Path, *expected: Head) -> list[str]:
    return [str(fault) for fault in verified(directory, *expected).faults]


def sum_of_all(directory: pathlib.Path) -> Standing:
    """What stands by every record there is, from the first."""
    return Standing().after(row.stored().entry for row in rows(directory))
