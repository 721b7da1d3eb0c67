"""Each thing that is looked at, once as it must be and once not: a check that cannot fail says nothing."""

import pytest

from shepherd.core.checkup import daemon, pool, startd
from shepherd.model.finding import Subject
from tests.core.checkup.case import OK, Case
from tests.core.checkup.central_cases import CENTRAL_CASES
from tests.core.checkup.machine_cases import MACHINE_CASES
from tests.core.checkup.seen import file, keeper

CASES: dict[Subject, list[Case]] = {**CENTRAL_CASES, **MACHINE_CASES}
"""All findings of a case that are about its subject are in its state."""
EACH = [(subject, index) for subject, cases in CASES.items() for index in range(len(cases))]


@pytest.mark.parametrize(("subject", "index"), EACH, ids=lambda one: one.name if isinstance(one, Subject) else str(one))
def test_a_thing_is_judged_as_it_is(subject: Subject, index: int) -> None:
    """An administrator who is told "wrong" and not what to do calls somebody at night."""
    case = CASES[subject][index]
    found = case.of(subject)
    assert found
    assert {finding.state for finding in found} == {case.state}
    assert all(bool(finding.remedy) == (case.state is not OK) for finding in found)
    assert any(case.words in f"{finding.said} {finding.remedy}" for finding in found), found


def test_everything_that_is_looked_at_can_be_in_order_and_can_not_be() -> None:
    """The check of clocks compared a clock with itself, and was green through the outage that it was for."""
    states = {subject: {case.state for case in CASES.get(subject, ())} for subject in Subject}
    assert {subject: found for subject, found in states.items() if OK not in found or len(found) < 2} == {}


def test_keepers_of_another_release_and_their_complaints_are_told_once_each() -> None:
    """A hundred hosts with one fault gave a hundred lines, and the one with another was not seen."""
    heard = {f"p{n}": keeper(problem="no image here") for n in range(3)} | {"p7": keeper("0.9")}
    said = [finding.said for finding in pool.keeper_findings(heard.keys(), heard, "1.0")]
    assert said == [
        "keepers of version 0.9 beside our 1.0: p7", "no image here (p0, p1, p2)", "all 4 hosts have one",
    ]  # fmt: skip


@pytest.mark.parametrize("given", ["/k", "/k/l"])
def test_a_key_may_be_roots_if_systemd_hands_it_over(given: str) -> None:
    """The check had the key given to the daemon's user, from whom the unit kept it for good reason."""
    assert daemon.lease_key_problem("/k/l", file(uid=0), 990, ["/y", given]) is None
    assert daemon.lease_key_problem("/k/l", file(), 990, []) is None


@pytest.mark.parametrize(
    ("address", "host"),
    [("cm", "cm"), ("cm:9618", "cm"), ("[::1]:9618", "::1"), ("<10.1.0.1:9618?sock=x>", "10.1.0.1"), ("::1", "::1")],
)
def test_the_host_of_an_address_is_found(address: str, host: str) -> None:
    """The port was looked up as part of the name."""
    assert pool.host_of(address) == host


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5.0), ("100ms", 0.1), ("1min 30s", 90.0), ("infinity", None), ("", None), ("5 apples", None)],
)
def test_times_of_systemd_are_read(text: str, seconds: float | None) -> None:
    """`1min` was read as one, and the packaged unit's minute passed as quick."""
    assert startd.duration_s(text) == seconds
