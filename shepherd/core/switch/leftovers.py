"""What a predecessor left: drains of ours that nobody remembers. A human's drain is never touched."""

from collections.abc import Mapping

from shepherd.core.switch import belief
from shepherd.model.host import HostName, LeaseId
from shepherd.model.lease import OUR_MARK
from shepherd.model.observation import HostFacts
from shepherd.model.orders import Step, StepKind, SwitchRecord


def leftovers(
    hosts: Mapping[HostName, HostFacts], switches: Mapping[HostName, SwitchRecord]
) -> tuple[Step, ...]:
    """One UNDRAIN for every host that is drained by our mark without a switch of ours."""
    return tuple(
        Step(kind=StepKind.UNDRAIN, host=host, lease=_lease_in(facts.regular.drain_reason), cause="leftover")
        for host, facts in hosts.items()
        if host not in switches and facts.regular is not None and belief.is_ours(facts.regular)
    )


def _lease_in(reason: str) -> LeaseId:
    return LeaseId(reason.removeprefix(OUR_MARK))
