"""Generated truths of the drill, and somebody who knows them and answers rightly."""

import dataclasses
import random
from collections.abc import Iterable, Iterator

from hypothesis import strategies as st

from shepherd.lab.addresses import CM_WAN, OUTSIDE_WAN
from shepherd.lab.drill.expected import expected
from shepherd.lab.drill.plans import SOURCE_PORTS
from shepherd.lab.drill.questions import Asked
from shepherd.lab.drill.told import Named, Told
from shepherd.lab.drill.truth import Connection, Run, Truth
from shepherd.model.tracing import Verdict

BEGUN_S, ENDED_S = 1_770_000_000.0, 1_770_000_300.0
APART_S = 1.0
IMAGE = "sha256:1"
ADDRESSES = {"p201": "10.27.2.1", "p202": "10.27.2.2"}
WHO = (("campus", "alice"), ("campus", "bob"), ("institute", "erin"), ("institute", "frank"))


def a_run(number: int, draw: random.Random) -> Run:
    """One that begins at any time; a slot's runs may touch, as on a busy host."""
    pool, user = draw.choice(WHO)
    begun_s = draw.uniform(BEGUN_S, ENDED_S - 50)
    ended_s = begun_s + draw.choice((1.0, 3.0, 40.0))
    slot = draw.randint(1, 4)
    return Run(
        run=f"run{number}", job=f"{pool}#{number}.0#1770000000", user=f"{user}@{pool}.lab", pool=pool,
        host=draw.choice(list(ADDRESSES)), slot=f"slot1_{slot}", uid=20000 + slot, begun_s=begun_s, last_s=ended_s,
        ended_s=ended_s,
    )  # fmt: skip


def a_connection(run: Run, port: int, draw: random.Random) -> Connection:
    """One of a run's; some are bound to the few ports that all have."""
    begun_s = draw.uniform(run.begun_s, run.ended_s)
    ended_s = draw.uniform(begun_s, run.ended_s)
    port = draw.choice((port, port, *SOURCE_PORTS))
    return Connection(
        run=run.run, kind="tcp", protocol=6, address=ADDRESSES[run.host], port=port,
        far_address=draw.choice(OUTSIDE_WAN), far_port=draw.choice((9001, 9002)), nat_address=CM_WAN, nat_port=port,
        begun_s=begun_s, seen_s=begun_s + 0.01,
        last_s=max(ended_s, begun_s + 0.02), ended_s=max(ended_s, begun_s + 0.02),
    )  # fmt: skip


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    """A few minutes of up to forty runs."""
    luck = random.Random(draw(st.integers(min_value=0, max_value=1 << 30)))
    runs = [a_run(number, luck) for number in range(luck.randint(4, 40))]
    of_each = [(run, 33000 + 10 * number) for number, run in enumerate(runs)]
    made = [a_connection(run, port + more, luck) for run, port in of_each for more in range(luck.randint(1, 3))]
    return Truth(
        runs={run.run: run for run in runs}, connections=sorted(made, key=lambda one: one.begun_s),
        addresses=ADDRESSES, image=IMAGE,
    )  # fmt: skip


def as_named(run: Run) -> Named:
    """What a right answer says of it: HTCondor's whole seconds."""
    return Named(
        job=run.job, user=run.user, host=run.host, slot=run.slot, uid=run.uid, schedd=run.pool, guest=run.pool,
        begun_s=float(int(run.begun_s)),
    )  # fmt: skip


def right_answer(asked: Asked, truth: Truth) -> Told:
    """Who knows everything says exactly who it must have been."""
    right = expected(asked.question, truth, with_flows=asked.with_flows)
    named = frozenset(as_named(truth.runs[run]) for run in right.must)
    verdict = Verdict.NAMED if named else Verdict.NOTHING
    return Told(verdict=verdict, named=named, flows=right.must_flows)


def but(told: Told, old: Named, new: Named | None) -> Told:
    """The same answer, with another named in somebody's place, or nobody."""
    kept = told.named - {old} | ({new} if new else set())
    return dataclasses.replace(told, named=kept, verdict=Verdict.NAMED if kept else Verdict.NOTHING)


def busy_truth(seed: str) -> Truth:
    """Minutes on two hosts with four slots each, one run after the other in each, as it can really be."""
    luck = random.Random(seed)
    made: list[Connection] = []
    runs = [run for host in ADDRESSES for slot in range(1, 5) for run in runs_of_slot(host, slot, luck)]
    for number, run in enumerate(runs):
        for more in range(luck.randint(1, 3)):
            made += possible(a_connection(run, 33000 + 10 * number + more, luck), made, 45000 + 10 * number + more)
    return Truth(
        runs={run.run: run for run in runs}, connections=sorted(made, key=lambda one: one.begun_s),
        addresses=ADDRESSES, image=IMAGE,
    )  # fmt: skip


def runs_of_slot(host: str, slot: int, luck: random.Random) -> Iterator[Run]:
    """Until the time is over."""
    at_s = BEGUN_S + luck.uniform(0.0, 5.0)
    while at_s < ENDED_S:
        lasts_s = luck.choice((1.0, 3.0, 40.0))
        number = int(1000 * (at_s - BEGUN_S)) * 10 + slot
        run = dataclasses.replace(a_run(number, luck), run=f"{host}-{number}", host=host, slot=f"slot1_{slot}")
        yield dataclasses.replace(
            run, uid=20000 + slot, begun_s=at_s, last_s=at_s + lasts_s, ended_s=at_s + lasts_s,
            job=f"{run.job.partition('#')[0]}#{host[1:]}{number}.0#1",
        )  # fmt: skip
        at_s += lasts_s + luck.uniform(1.0, 6.0)


def possible(one: Connection, made: Iterable[Connection], free_port: int) -> list[Connection]:
    """The connection, if its host has not the same already; with another port at the NAT if that is taken there."""
    near = [
        other for other in made
        if (other.far_address, other.far_port) == (one.far_address, one.far_port)
        and other.begun_s - APART_S <= one.last_s and one.begun_s <= other.last_s + APART_S
    ]  # fmt: skip
    if any((other.address, other.port) == (one.address, one.port) for other in near):
        return []
    is_taken = any(other.nat_port == one.nat_port for other in near)
    return [dataclasses.replace(one, nat_port=free_port) if is_taken else one]
