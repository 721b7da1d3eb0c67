"""What the lab's users ask of the pools and schedds: HTCondor's own tools, read as JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from shepherd.errors import CommandFailed
from shepherd.lab.addresses import CM_FLOCK, FLOCK_PORT
from shepherd.lab.node import Node
from shepherd.lab.pools import SHEPHERD_CONFIG

Ad = dict[str, Any]
SLOTS = "slots"
"""`condor_status -startd` shows what startds say of themselves, which tells of no state, and may outlive them."""


class PoolQueries:
    """Mixed into `Site`, which gives it the nodes."""

    flock_pool = f"{CM_FLOCK}:{FLOCK_PORT}"

    @property
    def cm(self) -> Node:
        """The central manager."""
        raise NotImplementedError

    def submit(self, node: Node, user: str, description: str) -> int:
        """Submit jobs as `user` on a node with a schedd; the cluster's number."""
        said = node.must(("condor_submit", "-terse", "-"), user=user, given=description)
        found = re.match(r"(\d+)\.", said)
        if found is None:
            raise CommandFailed(f"condor_submit on {node.name} gave no number: {said!r}")
        return int(found.group(1))

    def queue(self, node: Node, constraint: str = "True") -> list[Ad]:
        """Jobs in a node's queue."""
        return _ads(node.must(("condor_q", "-allusers", "-json", "-constraint", constraint)))

    def history(self, node: Node, constraint: str = "True") -> list[Ad]:
        """Jobs that have left a node's queue."""
        return _ads(node.must(("condor_history", "-json", "-constraint", constraint)))

    def collector_ads(
        self, node: Node, kind: str, *, pool: str = "", constraint: str = "True", attributes: Sequence[str] = ()
    ) -> list[Ad]:
        """Ads of a collector as `condor_status -KIND` sees them from a node; the home pool if `pool` is not said."""
        asked = ["condor_status", f"-{kind}", "-json", "-constraint", constraint]
        asked += ["-pool", pool] if pool else []
        asked += ["-attributes", ",".join(attributes)] if attributes else []
        env: Mapping[str, str] = {"CONDOR_CONFIG": SHEPHERD_CONFIG} if node is self.cm else {}
        return _ads(node.must(tuple(asked), user="shepherd" if env else None, env=env))

    def regular_startds(self) -> list[str]:
        """Names of the regular startds in the home collector."""
        return self._startds("")

    def accepting_startds(self) -> set[str]:
        """Machines whose regular startd takes work, or does some. The ad of one that ended drained may linger."""
        wanted = ("Machine", "State", "Draining")
        ads = self.collector_ads(self.cm, SLOTS, attributes=wanted)
        return {str(ad["Machine"]) for ad in ads if ad.get("State") != "Drained" and not ad.get("Draining")}

    def flocking_startds(self) -> list[str]:
        """Names of the flocking startds in the flock collector."""
        return self._startds(self.flock_pool)

    def _startds(self, pool: str) -> list[str]:
        ads = self.collector_ads(self.cm, SLOTS, pool=pool, attributes=("Machine", "Name"))
        return sorted({str(ad["Machine"]) for ad in ads})


def _ads(text: str) -> list[Ad]:
    """The tools print nothing at all when there is nothing."""
    ads: list[Ad] = json.loads(text) if text.strip() else []
    return ads
