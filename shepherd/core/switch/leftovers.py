"""What a predecessor left: drains of ours that nobody remembers. A human's drain is never touched."""

from collections.abc import Mapping

from shepherd.model.host import HostName
from shepherd.model.lease import drained_for
from shepherd.model.observation import HostFacts
from shepherd.model.orders import Step, StepKind, SwitchRecord


def leftovers(
    hosts: Mapping[HostName, HostFacts], switches: Mapping[HostName, SwitchRecord]
) -> tuple[Step, ...]:
    """One UNDRAIN for every host that is drained by our mark without a switch of ours."""
    steps = []
    for host, facts in hosts.items():
        if host in switches or facts.regular is None or not facts.regular.draining:
            continue
        if lease := drained_for(facts.regular.drain_reason):
            steps.append(Step(kind=StepKind.UNDRAIN, host=host, lease=lease, cause="leftover"))
    return tuple(steps)
