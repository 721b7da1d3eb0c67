"""The same walks under the policy that looks at demand: its reclaims come in other numbers, for other reasons."""

import dataclasses
from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import Phase, seed
from hypothesis.stateful import run_state_machine_as_test

from shepherd.model.settings import PolicyKind, PolicySettings
from shepherd.sim.site import SiteSpec
from tests.sim.test_switch_machine import SPEC, STEPS, SwitchMachine, seed_alone, walk_seed, walks

EXAMPLES = 40
POLICY = PolicySettings(kind=PolicyKind.DEMAND, lend_share=1.0, quiet_s=20, stuck_s=60, wait_target_s=0, cooling_s=60)

__all__ = ["seed_alone"]


class DemandMachine(SwitchMachine):
    """The site of the other machine, under `demand`."""

    spec: ClassVar[SiteSpec] = dataclasses.replace(SPEC, policy=POLICY)
    seen: ClassVar[Counter[str]] = Counter()


@pytest.mark.limit(300)
@pytest.mark.parametrize("chosen", [walk_seed()])
def test_nothing_that_befalls_a_site_breaks_an_invariant_under_demand(chosen: str, seed_alone: None) -> None:
    """A policy that reclaims a part of what is lent, while lends are under way, meets orders no other made."""
    DemandMachine.steps, DemandMachine.seen = 0, Counter()
    run_state_machine_as_test(seed(chosen)(DemandMachine), settings=walks(EXAMPLES, STEPS, Phase.generate))
    assert DemandMachine.seen["lent"] > 100
    assert DemandMachine.seen["came home"] > EXAMPLES // 2
