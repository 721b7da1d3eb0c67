"""Slot ads to hosts: what counts as in use decides whether somebody's job is drained away."""

import pytest

from shepherd.edges.htcondor import slots
from shepherd.edges.htcondor.values import plain

IDLE = {
    "Machine": "p220", "State": "Unclaimed", "Activity": "Idle", "TotalSlotCpus": 16, "TotalSlotMemory": 32000,
    "TotalSlotDisk": 5e6, "TotalSlotGPUs": 0, "Cpus": 16, "Memory": 32000, "Disk": 5e6, "NumDynamicSlots": 0,
    "DaemonStartTime": 100,
    "EnteredCurrentActivity": 125, "NumDynamicSlotsTime": 140, "LastHeardFrom": 150,
}  # fmt: skip


def one(*ads: dict[str, object]) -> slots.Regular:
    """The one host of these ads."""
    (host,) = slots.regular(ads).values()
    return host


def test_an_idle_partitionable_slot_is_a_free_host():
    """The time since when it is idle comes from its last job's end, not from the slot's own state."""
    host = one(IDLE)
    assert (host.cpus, host.memory_mib, host.gpus, host.claimed) == (16, 32000, 0, 0)
    assert (host.idle_since_s, host.started_at_s, host.heard_at_s) == (140.0, 100.0, 150.0)
    assert not host.drained
    assert not host.draining


def test_a_startd_that_restarted_between_two_questions_counts_once():
    """Its slots were in both halves of the answer, and the host seemed twice as large."""
    before, after = slots.regular([IDLE]), slots.regular([{**IDLE, "DaemonStartTime": 161}])
    for parts in ([before, after], [after, before]):
        host = slots.newest(parts)["p220"]
        assert (host.cpus, host.started_at_s) == (16, 161.0)


def test_every_dynamic_slot_is_somebodys_claim():
    """The partitionable slot itself stays Unclaimed/Idle while all its cpus are at work."""
    assert one({**IDLE, "NumDynamicSlots": 9}).claimed == 9


@pytest.mark.parametrize(
    ("state", "activity"),
    [("Claimed", "Busy"), ("Claimed", "Idle"), ("Matched", "Idle"), ("Preempting", "Vacating"), ("Owner", "Idle"),
     ("Unclaimed", "Benchmarking"), ("Backfill", "Busy"), ("", ""), (7, None)],
)  # fmt: skip
def test_what_a_drain_would_be_refused_for_is_in_use(state, activity):
    """A lend was tried again and again on a host whose START an administrator had set to False."""
    assert one({**IDLE, "State": state, "Activity": activity}).claimed == 1


def test_static_slots_add_up_and_one_busy_slot_keeps_the_host():
    """Sites with static slots have many ads a host; the oldest tells how fresh the host is."""
    host = one(IDLE, {**IDLE, "State": "Claimed", "Activity": "Busy", "LastHeardFrom": 90})
    assert (host.cpus, host.claimed, host.heard_at_s) == (32, 1, 90.0)


def test_a_host_is_drained_only_when_every_slot_is():
    """A partitionable slot says Drained at once, while its jobs are still retiring below it."""
    drained = {**IDLE, "State": "Drained", "Draining": True, "DrainReason": "shepherd:L1"}
    assert one(drained, drained).drained
    assert one(drained).reason == "shepherd:L1"
    assert one(drained).claimed == 0
    assert not one(drained, IDLE).drained
    assert not one({**drained, "NumDynamicSlots": 1}).drained


def test_the_drain_reason_speaks_for_the_whole_startd_only():
    """The keeper gives a lend up, and quits a startd, on this word."""
    drained = {**IDLE, "State": "Drained", "Draining": True, "DrainReason": "shepherd:L1"}
    assert slots.drain_reason([drained, drained]) == "shepherd:L1"
    assert slots.drain_reason([drained, IDLE]) == ""
    assert slots.drain_reason([]) == ""


def test_odd_values_never_make_a_host_bigger_or_idler():
    """Anybody who may advertise can write anything into an ad."""
    odd = {**IDLE, "TotalSlotCpus": "many", "TotalSlotMemory": -5, "TotalSlotGPUs": True, "NumDynamicSlots": [1]}
    host = one({**odd, "LastHeardFrom": float("nan"), "DrainReason": 7, "Draining": "yes"})
    assert (host.cpus, host.memory_mib, host.gpus, host.heard_at_s) == (0, 0, 0, 0.0)
    assert (host.reason, host.draining) == ("", False)


def test_ads_without_a_machine_are_nobodys():
    """They must not end up as a host called None."""
    assert slots.regular([{**IDLE, "Machine": 5}, {"State": "Claimed"}]) == {}
    assert slots.flock([{"State": "Claimed"}]) == {}


def test_a_flocking_startd_counts_its_guests():
    """An Owner slot there is only a lapsed lease's START, not a guest that needs notice."""
    ads = [{**IDLE, "NumDynamicSlots": 2}, {**IDLE, "State": "Claimed"}, {**IDLE, "State": "Owner"}]
    (host,) = slots.flock(ads).values()
    assert host.claimed == 3


class Json:
    """An ad of the bindings, as far as it is used."""

    def __init__(self, text: str) -> None:
        self._text = text

    def printJson(self) -> str:  # noqa: N802 - the bindings' name
        return self._text


def test_attribute_names_have_no_case():
    """A site's `MACHINE_RESOURCE_gpus` made `TotalSlotgpus`, and a GPU host was taken for one without."""
    (ad,) = plain([Json('{"machine": "p220", "TotalSlotgpus": 2}')], slots.REGULAR)
    assert slots.regular([ad])["p220"].gpus == 2


def test_an_ad_that_is_no_json_says_nothing():
    """One broken ad must not hide a whole pool, nor be taken for somebody's."""
    assert list(plain([Json("{"), Json('{"Machine": "p1"}')], slots.REGULAR)) == [{"Machine": "p1"}, {}]


def test_what_is_left_of_a_partitionable_slot_is_free_for_jobs():
    """Jobs that fitted into what a busy host had left took another one home from its guests."""
    host = one({**IDLE, "NumDynamicSlots": 2, "Cpus": 3, "Memory": 1000, "Disk": 4e6, "GPUs": 0})
    assert (host.largest, host.free) == ([16, 32000, 5_000_000, 0], [3, 1000, 4_000_000, 0])


def test_of_static_slots_the_largest_tells_what_one_job_can_have():
    """Four slots of sixteen cpus do not take a job that asks for twenty."""
    busy = {**IDLE, "State": "Claimed", "TotalSlotCpus": 4, "Cpus": 4}
    host = one(IDLE, busy)
    assert (host.cpus, host.largest[0], host.free[0]) == (20, 16, 16)


GUESTS = {
    "Machine": "f220", "State": "Unclaimed", "NumDynamicSlots": 2, "DaemonStartTime": 50, "LastHeardFrom": 150,
    "ChildState": ["Claimed", "Claimed"], "ChildCpus": [1, 3], "ChildEnteredCurrentState": [100, 140],
    "ChildRemoteUser": ["eve@uni", "bob@uni"],
}  # fmt: skip


def test_what_guests_would_lose_is_known_from_one_ad():
    """Reclaims took the host with a week of work on it, and left the one whose job had just begun."""
    (host,) = slots.flock([GUESTS]).values()
    assert (host.claimed, host.claimed_cpus, host.since_s / host.claimed_cpus) == (2, 4, 130.0)
    assert sorted(host.users) == ["bob@uni", "eve@uni"]
    assert (host.ends_s, host.endless) == (0.0, 2)


def test_of_a_claim_that_takes_job_after_job_only_the_present_one_would_be_lost():
    """Twenty minutes of a claim and its tenth job of two counted as twenty minutes of work, and outweighed ten."""
    (host,) = slots.flock([{**GUESTS, "ChildJobStart": [148, 140]}]).values()
    assert host.since_s / host.claimed_cpus == (148.0 + 3 * 140.0) / 4
    (without,) = slots.flock([{**GUESTS, "ChildJobStart": [None, "x"]}]).values()
    assert without.since_s / without.claimed_cpus == 130.0


def test_a_host_whose_jobs_all_have_a_limit_tells_when_it_will_be_free():
    """The host whose job had a minute left was taken home, and the one beside it with a day to go stayed out."""
    limits = {"ChildJobStart": [100, 150], "ChildAllowedJobDuration": [900, None],
              "ChildAllowedExecuteDuration": [None, 60]}  # fmt: skip
    (host,) = slots.flock([{**GUESTS, **limits}]).values()
    assert (host.ends_s, host.endless) == (1000.0, 0)
    (other,) = slots.flock([{**GUESTS, **limits, "ChildJobStart": [100, None]}]).values()
    assert (other.ends_s, other.endless) == (1000.0, 1)


def test_only_the_present_job_of_a_claim_is_lost_with_it():
    """A claim that had taken forty short jobs one after another counted as hours of work, of which a minute would have
    been lost."""
    (host,) = slots.flock([{**GUESTS, "ChildJobStart": [190, None]}]).values()
    assert host.since_s == 1 * 190.0 + 3 * 140.0


def test_a_host_with_very_many_users_does_not_hold_up_a_look():
    """A container is root's to others: it named a hundred thousand users, and every look took minutes."""
    claims = 100_000
    many = {"ChildState": ["Claimed"] * claims, "ChildCpus": [1] * claims,
            "ChildRemoteUser": [f"u{number}@uni" for number in range(claims)]}  # fmt: skip
    (host,) = slots.flock([{**GUESTS, **many}]).values()
    assert (host.claimed_cpus, len(host.users)) == (claims, slots.MOST_USERS)


@pytest.mark.parametrize("odd", [None, "x", [None], [[1], {}], [7, "Claimed", -1]])
def test_odd_words_of_guests_break_no_look(odd):
    """A container is root's to others: it may say anything."""
    lied = dict.fromkeys(slots.CHILDREN, odd)
    (host,) = slots.flock([{**GUESTS, **lied}]).values()
    assert host.claimed == 2
    assert host.claimed_cpus >= 0
