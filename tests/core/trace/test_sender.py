"""Whom a job came from: proven only where somebody had signed in."""

import dataclasses

import pytest

from shepherd.core.trace.clocks import Clocks
from shepherd.core.trace.sender import host_of, sender_of
from shepherd.model.trace import ClockSeen, Gap, JobBegun, ScheddSeen
from shepherd.model.tracing import Standing

T = 1_770_000_000.0
JOB = JobBegun(
    source="p205", host="p205", container="c", slot="slot1_1", begun="1", at_s=T + 0.5, uid=2001, job="ce#1.0",
    user="alice@campus", schedd="CE.campus", peer="203.0.113.5:40112",
)  # fmt: skip
SEEN = ScheddSeen(
    source="shepherd", at_s=T - 100, schedd="ce.campus", address="<203.0.113.5:9618?addrs=203.0.113.5-9618>",
    identity="guest.campus.1@flock", guest="campus",
)  # fmt: skip
EXACT = Clocks([ClockSeen(source="p205", at_s=T, ahead_s=0.0, within_s=0.01)], frozenset({"shepherd"}))


def sender(*seen, job=JOB, gaps=()):
    return sender_of(job, seen, gaps, EXACT)


def test_who_had_signed_in_from_there_is_proven():
    """A letter to the guest said "your user", and it was somebody who had taken that guest's name."""
    found = sender(SEEN)
    assert (found.standing, found.identity, found.guest) == (Standing.PROVEN, "guest.campus.1@flock", "campus")


@pytest.mark.parametrize(
    ("job", "why"),
    [
        ({"peer": "203.0.113.9:40112"}, "it came from 203.0.113.9, and that schedd had signed in from 203.0.113.5"),
        ({"peer": ""}, "where its claim came from is not on record"),
        ({"schedd": "other"}, "where ce.campus (guest.campus.1@flock) had signed in, not the schedd that it names"),
        ({"schedd": "other", "peer": "192.0.2.1:1"}, "nobody had signed in as that schedd, nor from 192.0.2.1"),
    ],
)
def test_what_a_job_says_of_its_schedd_is_only_claimed(job, why):
    """A schedd that was tampered with named another guest's in its jobs."""
    found = sender(SEEN, job=dataclasses.replace(JOB, **job))
    assert found.standing is Standing.CLAIMED
    assert why in found.why


def test_the_last_who_signed_in_before_the_job_counts():
    """The guest was removed and its name given to another: the new one was blamed for the old one's jobs."""
    later = dataclasses.replace(SEEN, at_s=T + 100, identity="guest.other.1@flock", guest="other")
    earlier = dataclasses.replace(SEEN, at_s=T - 9000, identity="guest.old.1@flock", guest="old")
    assert sender(later, SEEN, earlier).guest == "campus"


def test_who_signed_in_first_after_the_job_counts_if_nobody_had_before():
    """The record of who signed in began with the daemon, a minute after the job."""
    assert sender(dataclasses.replace(SEEN, at_s=T + 60)).standing is Standing.PROVEN


def test_two_who_cannot_be_told_apart_prove_nothing():
    """By a clock that was two minutes off, the wrong one of two was proven."""
    vague = Clocks([ClockSeen(source="p205", at_s=T, ahead_s=0.0, within_s=120.0)], frozenset({"shepherd"}))
    other = dataclasses.replace(SEEN, at_s=T + 50, identity="guest.other.1@flock", guest="other")
    found = sender_of(JOB, [dataclasses.replace(SEEN, at_s=T - 200), other], (), vague)
    assert found.standing is Standing.CLAIMED
    assert "more than one had signed in" in found.why


def test_while_nobody_looked_who_signed_in_a_claim_stays_one():
    """The shepherd was down, and what it would have seen was taken for nothing."""
    gap = Gap(source="shepherd", what="schedds", from_s=T - 50, to_s=T + 50, count=None, why="it was down")
    assert "may not be on record" in sender(gaps=[gap]).why


@pytest.mark.parametrize(
    ("words", "address"),
    [("192.0.2.7:9618", "192.0.2.7"), ("<192.0.2.7:9618?sock=x>", "192.0.2.7"), ("192.0.2.7", "192.0.2.7"), ("", "")],
)
def test_an_address_is_read_from_htcondors_words(words, address):
    """The startd writes a sinful string, the collector's ad another."""
    assert host_of(words) == address
