"""How often those come round whom the shepherd does not drive."""

import dataclasses

from shepherd.model.node_settings import NodeSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """HTCondor's own defaults (condor_utils/param_info.in, condor_negotiator.V6/matchmaker.cpp), and keepers'."""

    negotiator_interval_s: float = 60.0
    """NEGOTIATOR_INTERVAL of both pools."""
    cycle_delay_s: float = 20.0
    """NEGOTIATOR_CYCLE_DELAY: between two cycles, at least; a submission asks for one (RESCHEDULE)."""
    poll_local_s: float = NodeSettings.poll_local_s
    arm_poll_s: float = NodeSettings.arm_poll_s


USUAL = Pace()
