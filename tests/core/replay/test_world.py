"""What would have been seen, and what would have waited, if other hosts had been lent."""

import dataclasses
from collections.abc import Mapping

import pytest

from shepherd.core.replay.herds import Herds
from shepherd.core.replay.world import World
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.host import Herd, HostName
from shepherd.model.moment import Moment
from shepherd.model.observation import HostFacts, Queue
from shepherd.model.orders import Order, Stage, SwitchRecord
from shepherd.model.past import NOTHING_PAST, Fewest, Past, Waiting
from shepherd.model.replay import SwitchTimes
from shepherd.model.settings import TimerSettings
from shepherd.model.view import NO_BARS
from tests.build import NOW, facts, idle_host, keeper, record, regular, snapshot

TIMERS = TimerSettings()
TIMES = SwitchTimes(lend_s=30, home_s=3)
FOUR = Resources(4, 8192, 0, 0)
GIVES = Gives(FOUR, FOUR, FOUR)
P201, P202, P203 = (HostName(f"p{number}") for number in (201, 202, 203))
ONE_CPU, TWO_CPUS = Resources(1, 1024, 0, 0), Resources(2, 1024, 0, 0)


def moment(
    *hosts: HostFacts, lent: tuple[SwitchRecord, ...] = (), waiting: Mapping[Resources, int] | None = None
) -> Moment:
    """What is on record of an instant."""
    groups = tuple(DemandGroup(asks=asks, jobs=jobs) for asks, jobs in sorted((waiting or {}).items(), reverse=True))
    idle = sum(group.jobs for group in groups)
    queue = Queue(idle_jobs=idle, running_jobs=9, schedds=("cm",), demand=Demand(groups=groups, at_s=NOW))
    return Moment(
        at_s=NOW,
        snapshot=dataclasses.replace(snapshot(*hosts), queue=queue),
        switches={one.host: one for one in lent},
        memories={},
        flockoff=None,
        bars=NO_BARS,
        past=NOTHING_PAST,
        settings={},
    )


def lent(host: str, stage: Stage = Stage.LENT) -> SwitchRecord:
    return record(host, stage, gives=GIVES)


def world(*out: SwitchRecord) -> World:
    return World(Herds({one.host: one for one in out}, TIMES))


def gone(host: str) -> HostFacts:
    """As a lent host is heard: its startd is not."""
    return facts(host, keeper=keeper())


def half_busy(host: str) -> HostFacts:
    return facts(host, regular=regular(busy=1, free=TWO_CPUS._replace(memory_mib=4096)), keeper=keeper())


def test_a_host_that_would_not_have_been_lent_is_idle_and_takes_what_waited():
    """A replay that kept lending less said that nobody would have waited less."""
    then = moment(gone("p201"), lent=(lent("p201"),), waiting={TWO_CPUS: 3})
    scene = world().at(then, TIMERS)
    assert (scene.waiting, scene.blocked) == ({TWO_CPUS: 1}, {})
    startd = scene.snapshot.hosts[P201].regular
    assert startd is not None
    assert (startd.cpus, startd.claimed_slots, startd.gives.free.cpus) == (4, 2, 0)
    assert scene.snapshot.queue is not None
    assert (scene.snapshot.queue.idle_jobs, scene.snapshot.queue.running_jobs) == (1, 11)


def test_a_host_that_would_have_been_lent_leaves_its_jobs_to_others_or_to_the_queue():
    """Jobs of a host that was lent in the replay alone vanished, and lending everything cost nobody anything."""
    then = moment(half_busy("p201"), idle_host("p202"))
    scene = world(lent("p201")).at(then, TIMERS)
    assert scene.waiting == {}
    took = scene.snapshot.hosts[P202].regular
    assert took is not None
    assert (took.claimed_slots, took.idle_since_s) == (1, None)
    both = world(lent("p201"), lent("p202")).at(moment(half_busy("p201"), half_busy("p202")), TIMERS)
    assert sum(both.waiting.values()) == 2
    assert both.blocked == both.waiting
    assert both.snapshot.queue is not None
    assert both.snapshot.queue.demand is not None
    assert [group.jobs for group in both.snapshot.queue.demand.groups] == [2]


def test_jobs_that_local_hosts_have_room_for_wait_for_no_lent_host():
    """Every job that had just been submitted made lends look like its fault, until it was matched."""
    then = moment(idle_host("p201"), gone("p202"), lent=(lent("p202"),), waiting={ONE_CPU: 6})
    was, scene = world().as_recorded(then), world().at(then, TIMERS)
    assert (was.waiting, was.blocked) == ({ONE_CPU: 2}, {ONE_CPU: 2})
    assert (scene.waiting, scene.blocked) == ({}, {})
    assert scene.snapshot.queue is not None
    assert (scene.snapshot.queue.idle_jobs, scene.snapshot.queue.running_jobs) == (4, 11)


def test_jobs_that_nothing_takes_whatever_is_free_wait_for_something_else():
    """Jobs whose licence was missing made every lend look like their fault."""
    step = Fewest(from_s=NOW, now=5)
    past = Past(waiting=(Waiting(asks=FOUR, jobs=5, fewest=step, due=step, stuck=5),))
    then = moment(half_busy("p201"), gone("p202"), lent=(lent("p202"),), waiting={FOUR: 5})
    scene = world().as_recorded(dataclasses.replace(then, past=past))
    assert (scene.waiting, scene.blocked) == ({}, {})
    assert scene.snapshot.queue == then.snapshot.queue


def test_jobs_that_only_a_lent_host_would_take_are_blocked_by_it():
    """What local work waited for was mixed up with what it waited for because of us."""
    large = Resources(16, 1024, 0, 0)
    then = moment(half_busy("p201"), gone("p202"), lent=(lent("p202"),), waiting={FOUR: 2, large: 1})
    scene = world().as_recorded(then)
    assert scene.waiting == {FOUR: 2, large: 1}
    assert scene.blocked == {FOUR: 1}


@pytest.mark.parametrize(
    "taken",
    [
        facts("p201", regular=regular(drain="by hand"), keeper=keeper()),
        facts("p201"),
    ],
    ids=["drained by somebody", "dead"],
)
def test_a_host_that_somebody_took_away_is_not_lent_any_more(taken):
    """A host under repair served guests all day, in the replay."""
    there = world(lent("p201"))
    scene = there.at(moment(taken), TIMERS)
    assert there.herds.switches == {}
    assert scene.snapshot.hosts[P201] == taken


def test_a_host_that_works_before_it_is_drained_stays():
    """The drain is refused when a slot is busy, so the lend would not have been."""
    there = world(lent("p201", Stage.GRANTED))
    there.at(moment(half_busy("p201")), TIMERS)
    assert there.herds.switches == {}


def test_switches_take_the_time_that_is_said():
    """Hosts that served guests from the second of their order earned more than any could."""
    herds = Herds({}, TIMES)
    assert herds.lend(Order(host=P201, herd=Herd.FLOCK, why="quiet"), idle_host("p201"), "sha256:0", NOW)
    herds.advance(NOW + 29)
    assert herds.switches[P201].stage is Stage.GRANTED
    herds.advance(NOW + 31)
    assert (herds.switches[P201].stage, herds.switches[P201].stage_at_s) == (Stage.LENT, NOW + 30)
    assert herds.reclaim(Order(host=P201, herd=Herd.LOCAL, why="a burst"), NOW + 100)
    assert not herds.reclaim(Order(host=P201, herd=Herd.LOCAL, why="a burst"), NOW + 101)
    herds.advance(NOW + 104)
    assert (herds.switches, herds.home_at_s) == ({}, {P201: NOW + 103})


def test_a_host_has_been_idle_since_its_last_work_in_that_world():
    """A host that took others' jobs all morning was the first to be lent: on record it had been idle for days."""
    there = world(lent("p201"))
    there.at(moment(half_busy("p201"), idle_host("p202")), TIMERS)
    later = dataclasses.replace(moment(idle_host("p202"), gone("p203"), lent=(lent("p203"),)), at_s=NOW + 60)
    scene = there.at(later, TIMERS)
    took, home = scene.snapshot.hosts[P202].regular, scene.snapshot.hosts[P203].regular
    assert took is not None
    assert home is not None
    assert (took.idle_since_s, home.idle_since_s) == (NOW, NOW + 60)
