"""Masters, keepers, demand, collectors: plain rows from ads that anybody may have written."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.edges.htcondor import others, reports
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder

OURS = {
    "ScheddName": "cm", "SubmitterTag": "", "AuthenticatedIdentity": "condor@home", "IdleJobs": 600, "RunningJobs": 3,
}  # fmt: skip


def demand(*ads: dict[str, object]) -> tuple[Mapping[str, int], int, int]:
    """As the site with the one schedd `cm` sees it."""
    return others.demand(ads, schedds=["cm"], identities=["condor@home"])


def test_own_jobs_count_over_all_submitters():
    """Demand is the pool's, not one user's."""
    assert demand(OURS, {**OURS, "IdleJobs": 5}) == ({"cm": 605}, 6, 0)


def test_nobody_else_can_make_demand():
    """A guest's schedd that claims the site's name, tag or both could take every host home, or keep it lent."""
    liars: list[dict[str, object]] = [
        {**OURS, "AuthenticatedIdentity": "guest@campus"},
        {**OURS, "AuthenticatedIdentity": None},
        {**OURS, "ScheddName": "campus"},
        {**OURS, "SubmitterTag": "home.lab"},
        {key: value for key, value in OURS.items() if key != "SubmitterTag"},
        {**OURS, "IdleJobs": "600"},
        {**OURS, "ScheddName": ["cm"]},
        {**OURS, "AuthenticatedIdentity": {"a": 1}},
    ]
    assert demand(OURS, *liars) == ({"cm": 600}, 3, len(liars))


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=2)
ads = st.lists(st.dictionaries(st.sampled_from([*others.SUBMITTER, *others.KEEPER, *others.DRAINABLE]), anything))


@given(ads)
def test_no_ad_however_strange_breaks_a_look(said):
    """One ad with a list for a name stopped every look at the pool."""
    idle, running, refused = demand(*said)
    assert (sum(idle.values()), running) >= (0, 0)
    assert refused <= len(said)
    rows = [reports.to_report(row) for row in others.keepers(said).values()]
    assert len(rows) <= len(said)
    assert isinstance(others.drainable(said), dict | None)
    assert set(others.present_schedds(said, identities=["condor@home"])) <= {"", *(str(ad.get("Name")) for ad in said)}


def test_fewer_idle_jobs_than_none_are_one_at_least():
    """A job with `+MaxHosts = -600` made a user's six hundred idle jobs none: nobody asked the schedd for them."""
    assert demand({**OURS, "IdleJobs": -600}) == ({"cm": 1}, 3, 0)
    assert demand({**OURS, "IdleJobs": -600}, {**OURS, "IdleJobs": 5}) == ({"cm": 6}, 6, 0)


def test_of_two_masters_of_one_name_the_last_heard_speaks():
    """A host that was renamed leaves an old ad behind for a quarter of an hour."""
    old = {"Machine": "p1", "STARTD_StartTime": 0, "LastHeardFrom": 5}
    new = {"Machine": "p1", "STARTD_StartTime": 77, "LastHeardFrom": 9}
    assert others.masters([new, old]) == others.masters([old, new]) == {"p1": (False, 9.0)}
    assert others.masters([old]) == {"p1": (True, 5.0)}


def test_a_master_without_a_startd_is_not_one_held_off():
    """The central manager's master lists no startd at all."""
    assert others.masters([{"Machine": "cm", "LastHeardFrom": 5}]) == {"cm": (False, 5.0)}


def test_a_schedd_is_present_only_under_an_identity_of_ours():
    """A foreign schedd of the same name must not hide that the real one is silent."""
    said = [{"Name": "cm", "AuthenticatedIdentity": "x@y"}, {"Name": "ap2", "AuthenticatedIdentity": "condor@home"}]
    assert others.present_schedds(said, identities=["condor@home"]) == {"ap2": ("", "")}


def test_the_youngest_collector_decides_the_age():
    """Of two collectors of one pool either may have answered."""
    assert others.age_s([{"StatsLifetime": 900}, {"StatsLifetime": 12}]) == 12.0
    assert others.age_s([{"Name": "x"}]) is None


def test_a_drain_is_addressed_by_the_first_slot_and_tells_its_request():
    """Only a slot's name has an `@`; the tools ask DNS for anything else."""
    first = {"Name": "slot1@p1", "SlotID": 1}
    second = {"Name": "slot2@p1", "SlotID": 2, "Draining": True, "DrainReason": "moving", "DrainingRequestId": "4"}
    assert others.drainable([second, first]) == {
        "name": "slot1@p1", "draining": True, "reason": "moving", "request": "4"
    }  # fmt: skip
    assert others.drainable([]) is None


REPORT = KeeperReport(
    nonce=Nonce("n1"),
    phase=KeeperPhase.ARMED,
    lock=LockHolder.REGULAR,
    lease=LeaseId("L1"),
    container="c1",
    image=None,
    problem=None,
    sent_at_s=12.5,
    heard_at_s=13.0,
    version="1",
)


def test_a_keepers_report_arrives_as_it_was_sent():
    """What is absent stays absent: an empty lease once became the lease named ''."""
    ad = {**reports.to_ad(HostName("p1"), REPORT), "LastHeardFrom": 13}
    ((host, row),) = others.keepers([ad]).items()
    assert (host, reports.to_report(row)) == ("p1", REPORT)


@pytest.mark.parametrize("attribute", ["Nonce", "Lease", "Image"])
@pytest.mark.parametrize("text", ["two words", "a\nb", "x" * 2000])
def test_words_that_no_lease_page_can_carry_are_not_believed(attribute, text):
    """A host's root advertised a nonce of two lines, and the shepherd died of it at every start."""
    ad = {**reports.to_ad(HostName("p1"), REPORT), attribute: text}
    assert reports.to_report(others.keepers([ad])["p1"]) is None


def test_a_keeper_without_a_nonce_is_not_believed():
    """There is no boot that a lease could be bound to."""
    ad = {name: value for name, value in reports.to_ad(HostName("p1"), REPORT).items() if name != "Nonce"}
    assert reports.to_report(others.keepers([ad])["p1"]) is None


def test_a_keeper_of_another_time_is_not_understood_rather_than_guessed():
    """A phase that only a newer keeper knows."""
    ad = {**reports.to_ad(HostName("p1"), REPORT), "Phase": "teleporting"}
    assert reports.to_report(others.keepers([ad])["p1"]) is None
