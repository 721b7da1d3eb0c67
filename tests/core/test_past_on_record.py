"""What a policy remembers goes to the ledger as JSON and comes back the same."""

import json

import pytest
from hypothesis import given

from shepherd.core.records import past_body, past_from, switch_body, switch_from
from shepherd.model.demand import GIVES_NOTHING, Gives, Resources
from shepherd.model.orders import Stage
from shepherd.model.past import NOTHING_PAST, Fewest, Past, Waiting
from tests.build import NOW, record
from tests.core.pools_at_random import pasts

MISPLACED = {"asks": [1, 0, 0, 0], "jobs": 1, "fewest": [1, 1, None], "due": [1, 1, None], "passed": 7}


@given(pasts())
def test_a_past_comes_back_as_it_was(past: Past):
    """After a restart a policy decided as if it had just been installed."""
    assert past_from(json.loads(json.dumps(past_body(past)))) == past


def test_kinds_of_hosts_are_told_once_for_all_shapes_and_read_as_they_once_were():
    """A thousand shapes told twenty kinds each, every five minutes: a user's odd jobs filled the disk."""
    kinds = tuple(Resources(cpus=cpus) for cpus in range(1, 21))
    fewest = Fewest(from_s=NOW, now=3)
    shapes = [Resources(cpus=1, memory_mib=mib) for mib in range(1000)]
    many = [Waiting(asks=asks, jobs=3, fewest=fewest, due=fewest, stuck=3, passed=kinds) for asks in shapes]
    body = json.loads(json.dumps(past_body(Past(waiting=tuple(many)))))
    assert len(json.dumps(body)) < 150 * len(many)
    assert past_from(body) == Past(waiting=tuple(many))
    for row in body["waiting"]:
        row["passed"] = body["passed"][row["passed"]]
    del body["passed"]
    assert past_from(body) == Past(waiting=tuple(many))


def test_nothing_on_record_is_nothing_past():
    """A ledger from before policies remembered anything is no defect."""
    assert past_from({}) == NOTHING_PAST
    assert past_from({"waiting": [], "novelty": 7}) == NOTHING_PAST


@pytest.mark.parametrize(
    "body", [{"waiting": [{}]}, {"lends": [{"at_s": 1}]}, {"waiting": [{"asks": "x"}]}, {"waiting": [MISPLACED]}]
)
def test_a_past_that_cannot_be_read_is_named(body):
    """It was written by a newer shepherd or altered."""
    with pytest.raises(ValueError, match="not a policy's past"):
        past_from(body)


def test_what_a_lent_host_would_give_is_on_record_and_may_be_missing():
    """After a restart nobody knew which lent host a job would fit."""
    size = Resources(cpus=4, memory_mib=8192, disk_kib=99, gpus=1)
    kept = record("p201", Stage.LENT, gives=Gives(size, size, size))
    body = json.loads(json.dumps(switch_body(kept)))
    assert switch_from(body) == kept
    del body["gives"]
    assert switch_from(body).gives == GIVES_NOTHING
