"""The daemon, unchanged but for one thing: before it drains it waits as long as a file is there."""

import sys
import time
from pathlib import Path

from shepherd.cli.main import main
from shepherd.edges.htcondor.commands import CondorCommands
from shepherd.model.host import HostPair
from shepherd.model.orders import Outcome, Step, StepKind

GATE = Path("/var/lib/shepherd/gate")

carry_out = CondorCommands.carry_out


def gated(self: CondorCommands, step: Step, pair: HostPair) -> Outcome:
    """`CondorCommands.carry_out`, a little later."""
    while step.kind is StepKind.DRAIN and GATE.exists():
        time.sleep(0.05)
    return carry_out(self, step, pair)


if __name__ == "__main__":
    CondorCommands.carry_out = gated  # type: ignore[method-assign]
    sys.exit(main())
