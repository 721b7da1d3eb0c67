"""Which idle jobs are demand: evidence, what it takes, and what undoes it."""

from shepherd.core.demand.fewest import after, level
from shepherd.core.demand.waiting import FORGET_S, looked, requests
from shepherd.model.demand import DemandGroup, Resources
from shepherd.model.past import Fewest, Waiting

ASKS = Resources(cpus=1, memory_mib=1024)
OLD = Resources(cpus=16, memory_mib=65536)
NEW = Resources(cpus=64, memory_mib=262144)
STUCK_S = 300.0
Known = dict[Resources, Waiting]


def look(known: Known, jobs: int, now: float, *free: Resources) -> Known:
    """One look, with hosts of these kinds that have long stood free."""
    groups = [DemandGroup(asks=ASKS, jobs=jobs)] if jobs else []
    return looked(groups, known, {kind: kind for kind in free}, now, stuck_s=STUCK_S, patience_s=30.0)


def looks(known: Known, jobs: int, from_s: float, to_s: float, *free: Resources) -> Known:
    """A look every ten seconds."""
    for now in range(int(from_s), int(to_s) + 1, 10):
        known = look(known, jobs, float(now), *free)
    return known


def wanted(known: Known, jobs: int) -> int:
    """Jobs for which any host would do."""
    return sum(one.jobs for one in requests([DemandGroup(asks=ASKS, jobs=jobs)], known) if not one.passed)


def test_jobs_that_free_hosts_pass_over_are_no_demand_for_such_hosts():
    """A licence was out: six hundred jobs waited, and every host stood idle beside them."""
    known = looks({}, 600, 0, 290, OLD)
    assert wanted(known, 600) == 600
    known = looks(known, 600, 300, 310, OLD)
    assert wanted(known, 600) == 0
    (passed,) = (one for one in requests([DemandGroup(asks=ASKS, jobs=600)], known) if one.passed)
    assert passed.passed == {OLD}


def test_jobs_that_come_on_top_are_demand_at_once():
    """The noise of six hundred hid a campaign of forty."""
    known = looks({}, 600, 0, 310, OLD)
    assert wanted(known, 640) == 40


def test_one_free_host_is_no_evidence_before_it_stood_so_for_long():
    """Hosts that had just come home for these jobs were evidence that nobody wanted them."""
    assert wanted(looks({}, 600, 0, 900), 600) == 600


def test_another_kind_of_host_is_tried_before_jobs_are_given_up():
    """Jobs that need the new machines waited for ever: the old ones stood free, and the new ones were lent."""
    known = looks({}, 9, 0, 310, OLD)
    known = looks(known, 9, 320, 630, OLD, NEW)
    (passed,) = requests([DemandGroup(asks=ASKS, jobs=9)], known)
    assert passed.passed == {OLD, NEW}


def test_a_job_that_is_taken_after_all_brings_the_others_back_quickly():
    """A licence server came up again, and only what newly came was served."""
    known = looks({}, 64, 0, 310, OLD)
    wants = []
    for jobs in (63, 63, 62, 60, 56, 48, 32):
        known = look(known, jobs, 320.0)
        wants.append(wanted(known, jobs))
    assert wants == [1, 1, 2, 4, 8, 16, 32]


def test_evidence_ends_with_the_jobs_or_after_a_day():
    """What was true last week is asked for again."""
    known = looks({}, 9, 0, 310, OLD)
    assert look(known, 0, 320.0) == {}
    assert wanted(look(known, 9, 310 + FORGET_S + 1), 9) == 9


def test_a_time_without_looks_proves_nothing():
    """A shepherd that was down for an hour believed that the same jobs had waited all the while."""
    known = look(look({}, 9, 0.0, OLD), 9, 3600.0, OLD)
    assert wanted(known, 9) == 9


def test_jobs_in_store_count_as_much_again_as_are_there():
    """A campaign that shows fifty jobs at a time came home fifty by fifty."""
    (request,) = requests([DemandGroup(asks=ASKS, jobs=5, soon=100)], {})
    assert request.jobs == 10


def test_only_what_has_waited_its_time_is_due():
    """Guests were thrown off for jobs that a local host took in the next second."""
    known = look({}, 9, 0.0)
    groups = [DemandGroup(asks=ASKS, jobs=9)]
    assert requests(groups, {}, known) == []
    known = look(look(known, 7, 20.0), 9, 30.0)
    (request,) = requests(groups, {}, known)
    assert request.jobs == 7


def test_the_fewest_of_two_steps_covers_one_whole_step():
    """A window that forgot at its end let one quiet second count as five minutes."""
    fewest = None
    for now, count in ((0, 5), (10, 3), (20, 8), (30, 8), (40, 8), (50, 8)):
        fewest = after(fewest, count, float(now), 20.0)
    assert fewest == Fewest(from_s=40.0, now=8, before=8)
    assert level(after(fewest, 2, 55.0, 20.0)) == 2
    assert after(fewest, 2, 39.0, 20.0) == Fewest(from_s=39.0, now=2)


def test_what_is_proven_at_every_look_is_not_news_at_every_look():
    """A thousand shapes that waited for a licence were a thousand changes to put on record, each minute."""
    settled = looks({}, 9, 0, 700, OLD)
    later = look(settled, 9, 710.0, OLD)
    assert later[ASKS].proven_s == settled[ASKS].proven_s
    an_hour_later = looks(later, 9, 720, 4500, OLD)
    assert an_hour_later[ASKS].proven_s > settled[ASKS].proven_s
    assert wanted(an_hour_later, 9) == 0


def test_of_jobs_that_may_not_wait_no_time_is_taken():
    """It began anew at every look, and each beginning went on record."""
    group = DemandGroup(asks=ASKS, jobs=9)
    one, other = (looked([group], {}, {}, now, stuck_s=STUCK_S, patience_s=-5.0) for now in (1, 2))
    assert one[ASKS].due == other[ASKS].due
