"""The keeper's acts over every situation it can be in: what it must never do, and where it must end."""

import dataclasses
import itertools
from collections.abc import Iterator

import pytest

from shepherd.core.keeper.decide import (
    ABANDONED,
    WAITER_S,
    Allow,
    Begin,
    Bury,
    Depart,
    Kill,
    Rest,
    Situation,
    Unstick,
    next_act,
    phase_of,
    why_not_begin,
)
from shepherd.core.keeper.lend import Leaving, Lend, Record, begun, from_json, to_json
from shepherd.core.lease.judge import Instant
from shepherd.core.lease.memory import Held
from shepherd.errors import LeaseRefused
from shepherd.model.container import Container
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.lease import Ladder, Lease, LeasePhase
from shepherd.model.observation import KeeperPhase, LockHolder

NOW = Instant(wall_s=1_000_000.0, boottime_s=5_000.0)
LADDER = Ladder(graceful_s=60.0, fast_s=20.0, kill_s=10.0)
CONTAINER = Container(ident="c" * 64, pid=4242, start_ticks=77, cgroup="/sys/fs/cgroup/pids/docker/" + "c" * 64)


def lease(name: str = "L1", phase: LeasePhase = LeasePhase.ARM) -> Lease:
    return Lease(
        host=HostName("p220"), nonce=Nonce("n"), lease=LeaseId(name), phase=phase, image="sha256:" + "ab" * 32,
        lease_s=900.0, ladder=LADDER, why="idle",
    )  # fmt: skip


def held(name: str = "L1", phase: LeasePhase = LeasePhase.ARM) -> Held:
    return Held(lease=lease(name, phase), until_boottime_s=5_900.0, until_wall_s=1_000_900.0, key_id="k")


def leaving(since_s: float) -> Leaving:
    return Leaving(since_s=since_s, why="revoked", failed=False)


def situation(**more: object) -> Situation:
    """At home, with nothing to do, but for what is given."""
    quiet = Situation(
        now=NOW, record=Record(), held=None, revoked="", busy=False, refused="", alive=False, others=False,
        lock=LockHolder.REGULAR, drained_s=0.0, drained_too_long_s=25.0, abandoned=False,
    )  # fmt: skip
    return dataclasses.replace(quiet, **more)  # type: ignore[arg-type]


LENDS = (
    None,
    Lend(lease=lease()),
    Lend(lease=lease(), container=CONTAINER),
    Lend(lease=lease(), container=CONTAINER, went=True),
    Lend(lease=lease(), leaving=leaving(4_999.0)),
    Lend(lease=lease(), container=CONTAINER, leaving=leaving(4_999.0)),
    Lend(lease=lease(), container=CONTAINER, leaving=leaving(4_000.0)),
    Lend(lease=lease(), container=CONTAINER, went=True, leaving=leaving(4_999.0)),
    Lend(lease=lease(), container=CONTAINER, went=True, leaving=leaving(4_000.0)),
)
HELD = (None, held(), held(phase=LeasePhase.GO), held("L2"), held("L2", LeasePhase.GO))


def every_situation() -> Iterator[Situation]:
    """All combinations that can be: without a container nothing of it lives."""
    flags = (False, True)
    for lend, lease_held, busy, alive, others, lock, stuck in itertools.product(
        LENDS, HELD, flags, flags, flags, LockHolder, flags
    ):
        if (alive or others) and (lend is None or lend.container is None):
            continue
        if lock is LockHolder.FLOCK and not alive:
            continue
        used = (LeaseId("L1"),) if lend else ()
        for refused in ("", "no network") if lend and not lend.container else ("",):
            yield situation(
                record=Record(lend=lend, used=used), held=lease_held, busy=busy, alive=alive, others=others, lock=lock,
                drained_s=30.0 if stuck else 0.0, refused=refused,
            )  # fmt: skip


def test_nothing_begins_while_nobody_has_the_lock() -> None:
    """A host got its keeper before its guard: a container took the free lock, and two startds ran."""
    lease_held = held()
    assert next_act(situation(held=lease_held)) == Begin(held=lease_held)
    assert next_act(situation(held=lease_held, lock=LockHolder.NOBODY)) == Rest()


def test_a_container_starts_only_at_home_for_an_unused_lease_to_arm() -> None:
    """A keeper that started at `go`, or twice for one lease, ran guests that nobody had drained the host for."""
    for seen in every_situation():
        if isinstance(act := next_act(seen), Begin):
            assert seen.record.lend is None
            assert seen.held is not None
            assert act.held is seen.held
            assert seen.held.lease.phase is LeasePhase.ARM
            assert seen.held.lease.lease not in seen.record.used


def test_pid_1_is_allowed_only_what_a_standing_lease_of_its_own_says() -> None:
    """Another lend's renewal, or none at all, kept guests on the host."""
    for seen in every_situation():
        if isinstance(act := next_act(seen), Allow):
            assert seen.record.lend is not None
            assert seen.record.lend.leaving is None
            assert act.held.lease.lease == seen.record.lend.lease.lease
            assert seen.alive


def test_whoever_has_no_lease_leaves() -> None:
    """Invariant 4: with the shepherd dead every host comes home."""
    for seen in every_situation():
        lend = seen.record.lend
        if lend is not None and lend.leaving is None and seen.held is None:
            assert isinstance(next_act(seen), Depart)


def test_a_leaving_lend_never_comes_back() -> None:
    """A renewed lease revived a container that was half dead."""
    for seen in every_situation():
        lend = seen.record.lend
        if lend is not None and lend.leaving is not None:
            assert isinstance(next_act(seen), Rest | Kill | Bury | Unstick)


def test_nothing_is_buried_alive() -> None:
    """dockerd was asked to remove a container whose guest still had its notice."""
    for seen in every_situation():
        if isinstance(next_act(seen), Bury):
            assert not seen.alive
            assert not seen.others
            assert not seen.busy


def test_the_kill_waits_for_the_ladder_but_not_for_dockerd() -> None:
    """A stopped dockerd kept guests on the host; an eager kill cost them their notice."""
    went = Lend(lease=lease(), container=CONTAINER, went=True, leaving=leaving(NOW.boottime_s - 80.0))
    seen = situation(record=Record(lend=went), alive=True, others=True, lock=LockHolder.FLOCK, busy=True)
    assert next_act(seen) == Rest()
    late = dataclasses.replace(seen, now=Instant(wall_s=NOW.wall_s, boottime_s=NOW.boottime_s + 1.0))
    assert next_act(late) == Kill()


def test_a_container_that_never_went_is_killed_soon() -> None:
    """Its PID 1 has nothing to end: one that is stopped must not hold up the host for a guest's notice."""
    waiting = Lend(lease=lease(), container=CONTAINER, leaving=leaving(NOW.boottime_s - WAITER_S))
    assert next_act(situation(record=Record(lend=waiting), alive=True)) == Kill()


def test_what_outlives_pid_1_is_killed_at_once() -> None:
    """PID 1 was killed; a process entered from outside lived on in its cgroup."""
    went = Lend(lease=lease(), container=CONTAINER, went=True, leaving=leaving(NOW.boottime_s))
    assert next_act(situation(record=Record(lend=went), others=True)) == Kill()


def test_our_own_startd_is_ended_only_when_it_sits_drained_and_nobody_waits_for_go() -> None:
    """Invariant 2: the shepherd died between drain and go. And nobody else's drain is ours to end."""
    for seen in every_situation():
        if isinstance(next_act(seen), Unstick):
            assert seen.lock is LockHolder.REGULAR
            assert seen.drained_s > seen.drained_too_long_s
            lend = seen.record.lend
            waits = lend is not None and lend.leaving is None
            assert not waits or (seen.held is not None and seen.held.lease.phase is LeasePhase.GO)


def test_a_lend_without_go_is_given_up_before_the_startd_is_ended() -> None:
    """Otherwise PID 1 takes the lock, and the host is without a startd for the time it may hold it."""
    armed = Lend(lease=lease(), container=CONTAINER)
    seen = situation(record=Record(lend=armed), held=held(), alive=True, drained_s=30.0)
    act = next_act(seen)
    assert isinstance(act, Depart)
    assert act.leaving.failed


def test_every_lend_without_a_lease_ends_at_home() -> None:
    """Whatever a keeper finds when it starts, time alone must lead to an empty host."""
    for seen in every_situation():
        assert home_at_last(dataclasses.replace(seen, held=None, drained_s=0.0))


def home_at_last(seen: Situation) -> bool:
    """Play the world's simplest answers until no lend is left; False if that never comes."""
    for _ in range(10):
        lend = seen.record.lend
        if lend is None:
            return True
        later = Instant(wall_s=seen.now.wall_s + 100.0, boottime_s=seen.now.boottime_s + 100.0)
        match next_act(seen):
            case Depart(leaving=going):
                record = dataclasses.replace(seen.record, lend=dataclasses.replace(lend, leaving=going))
                seen = dataclasses.replace(seen, record=record, now=later)
            case Kill():
                seen = dataclasses.replace(seen, alive=False, others=False, lock=LockHolder.NOBODY)
            case Bury():
                seen = dataclasses.replace(seen, record=Record(used=seen.record.used))
            case _:
                seen = dataclasses.replace(seen, busy=False, now=later)
    return False


@pytest.mark.parametrize(
    ("lend", "lock", "alive", "problem", "phase"),
    [
        (None, LockHolder.REGULAR, False, "", KeeperPhase.IDLE),
        (None, LockHolder.REGULAR, False, "no network", KeeperPhase.FAILED),
        (LENDS[1], LockHolder.REGULAR, False, "", KeeperPhase.PREPARING),
        (LENDS[2], LockHolder.REGULAR, True, "", KeeperPhase.ARMED),
        (LENDS[2], LockHolder.FLOCK, True, "", KeeperPhase.HOLDING),
        (LENDS[3], LockHolder.REGULAR, True, "", KeeperPhase.ARMED),
        (LENDS[3], LockHolder.FLOCK, True, "", KeeperPhase.FLOCKING),
        (LENDS[7], LockHolder.FLOCK, True, "", KeeperPhase.LEAVING),
        (LENDS[7], LockHolder.REGULAR, False, "dockerd does not answer", KeeperPhase.FAILED),
    ],
)
def test_the_phase_says_what_is_so(
    lend: Lend | None, lock: LockHolder, alive: bool, problem: str, phase: KeeperPhase
) -> None:
    """The shepherd drains on ARMED and believes a lend on FLOCKING: a word too early costs a startd."""
    assert phase_of(situation(record=Record(lend=lend), lock=lock, alive=alive), problem) is phase


def test_a_lease_that_starts_nothing_says_why() -> None:
    """A host that was never lent gave no reason that a person could read."""
    assert "had its container" in why_not_begin(situation(record=Record(used=(LeaseId("L1"),)), held=held()))
    assert "nothing was armed" in why_not_begin(situation(held=held(phase=LeasePhase.GO)))
    assert why_not_begin(situation(held=held())) == ""


@pytest.mark.parametrize("lend", LENDS)
def test_the_record_survives_a_restart(lend: Lend | None) -> None:
    """A keeper that forgot its lend started the lease's second container."""
    record = dataclasses.replace(begun(Record(), lease("L0")), lend=lend)
    assert from_json(to_json(record)) == record


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"v": 1}', '{"v": 2, "used": [], "lend": null}', "\0"])
def test_a_damaged_record_is_refused(text: str) -> None:
    """Half a file after a full tmpfs read as `no lend`."""
    with pytest.raises(LeaseRefused):
        from_json(text)


def test_used_leases_are_forgotten_only_in_the_end() -> None:
    """The record lies on tmpfs and must not grow with every lend."""
    record = Record()
    for number in range(200):
        record = begun(record, lease(f"L{number}"))
    assert 10 < len(record.used) < 100
    assert record.used[-1] == "L199"


def test_guests_leave_a_host_on_which_htcondor_was_stopped() -> None:
    """`systemctl stop condor` before a repair ended the regular side, and the guests went on."""
    lend = Lend(lease=lease(), container=CONTAINER, went=True)
    lent = situation(record=Record(lend=lend), held=held(phase=LeasePhase.GO), alive=True, lock=LockHolder.FLOCK)
    assert isinstance(next_act(lent), Allow)
    act = next_act(dataclasses.replace(lent, abandoned=True))
    assert isinstance(act, Depart)
    assert act.leaving.why == ABANDONED
    assert not act.leaving.failed


def test_no_lend_begins_on_a_host_on_which_htcondor_was_stopped() -> None:
    """Nobody would take such a host back."""
    assert isinstance(next_act(situation(held=held())), Begin)
    assert isinstance(next_act(situation(held=held(), abandoned=True)), Rest)
