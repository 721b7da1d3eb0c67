"""A machine that really boots, with systemd, AppArmor and a tagged VLAN, goes the way of a host once."""

import pytest

from shepherd.lab.progress import Progress
from shepherd.lab.rollout.place import place
from shepherd.lab.rollout.run import begun

pytestmark = [pytest.mark.real, pytest.mark.alone]
"""An emulated processor needs both of this machine's."""


@pytest.mark.limit(600)
def test_a_booted_machine_is_rolled_out_lent_and_reclaimed() -> None:
    """Nodes of the lab share one kernel and have no systemd: a unit that could not start was found by users."""
    with place(Progress(), neighbours=0) as there:
        outcomes = begun(there)
    assert {one.step: one.problem for one in outcomes if not one.held} == {}
    assert [one.step for one in outcomes][-1] == "reclaimed"
