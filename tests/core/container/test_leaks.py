"""The leak check: what answers mean, and what silence does not mean."""

import dataclasses
import itertools

import pytest

from shepherd.core.container.leaks import attempts, judge
from shepherd.model.container import Profile
from shepherd.model.reach import Attempt, Whence
from tests.core.sound_settings import NODE

POOL, STORAGE, COLLECTOR = NODE.flock_collector, "10.1.0.9:2049", "10.1.0.1:9618"
SETTINGS = dataclasses.replace(NODE, leak_targets=(STORAGE, COLLECTOR))
OWN_POOL = Attempt(whence=Whence.PILOT, target=POOL)
SOUND = {OWN_POOL, *(Attempt(whence=Whence.HOST, target=target) for target in SETTINGS.leak_targets)}


def test_a_container_that_reaches_its_pool_and_nothing_else_may_take_guests():
    """The check must be passed by what is in order, or it is turned off."""
    finding = judge(SETTINGS, SOUND)
    assert (finding.problem, finding.leaks) == ("", False)


@pytest.mark.parametrize(
    "hole",
    [Attempt(whence=Whence.JOB, target=POOL)]
    + [Attempt(whence=w, target=t) for w, t in itertools.product((Whence.PILOT, Whence.JOB), SETTINGS.leak_targets)],
    ids=lambda hole: f"{hole.whence.value} to {hole.target}",
)
def test_whatever_else_is_reached_is_a_leak_that_is_named(hole: Attempt):
    """The firewall was reloaded with the old rules, and guests mounted the storage for a week."""
    finding = judge(SETTINGS, SOUND | {hole})
    assert finding.leaks
    assert finding.problem == f"leak: {hole.whence.value} reached {hole.target}"


def test_a_leak_is_told_even_if_nothing_else_works():
    """The gateway was half up: no flock pool, but a route to the storage."""
    assert judge(SETTINGS, {Attempt(whence=Whence.JOB, target=STORAGE)}).leaks


def test_silence_everywhere_proves_nothing():
    """The VLAN was not plugged in: nothing answered, and the firewall was declared tight."""
    finding = judge(SETTINGS, SOUND - {OWN_POOL})
    assert not finding.leaks
    assert POOL in finding.problem


def test_targets_that_answer_nobody_prove_nothing():
    """The storage had moved, and for a year the check tried an address that nobody had."""
    finding = judge(SETTINGS, {OWN_POOL})
    assert "leak_targets" in finding.problem


def test_one_target_that_answers_is_enough():
    """Storage under maintenance must not stop flocking."""
    assert judge(SETTINGS, {OWN_POOL, Attempt(whence=Whence.HOST, target=COLLECTOR)}).problem == ""


def test_the_originals_containers_are_not_checked():
    """Profile `talk` has rules for nothing that could be checked."""
    settings = dataclasses.replace(SETTINGS, profile=Profile.TALK)
    assert attempts(settings) == ()
    assert judge(settings, set()).problem == ""
