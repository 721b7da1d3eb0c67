"""The questions: what a letter, a security officer or a guest's administrator asks, drawn from the truth by a seed."""

import dataclasses
import enum
import random
from collections.abc import Callable, Iterator, Sequence

from shepherd.lab.addresses import CM_WAN
from shepherd.lab.drill.truth import Connection, Run, Truth
from shepherd.model.question import Question

UNUSED_PORTS = range(2000, 9000)
"""Of the NAT: jobs bind others, and the kernel gives out none of these."""
SHORT_S = 3.0
LONG_AGO_S = 3600.0
OFF_S = 5.0


class Asks(enum.Enum):
    """What is asked for."""

    LETTER = "letter: port, destination and time"
    LETTER_PORT = "letter: port and time only"
    LETTER_OFF = "letter whose clock is off"
    LETTER_FAR = "destination and time only"
    INSIDE = "inside address and port"
    HOST = "host and time"
    ACTIVITY = "host, destination and time"
    USER = "user's hosts and jobs"
    JOB = "job's connections"
    SCHEDD = "jobs of a schedd"
    GUEST = "jobs of a guest"
    IMAGE = "jobs in an image"
    SLOT = "slot and time"
    NO_SUCH_PORT = "a port that nobody had"
    NO_SUCH_PLACE = "a destination of nobody's"
    NO_SUCH_USER = "a user who is none"
    NO_SUCH_JOB = "a job that was none"
    LONG_AGO = "an hour before"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """One question of the drill."""

    number: int
    asks: Asks
    question: Question
    with_flows: bool = False
    """Whether the jobs' connections are asked for, too."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Material:
    """What questions are drawn from."""

    truth: Truth
    draw: random.Random
    begun_s: float
    ended_s: float

    def connection(self) -> Connection:
        """Any."""
        return self.draw.choice([one for one in self.truth.connections if self._counts(one.begun_s)])

    def run(self) -> Run:
        """Any that was heard."""
        heard = (one for one in self.truth.runs.values() if one.was_heard)
        return self.draw.choice([one for one in heard if self._counts(one.begun_s)])

    def _counts(self, begun_s: float) -> bool:
        """Whether it is of the time that is asked about."""
        return self.begun_s <= begun_s <= self.ended_s

    def while_open(self, one: Connection) -> float:
        """A moment at which it was there."""
        return self.draw.uniform(one.seen_s, max(one.seen_s, one.last_s))

    def while_running(self, one: Run) -> float:
        """A moment at which it ran."""
        return self.draw.uniform(one.begun_s, max(one.begun_s, one.last_s))

    def some_time(self) -> float:
        """Any of the drill."""
        return self.draw.uniform(self.begun_s, self.ended_s)


def questions(truth: Truth, count: int, begun_s: float, ended_s: float, seed: str) -> list[Asked]:
    """So many, of all kinds in turn. Empty if nothing happened."""
    material = Material(truth=truth, draw=random.Random(seed), begun_s=begun_s, ended_s=ended_s)
    if not truth.connections or not truth.runs:
        return []
    turns = [list(TABLE)[number % len(TABLE)] for number in range(count)]
    return [
        Asked(number=number, asks=asks, question=TABLE[asks](material), with_flows=asks is Asks.JOB)
        for number, asks in enumerate(turns, 1)
    ]


def around(at_s: float, within_s: float = 0.0, **words: object) -> Question:
    """About one moment, as a letter names it: to the hundredth of a second."""
    at_s = round(at_s, 2)
    return Question(from_s=at_s, until_s=at_s, within_s=within_s, **words)  # type: ignore[arg-type]


def far(one: Connection) -> dict[str, object]:
    """Where it went."""
    return {"far_address": one.far_address, "far_port": one.far_port, "protocol": one.protocol}


def nat(one: Connection) -> dict[str, object]:
    """Where it seemed to come from."""
    return {"nat_address": one.nat_address, "nat_port": one.nat_port}


def letter(material: Material) -> Question:
    """Everything that a good letter has."""
    one = material.connection()
    return around(material.while_open(one), 1.0, **nat(one), **far(one))


def letter_port(material: Material) -> Question:
    """As most letters are."""
    one = material.connection()
    return around(material.while_open(one), 1.0, **nat(one))


def letter_off(material: Material) -> Question:
    """Its clock is off by seconds, and it says so."""
    one = material.connection()
    off_s = material.draw.uniform(-OFF_S, OFF_S)
    return around(material.while_open(one) + off_s, OFF_S + 1.0, **nat(one), **far(one))


def letter_far(material: Material) -> Question:
    """Somebody was here; who can it have been?"""
    one = material.connection()
    return around(material.while_open(one), 1.0, nat_address=one.nat_address, **far(one))


def inside(material: Material) -> Question:
    """From our own side of the NAT, as the site's sensors see it."""
    one = material.connection()
    more = far(one) if material.draw.random() < 0.5 else {}
    return around(material.while_open(one), 1.0, address=one.address, port=one.port, **more)


def host(material: Material) -> Question:
    """Who was there then?"""
    one = material.run()
    return around(material.while_running(one), 0.5, host=one.host)


def activity(material: Material) -> Question:
    """Who of that host did that?"""
    one = material.connection()
    return around(material.while_open(one), 1.0, host=material.truth.runs[one.run].host, **far(one))


def user(material: Material) -> Question:
    """Where was this user?"""
    one, from_s = material.run(), material.some_time()
    until_s = min(from_s + material.draw.uniform(1.0, 60.0), material.ended_s)
    return Question(from_s=from_s, until_s=until_s, user=one.user)


def job(material: Material) -> Question:
    """What did this job do?"""
    return Question(from_s=material.begun_s, until_s=material.ended_s, job=material.run().job)


def schedd(material: Material) -> Question:
    """What came from there?"""
    at_s = material.while_running(material.run())
    return Question(from_s=at_s, until_s=at_s + SHORT_S, schedd=material.run().pool)


def guest(material: Material) -> Question:
    """What did this guest do?"""
    at_s = material.while_running(material.run())
    return Question(from_s=at_s, until_s=at_s + SHORT_S, guest=material.run().pool)


def image(material: Material) -> Question:
    """What ran in this image?"""
    one = material.run()
    return around(material.while_running(one), 0.5, image=material.truth.image)


def slot(material: Material) -> Question:
    """Who had this slot then?"""
    one = material.run()
    return around(material.while_running(one), 0.5, host=one.host, slot=one.slot)


def no_such_port(material: Material) -> Question:
    """A letter that is mistaken, or meant for somebody else."""
    port = material.draw.choice(UNUSED_PORTS)
    return around(material.some_time(), 1.0, nat_address=CM_WAN, nat_port=port, **far(material.connection()))


def no_such_place(material: Material) -> Question:
    """A right port and time, and somebody whom nobody of ours has ever met."""
    one = material.connection()
    place = {**far(one), "far_address": "192.0.2.66"}
    return around(material.while_open(one), 1.0, **nat(one), **place)


def no_such_user(material: Material) -> Question:
    """Nobody's name."""
    return Question(from_s=material.begun_s, until_s=material.ended_s, user=f"mallory@{material.run().pool}.lab")


def no_such_job(material: Material) -> Question:
    """Nobody's job."""
    pool = material.run().pool
    return Question(from_s=material.begun_s, until_s=material.ended_s, job=f"{pool}#99999.0#1500000000")


def long_ago(material: Material) -> Question:
    """Before anything was recorded."""
    one = material.connection()
    return around(one.seen_s - LONG_AGO_S, 1.0, **nat(one), **far(one))


TABLE: dict[Asks, Callable[[Material], Question]] = {
    Asks.LETTER: letter,
    Asks.LETTER_PORT: letter_port,
    Asks.LETTER_OFF: letter_off,
    Asks.LETTER_FAR: letter_far,
    Asks.INSIDE: inside,
    Asks.HOST: host,
    Asks.ACTIVITY: activity,
    Asks.USER: user,
    Asks.JOB: job,
    Asks.SCHEDD: schedd,
    Asks.GUEST: guest,
    Asks.IMAGE: image,
    Asks.SLOT: slot,
    Asks.NO_SUCH_PORT: no_such_port,
    Asks.NO_SUCH_PLACE: no_such_place,
    Asks.NO_SUCH_USER: no_such_user,
    Asks.NO_SUCH_JOB: no_such_job,
    Asks.LONG_AGO: long_ago,
}
"""A turn."""


def by_process(asked: Sequence[Asked], each: int) -> Iterator[Asked]:
    """Those that are asked by the verb itself, too: every so many, of all kinds."""
    return (one for one in asked if (one.number + one.number // len(TABLE)) % each == 0)
