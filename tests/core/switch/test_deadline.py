"""The deadline that is shown of a switch is the one by which it is judged."""

import dataclasses

import pytest

from shepherd.core.switch.deadline import deadline_of
from shepherd.core.switch.move import Do, next_move
from shepherd.model.orders import HOMEWARD, Stage, StepKind
from shepherd.model.settings import TimerSettings
from tests.edges.ledgers import switch

TIMERS = TimerSettings()


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in HOMEWARD and stage is not Stage.LENT])
def test_a_lend_is_given_up_at_the_deadline_that_is_shown(stage):
    """The bar was full, and nothing happened for two minutes."""
    record = dataclasses.replace(switch("p1"), stage=stage, stage_at_s=1000.0, granted_at_s=1000.0)
    deadline_s = deadline_of(record, TIMERS)
    assert deadline_s is not None
    before, after = (next_move(None, record, at_s, TIMERS) for at_s in (deadline_s - 0.1, deadline_s + 0.1))
    assert not isinstance(before, Do)
    assert isinstance(after, Do)
    assert after.kind is StepKind.REVOKE


def test_a_host_on_its_way_home_is_at_the_next_rung_or_gone_by_then():
    """Graceful, fast, kill; a lent host has no deadline."""
    record = dataclasses.replace(switch("p1"), stage_at_s=1000.0)
    rungs = {stage: deadline_of(dataclasses.replace(record, stage=stage), TIMERS) for stage in (*HOMEWARD, Stage.LENT)}
    assert rungs == {
        Stage.REVOKED: 1090.0, Stage.OFF_ORDERED: 1060.0, Stage.FAST_ORDERED: 1030.0, Stage.LENT: None
    }  # fmt: skip
