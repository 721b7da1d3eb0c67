"""By when the stage that a host's switch is in must be over."""

from typing import assert_never

from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import TimerSettings


def deadline_of(record: SwitchRecord, timers: TimerSettings) -> float | None:
    """Epoch seconds. On the way out the lend is given up then; on the way home the next rung of the ladder is taken,
    or after the last one the container must be gone. None: this stage has no end of its own."""
    match record.stage:
        case Stage.LENT:
            return None
        case Stage.GRANTED:
            lasts_s = timers.arm_deadline_s
        case Stage.DRAIN_ORDERED:
            lasts_s = timers.drain_deadline_s
        case Stage.GO_GIVEN | Stage.RESTART_ORDERED:
            lasts_s = timers.start_deadline_s
        case Stage.REVOKED:
            lasts_s = timers.graceful_s + timers.fast_s + timers.kill_s
        case Stage.OFF_ORDERED:
            lasts_s = timers.graceful_s
        case Stage.FAST_ORDERED:
            lasts_s = timers.fast_s + timers.kill_s
        case _:
            assert_never(record.stage)
    return record.stage_at_s + lasts_s
