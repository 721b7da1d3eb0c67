"""The Trial port: a throwaway network namespace in a process of its own, gone with it."""

import dataclasses
import json
import sys
from collections.abc import Sequence

from shepherd.edges.tool import run_tool
from shepherd.model.trial import Fate, Leg, Outcome, Packet, Seen

ARGV = ("unshare", "--net", "--kill-child", "--", sys.executable, "-m", "shepherd.edges.trial_inside")


class KernelTrial:
    """`ports_gateway.Trial`. Needs root, `unshare`, `ip` and `nft`."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def run(self, legs: Sequence[Leg], rules: str, packets: Sequence[Packet], *, trace: bool = False) -> Outcome:
        """See the port."""
        asked = {
            "legs": [dataclasses.asdict(leg) for leg in legs],
            "rules": rules,
            "packets": [dataclasses.asdict(packet) for packet in packets],
            "trace": trace,
        }
        told = json.loads(self._ask(json.dumps(asked)))
        seen = tuple(
            Seen(fate=Fate(one["fate"]), interface=one["interface"], source=one["source"]) for one in told["fates"]
        )
        return Outcome(seen=seen, trace=tuple(told["trace"]))

    def _ask(self, given: str) -> str:
        return run_tool(ARGV, self._timeout_s, what="the trial of the rules", package="util-linux", given=given)
