"""What a policy remembers goes to the ledger as JSON and comes back the same."""

import json

import pytest
from hypothesis import given

from shepherd.core.records import past_body, past_from, switch_body, switch_from
from shepherd.model.demand import GIVES_NOTHING, Gives, Resources
from shepherd.model.orders import Stage
from shepherd.model.past import NOTHING_PAST, Past
from tests.build import record
from tests.core.pools_at_random import pasts


@given(pasts())
def test_a_past_comes_back_as_it_was(past: Past):
    """After a restart a policy decided as if it had just been installed."""
    assert past_from(json.loads(json.dumps(past_body(past)))) == past


def test_nothing_on_record_is_nothing_past():
    """A ledger from before policies remembered anything is no defect."""
    assert past_from({}) == NOTHING_PAST
    assert past_from({"waiting": [], "novelty": 7}) == NOTHING_PAST


@pytest.mark.parametrize("body", [{"waiting": [{}]}, {"lends": [{"at_s": 1}]}, {"waiting": [{"asks": "x"}]}])
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
