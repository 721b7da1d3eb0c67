"""The tables of a day's file. A table's rows are numbered from 1 without a break; a block has the next of each."""

import pathlib
import re
import sqlite3
from collections.abc import Mapping, Sequence

from shepherd.edges import day_files

PARTITION = re.compile(r"\d{4}-\d{2}-\d{2}\.sqlite")
WHAT = "trace store"

TABLES = {
    "name": ("text",),
    "stay": ("source", "host", "at_s", "herd", "lease", "container", "image", "address", "mac"),
    "stay_end": ("begun", "at_s", "source", "how", "why"),
    "job": (
        "source", "host", "container", "slot", "begun", "at_s", "uid", "subject", "job_key", "personal",
        "schedd", "peer", "cpus",
    ),
    "job_end": ("begun", "at_s", "source", "how", "exit_code", "exit_signal", "why"),
    "flow": (
        "source", "flow", "at_s", "protocol", "address", "port", "nat_address", "nat_port", "far_address",
        "far_port", "uid",
    ),
    "flow_end": ("begun", "at_s", "how", "sent_packets", "sent_bytes", "received_packets", "received_bytes"),
    "seen": ("kind", "source", "at_s", "to_s", "line"),
}  # fmt: skip
"""Columns after `seq`, in the order in which they are hashed. Tables too."""

MIGRATION = """
CREATE TABLE opening (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    day TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    previous_day TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    stored TEXT NOT NULL
) STRICT;
CREATE TABLE block (
    seq INTEGER PRIMARY KEY,
    at_s REAL NOT NULL,
    kind TEXT NOT NULL,
    segments TEXT NOT NULL,
    from_s REAL NOT NULL,
    to_s REAL NOT NULL,
    lasts TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TABLE name (seq INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE stay (
    seq INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    host INTEGER NOT NULL,
    at_s REAL NOT NULL,
    herd INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    container INTEGER NOT NULL,
    image INTEGER NOT NULL,
    address ANY NOT NULL,
    mac INTEGER NOT NULL
) STRICT;
CREATE TABLE stay_end (
    seq INTEGER PRIMARY KEY,
    begun INTEGER NOT NULL,
    at_s REAL NOT NULL,
    source INTEGER NOT NULL,
    how INTEGER NOT NULL,
    why INTEGER NOT NULL
) STRICT;
CREATE TABLE job (
    seq INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    host INTEGER NOT NULL,
    container INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    begun TEXT NOT NULL,
    at_s REAL NOT NULL,
    uid INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    job_key INTEGER NOT NULL,
    personal BLOB NOT NULL,
    schedd INTEGER NOT NULL,
    peer TEXT NOT NULL
) STRICT;
CREATE TABLE job_end (
    seq INTEGER PRIMARY KEY,
    begun INTEGER NOT NULL,
    at_s REAL NOT NULL,
    source INTEGER NOT NULL,
    how INTEGER NOT NULL,
    exit_code INTEGER,
    exit_signal INTEGER,
    why INTEGER NOT NULL
) STRICT;
CREATE TABLE flow (
    seq INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    flow INTEGER NOT NULL,
    at_s REAL NOT NULL,
    protocol INTEGER NOT NULL,
    address ANY NOT NULL,
    port INTEGER NOT NULL,
    nat_address ANY NOT NULL,
    nat_port INTEGER NOT NULL,
    far_address ANY NOT NULL,
    far_port INTEGER NOT NULL,
    uid INTEGER NOT NULL
) STRICT;
CREATE TABLE flow_end (
    seq INTEGER PRIMARY KEY,
    begun INTEGER NOT NULL,
    at_s REAL NOT NULL,
    how INTEGER NOT NULL,
    sent_packets INTEGER NOT NULL,
    sent_bytes INTEGER NOT NULL,
    received_packets INTEGER NOT NULL,
    received_bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE seen (
    seq INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    source INTEGER NOT NULL,
    at_s REAL NOT NULL,
    to_s REAL NOT NULL,
    line TEXT NOT NULL
) STRICT;
CREATE INDEX block_by_from ON block (from_s) WHERE kind <> 'carry';
CREATE INDEX block_by_to ON block (to_s) WHERE kind <> 'carry';
CREATE INDEX stay_by_host ON stay (host, at_s);
CREATE INDEX stay_by_container ON stay (container);
CREATE INDEX stay_by_address ON stay (address, at_s);
CREATE INDEX stay_end_by_begun ON stay_end (begun);
CREATE INDEX job_by_host ON job (host, at_s);
CREATE INDEX job_by_container ON job (container);
CREATE INDEX job_by_subject ON job (subject);
CREATE INDEX job_by_job ON job (job_key);
CREATE INDEX job_by_schedd ON job (schedd, at_s);
CREATE INDEX job_by_peer ON job (peer);
CREATE INDEX job_end_by_begun ON job_end (begun);
CREATE INDEX flow_by_address ON flow (address, at_s);
CREATE INDEX flow_by_nat ON flow (nat_port, at_s) WHERE nat_port > 0;
CREATE INDEX flow_by_far ON flow (far_address, far_port, at_s);
CREATE INDEX flow_end_by_begun ON flow_end (begun);
CREATE INDEX seen_by_kind ON seen (kind, at_s);
""" + "".join(
    f"""
CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table}
    BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER {table}_is_never_removed BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, 'records are never removed'); END;
"""
    for table in ("opening", "block", *TABLES)
)
CORES = "ALTER TABLE job ADD COLUMN cpus INTEGER NOT NULL DEFAULT 0;"
MIGRATIONS = (MIGRATION, CORES)
"""Each lifts a day by one `user_version`. Days that are over stay at the version they had."""


def columns_in(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """`TABLES` as they are in a day, which may have been over before a column came."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return TABLES if version >= len(MIGRATIONS) else TABLES | {"job": TABLES["job"][:-1]}


def hashed(rows: Mapping[str, Sequence[Sequence[object]]]) -> dict[str, Sequence[Sequence[object]]]:
    """Rows as the chain has them: a job whose cores are not known as before there was that column, so that a day which
    is lifted while it is written keeps its hashes."""
    longest = 1 + len(TABLES["job"])
    jobs = [row if len(row) < longest or row[-1] else row[:-1] for row in rows["job"]]
    return {table: jobs if table == "job" else own for table, own in rows.items()}


def partition_path(directory: pathlib.Path, day: str) -> pathlib.Path:
    """Where a day lies."""
    return directory / f"{day}.sqlite"


def partition_files(directory: pathlib.Path) -> list[pathlib.Path]:
    """The days that have a file, by name."""
    with day_files.translated(directory, WHAT):
        if not directory.exists():
            return []
        return sorted(path for path in directory.iterdir() if PARTITION.fullmatch(path.name))
