"""The pool as the daemon asks it: rows become facts, and nonsense becomes a trouble with a name."""

from collections.abc import Mapping

import pytest

from shepherd.edges.htcondor.pool import CondorPool
from shepherd.errors import PoolUnavailable
from shepherd.model.host import HostName

ROW = [16, 32000, 0, 0, False, False, "", 100.0, 150.0, 120.0, 9_000_000, [8, 16000, 4_000_000, 0], [8, 0, 0, 0]]


class Says:
    """Answers everything with what it was told last."""

    def __init__(self) -> None:
        self.answer: object = {}
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    def ask(self, question: str, args: Mapping[str, object], *, within_s: float) -> object:
        assert within_s > 0
        self.asked.append((question, args))
        return self.answer

    def close(self) -> None:
        return


@pytest.fixture(name="says")
def a_worker_that_says() -> Says:
    return Says()


@pytest.fixture(name="pool")
def pool_of_what_it_says(says) -> CondorPool:
    return CondorPool(home=says, beside=says, flock=says, schedds=["cm"], identities=["condor@home"], within_s=5.0)


def test_what_changed_since_the_last_look_is_seen_and_what_vanished_is_gone(pool, says):
    """Rows that stay keep their objects; one that was kept too long showed a drained host as free."""
    says.answer = {"p1": ROW, "p2": ROW}
    before = pool.regular_startds(None)
    says.answer = {"p1": list(ROW), "p3": [*ROW[:3], 4, *ROW[4:]]}
    after = pool.regular_startds(None)
    assert after["p1"] is before["p1"]
    assert after.keys() == {"p1", "p3"}
    assert (after["p3"].claimed_slots, after["p3"].idle_since_s) == (4, None)


def test_nobody_is_asked_about_no_host(pool, says):
    """An empty list once became an expression that is true of every ad."""
    assert pool.regular_startds([]) == pool.keepers([]) == pool.flock_startds([]) == {}
    assert says.asked == []


def test_of_very_many_hosts_only_those_asked_for_come_back(pool, says):
    """They are not named to the collector any more, so its answer holds everybody."""
    says.answer = {"P1": ROW, "p9999": ROW}
    assert pool.regular_startds([HostName(f"p{number}") for number in range(300)]).keys() == {"P1"}


@pytest.mark.parametrize("answer", [None, [], "x", 7])
def test_an_answer_that_makes_no_sense_is_a_trouble_not_an_empty_pool(pool, says, answer):
    """Absence is not evidence."""
    says.answer = answer
    with pytest.raises(PoolUnavailable):
        pool.regular_startds(None)


def test_an_unknown_keepers_words_leave_its_host_without_a_report(pool, says):
    """A newer keeper on one host must not stop the looks at all others."""
    good = [1.0, 2.0, "n", "idle", "regular", "", "", "", "", "1", "", "", "", 0.0, 0]
    says.answer = {"p1": good, "p2": [*good[:3], "teleporting", *good[4:]]}
    assert pool.keepers(None).keys() == {"p1"}
