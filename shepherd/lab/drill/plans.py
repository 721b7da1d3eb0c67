"""What the drill's jobs do, drawn from a seed: pure, so that a run can be drawn again."""

import dataclasses
import enum
import itertools
import random
from collections.abc import Callable, Iterator, Sequence

from shepherd.lab.addresses import OUTSIDE_WAN
from shepherd.lab.foreign import ForeignPool

TCP_PORTS, UDP_PORTS = (9001, 9002, 9003), (9101, 9102)
REFUSED_FROM = 30000
"""Nobody listens at this port or above; a job that wants to be refused has one that is hardly ever another's."""
REFUSED_PORTS = 10_000
SOURCE_PORTS = (20001, 20002, 20003)
"""Bound by many jobs, so that one port is many jobs' within seconds. The kernel gives out none of them."""
WAVE_S = 10.0
LONG_S = 40.0


class Kind(enum.Enum):
    """What a job does to the outside."""

    TCP = "tcp"
    """Connects, says its token, stays for a while, closes."""
    RESET = "reset"
    """The same, but closes so that its port is free at once."""
    UDP = "udp"
    REFUSED = "refused"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contact:
    """One connection that a job is to make."""

    kind: Kind
    after_s: float
    """Counted from the job's begin."""
    far_address: str
    far_port: int
    source_port: int = 0
    """0: whatever the kernel gives."""
    lasts_s: float = 0.0

    @property
    def words(self) -> str:
        """As `job.py` reads it."""
        parts = (self.kind.value, self.after_s, self.far_address, self.far_port, self.source_port, self.lasts_s)
        return "/".join(map(str, parts))


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobPlan:
    """A job of some user."""

    number: int
    """1, 2, 3 …"""
    pool: str
    user: str
    submit_s: float
    """When it is submitted, counted from the drill's begin."""
    contacts: Sequence[Contact]

    @property
    def lasts_s(self) -> float:
        """As long as nobody ends it."""
        return max(one.after_s + one.lasts_s for one in self.contacts)

    @property
    def words(self) -> str:
        """The job's arguments, without blanks."""
        return "+".join(one.words for one in self.contacts)


def plans(jobs: int, pools: Sequence[ForeignPool], slots: int, seed: str) -> list[JobPlan]:
    """So many jobs, in waves that are larger than all `slots`."""
    draw = random.Random(seed)
    users = [(pool.name, user) for pool in pools for user in pool.users]
    wave = max(len(users), slots + slots // 2)
    shapes = list(shapes_of(jobs, draw))
    return [
        JobPlan(
            number=number, pool=users[number % len(users)][0], user=users[number % len(users)][1],
            submit_s=(number - 1) // wave * WAVE_S, contacts=tuple(shape(draw)),
        )
        for number, shape in enumerate(shapes, 1)
    ]  # fmt: skip


def marks(pools: Sequence[ForeignPool], slots: int, seed: str) -> list[JobPlan]:
    """A short connection in each slot."""
    users = [(pool.name, user) for pool in pools for user in pool.users]
    luck = random.Random(seed)
    return [
        JobPlan(number=number, pool=pool, user=user, submit_s=0.0, contacts=(tcp(luck, lasts_s=3.0),))
        for number, (pool, user) in zip(range(1, slots + 1), itertools.cycle(users), strict=False)
    ]


def shapes_of(jobs: int, draw: random.Random) -> "Iterator[Shape]":
    """Every shape in each round, in an order of its own."""
    left: list[Shape] = []
    for _ in range(jobs):
        left = left or draw.sample(SHAPES, len(SHAPES))
        yield left.pop()


def short(draw: random.Random) -> Iterator[Contact]:
    """One connection, seconds."""
    yield tcp(draw, lasts_s=round(draw.uniform(0.2, 3.0), 1))


def several(draw: random.Random) -> Iterator[Contact]:
    """Several at once, some of them to the same place."""
    first = tcp(draw, lasts_s=2.0)
    yield first
    yield dataclasses.replace(first, after_s=0.1, lasts_s=round(draw.uniform(0.5, 2.0), 1))
    for _ in range(draw.randint(1, 3)):
        yield tcp(draw, after_s=round(draw.uniform(0.0, 2.0), 1), lasts_s=round(draw.uniform(0.0, 2.0), 1))


def same_place(draw: random.Random) -> Iterator[Contact]:
    """To the one place to which all of this shape go at about the same time."""
    lasts_s = round(draw.uniform(1.0, 4.0), 1)
    yield Contact(kind=Kind.TCP, after_s=0.2, far_address=OUTSIDE_WAN[0], far_port=TCP_PORTS[0], lasts_s=lasts_s)


def bound_port(draw: random.Random) -> Iterator[Contact]:
    """From a source port that others bind, too, here and on other hosts, at the same time and right after."""
    for place in draw.sample(OUTSIDE_WAN, 2):
        yield Contact(
            kind=Kind.RESET, after_s=round(draw.uniform(0.0, 1.5), 1), far_address=place, far_port=TCP_PORTS[1],
            source_port=draw.choice(SOURCE_PORTS), lasts_s=round(draw.uniform(0.2, 1.5), 1),
        )  # fmt: skip


def datagrams(draw: random.Random) -> Iterator[Contact]:
    """UDP, which tells nobody when it is over; and a connection."""
    yield Contact(
        kind=Kind.UDP, after_s=0.1, far_address=draw.choice(OUTSIDE_WAN), far_port=draw.choice(UDP_PORTS),
        lasts_s=round(draw.uniform(0.0, 1.0), 1),
    )  # fmt: skip
    yield tcp(draw, after_s=0.5, lasts_s=1.0)


def refused(draw: random.Random) -> Iterator[Contact]:
    """To where nobody answers; and a connection."""
    port = REFUSED_FROM + draw.randrange(REFUSED_PORTS)
    yield Contact(kind=Kind.REFUSED, after_s=0.2, far_address=draw.choice(OUTSIDE_WAN), far_port=port)
    yield tcp(draw, after_s=0.8, lasts_s=1.0)


def long(draw: random.Random) -> Iterator[Contact]:
    """One that lives through whatever is killed meanwhile."""
    yield tcp(draw, lasts_s=LONG_S)


def tcp(draw: random.Random, *, after_s: float = 0.0, lasts_s: float = 0.0) -> Contact:
    """An ordinary connection."""
    return Contact(
        kind=Kind.TCP, after_s=after_s, far_address=draw.choice(OUTSIDE_WAN), far_port=draw.choice(TCP_PORTS),
        lasts_s=lasts_s,
    )  # fmt: skip


Shape = Callable[[random.Random], Iterator[Contact]]
SHAPES: Sequence[Shape] = (
    short, short, short, short, several, several, same_place, same_place, bound_port, bound_port, datagrams, refused,
    long,
)  # fmt: skip
"""A round of them."""
