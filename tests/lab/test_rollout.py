"""A machine that really boots, with systemd, AppArmor and a tagged VLAN, goes the way of a host once."""

import pytest

from shepherd.lab.progress import Progress
from shepherd.lab.rollout.place import place
from shepherd.lab.rollout.run import begun

pytestmark = [pytest.mark.real, pytest.mark.alone]
"""An emulated processor needs both of this machine's."""


@pytest.mark.limit(400)
def test_a_machine_boots_and_joins_as_a_plain_host() -> None:
    """Nodes of the lab share one kernel: what a host's own kernel and systemd do was found out by users."""
    assert taken("joins") == {"boots": "", "joins": ""}


@pytest.mark.large("rollout on a machine that boots", sample=0)
@pytest.mark.limit(600)
def test_a_booted_machine_is_rolled_out_lent_and_reclaimed() -> None:
    """Nodes of the lab have no systemd: a unit that could not start was found by users."""
    assert set(taken("reclaimed").values()) == {""}


def taken(until: str) -> dict[str, str]:
    """What was wrong with each step up to that one, which was reached."""
    with place(Progress(), neighbours=0) as there:
        outcomes = begun(there, until)
    assert outcomes[-1].step == until
    return {one.step: "" if one.held else one.problem or "it did not hold" for one in outcomes}
