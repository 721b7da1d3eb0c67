"""What really happened: as the jobs wrote it down, and as those they connected to did, joined by the token. Pure."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]
Number = tuple[str, int]
"""A run, and which of its contacts."""
PROTOCOLS = {"tcp": 6, "reset": 6, "refused": 6, "udp": 17}
NEAR_S = 2.0
"""How far apart a job's and the listener's time of the same attempt are at most; both have one clock."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """One time that a job ran. A job that was evicted has several."""

    run: str
    job: str
    """Global job id."""
    user: str
    """`user@domain`."""
    pool: str
    host: str
    """The host's regular name."""
    slot: str
    uid: int
    """-1: not known."""
    begun_s: float
    """When its program began; HTCondor's job began earlier."""
    last_s: float
    """When it was last seen."""
    ended_s: float
    """When its program had ended at the latest. Seen, or as long as it would have lasted."""
    was_heard: bool = True
    """Whether its program said anything; else only its schedd knows of it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Connection:
    """One connection, from both its ends."""

    run: str
    kind: str
    protocol: int
    address: str
    port: int
    far_address: str
    far_port: int
    nat_address: str
    nat_port: int
    begun_s: float
    """Not before this."""
    seen_s: float
    """Not later than this."""
    last_s: float
    """It was still there. Before `seen_s` if that is not known."""
    ended_s: float | None
    """It was closed by then; None: nobody closed it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth:
    """All of it."""

    runs: Mapping[str, Run]
    connections: Sequence[Connection]
    attempts: Sequence[Line] = ()
    """What jobs tried and nobody outside saw."""
    addresses: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Of hosts' containers."""
    image: str = ""
    """That they were made of."""

    def of_run(self, run: str) -> list[Connection]:
        """One run's connections."""
        return [one for one in self.connections if one.run == run]

    def begun_within(self, from_s: float, to_s: float) -> "Truth":
        """Only the runs and the connections that began in that time."""
        return dataclasses.replace(
            self, runs={name: run for name, run in self.runs.items() if from_s <= run.begun_s <= to_s},
            connections=[one for one in self.connections if from_s <= one.begun_s <= to_s],
        )  # fmt: skip


def lines_of(text: str) -> Iterator[Line]:
    """Lines of JSON; the last one of somebody who was killed may be cut."""
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def joined(told: Iterable[Line], heard: Iterable[Line], host_of: Mapping[str, str]) -> Truth:
    """The truth. `told`: lines of the jobs' own output; `heard`: the listener's; `host_of`: a host by its container's
    name."""
    own, outside = list(told), list(heard)
    contacts = {(line["run"], line["number"]): line for line in own if "number" in line}
    closed = {(line["closed"], line["number"]): float(line["closed_s"]) for line in outside if "closed" in line}
    sightings = [line for line in outside if "seen" in line]
    by_token = [of_token(line, contacts, closed) for line in sightings if line["token"]]
    strays = [line for line in sightings if not line["token"]]
    refused = [one for line in contacts.values() if line["kind"] == "refused" for one in of_refusal(line, strays, own)]
    connections = sorted((*by_token, *refused), key=lambda one: one.begun_s)
    found = {(one.run, one.port, one.far_port) for one in connections}
    unseen = [line for line in contacts.values() if (line["run"], line.get("port"), line["far_port"]) not in found]
    return Truth(runs=runs_of(own, sightings, connections, host_of), connections=connections, attempts=unseen)


def of_token(line: Line, contacts: Mapping[Number, Line], closed: Mapping[Number, float]) -> Connection:
    """A connection whose token came. What its job said of its end counts; of a killed job, what the other end saw."""
    token = line["token"]
    key = (token["run"], token["number"])
    own = contacts.get(key, {})
    ended_s = own.get("ended_s", closed.get(key))
    still_s = [at_s for at_s in (own.get("ended_s"), closed.get(key)) if at_s is not None]
    return Connection(
        run=token["run"], kind=token["kind"], protocol=PROTOCOLS[token["kind"]], address=token["address"],
        port=token["port"], far_address=line["far_address"], far_port=line["far_port"],
        nat_address=line["nat_address"], nat_port=line["nat_port"], begun_s=token["begun_s"], seen_s=line["seen_s"],
        last_s=min(still_s, default=line["seen_s"]), ended_s=None if ended_s is None else max(still_s),
    )  # fmt: skip


def of_refusal(line: Line, strays: Iterable[Line], own: Sequence[Line]) -> Iterator[Connection]:
    """A connection that was refused: seen outside by its port, at about that time."""
    place = (line["far_address"], line["far_port"])
    for stray in strays:
        is_there = (stray["far_address"], stray["far_port"]) == place
        if is_there and line["begun_s"] - NEAR_S <= stray["seen_s"] <= line["ended_s"] + NEAR_S:
            yield Connection(
                run=line["run"], kind="refused", protocol=6, address=address_of(line["run"], own), port=line["port"],
                far_address=line["far_address"], far_port=line["far_port"], nat_address=stray["nat_address"],
                nat_port=stray["nat_port"], begun_s=line["begun_s"], seen_s=stray["seen_s"], last_s=line["begun_s"],
                ended_s=line["ended_s"],
            )  # fmt: skip
            return


def address_of(run: str, own: Iterable[Line]) -> str:
    """Its container's address, by another of its connections: one that is refused does not know it."""
    return next((str(line["address"]) for line in own if line.get("run") == run and "address" in line), "")


def runs_of(
    own: Sequence[Line], sightings: Iterable[Line], connections: Iterable[Connection], host_of: Mapping[str, str]
) -> dict[str, Run]:
    """Everybody who said who it is, here or there."""
    heard = [line["token"]["who"] for line in sightings if line["token"]]
    who = {one["run"]: one for one in [*heard, *(line["begun"] for line in own if "begun" in line)]}
    ends = {line["ended"]: float(line["ended_s"]) for line in own if "ended" in line}
    last = {run: float(one["begun_s"]) for run, one in who.items()}
    for connection in connections:
        last[connection.run] = max(last[connection.run], connection.seen_s, connection.last_s)
    return {
        run: Run(
            run=run, job=one["job"], user=one["user"], pool=one["job"].partition("#")[0], slot=one["slot"],
            host=host_of.get(one["host"], one["host"]), uid=one["uid"], begun_s=one["begun_s"],
            last_s=ends.get(run, last[run]), ended_s=ends.get(run, max(last[run], one["begun_s"] + one["lasts_s"])),
        )
        for run, one in who.items()
    }  # fmt: skip
