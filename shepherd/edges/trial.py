"""The Trial port: a throwaway network namespace in a process of its own, gone with it."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Sequence

from shepherd.errors import CommandFailed, Unavailable
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
        try:
            done = subprocess.run(
                ARGV, input=given, capture_output=True, text=True, check=False, timeout=self._timeout_s
            )
        except subprocess.TimeoutExpired as exc:
            raise Unavailable(f"the trial of the rules was not over after {self._timeout_s:g} s") from exc
        except OSError as exc:
            raise CommandFailed(f"a trial needs unshare (package util-linux): {exc}") from exc
        if done.returncode:
            raise CommandFailed(f"the trial failed: {done.stderr.strip()[-600:]}")
        return done.stdout
