"""Pages, hosts and instants to judge, and hypothesis' ideas of them."""

import dataclasses

from hypothesis import strategies as st

from shepherd.core.lease.judge import Here, Instant, Judgement, judge
from shepherd.core.lease.memory import Memory
from shepherd.core.lease.pages import page_of
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.lease import Ladder, Lease, LeasePage, LeasePhase

IMAGE = "sha256:" + "a" * 64
KEY = "0123456789abcdef"
HOST = HostName("p220")
NONCE = Nonce("boot-1")
LEASE_S = 900.0
SKEW_S = 300.0
ISSUED_S = 1_000_000.0
UP_S = 5_000.0
"""Boot clock of the host at the instant of issue."""
PAGES = 4

HERE = Here(host=HOST, pool="home", nonce=NONCE, images=frozenset({IMAGE}), skew_s=SKEW_S)

lines = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=20).filter(str.isprintable)
names = lines.filter(bool)
seconds = st.floats(0, 1e6, allow_nan=False)


def lease(**changes: object) -> Lease:
    """A lease for HOST in phase go."""
    made = Lease(
        host=HOST,
        nonce=NONCE,
        lease=LeaseId("lend-1"),
        phase=LeasePhase.GO,
        image=IMAGE,
        lease_s=LEASE_S,
        ladder=Ladder(graceful_s=60, fast_s=20, kill_s=10),
        why="idle",
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def page(*leases: Lease, **changes: object) -> LeasePage:
    """The page that HOST reads."""
    made = LeasePage(
        pool="home",
        instance="shepherd-1",
        page=page_of(HOST, PAGES),
        pages=PAGES,
        serial=100,
        issued_at_s=ISSUED_S,
        flockoff=False,
        leases=leases,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def later(after_s: float, wall_error_s: float = 0.0) -> Instant:
    """Both clocks so long after the issue; the wall clock may be wrong."""
    return Instant(wall_s=ISSUED_S + after_s + wall_error_s, boottime_s=UP_S + after_s)


def shown(memory: Memory, seen: LeasePage, now: Instant, here: Here = HERE) -> tuple[Memory, Judgement]:
    """Judge a page signed by KEY."""
    return judge(memory, seen, key_id=KEY, here=here, now=now)


def fresh() -> Memory:
    """What a host remembers after its boot."""
    return Memory(nonce=NONCE)


@st.composite
def leases(draw: st.DrawFn) -> Lease:
    """Any lease."""
    return Lease(
        host=HostName(draw(names)),
        nonce=Nonce(draw(names)),
        lease=LeaseId(draw(names)),
        phase=draw(st.sampled_from(LeasePhase)),
        image=draw(names),
        lease_s=draw(seconds),
        ladder=Ladder(graceful_s=draw(seconds), fast_s=draw(seconds), kill_s=draw(seconds)),
        why=draw(lines),
    )


@st.composite
def any_pages(draw: st.DrawFn) -> LeasePage:
    """Any page."""
    pages = draw(st.integers(1, 64))
    return LeasePage(
        pool=draw(names),
        instance=draw(names),
        page=draw(st.integers(0, pages - 1)),
        pages=pages,
        serial=draw(st.integers(0, 2**60)),
        issued_at_s=draw(st.floats(0, 4e9)),
        flockoff=draw(st.booleans()),
        leases=tuple(draw(st.lists(leases(), max_size=4, unique_by=lambda one: one.host))),
        process=draw(lines),
    )
