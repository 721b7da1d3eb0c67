"""A small record of who did what, with one of each difficulty, and the site whose it is."""

import pathlib
from typing import Any

from shepherd.model.trace import ClockSeen, FlowBegun, FlowEnded, Gap, JobBegun, JobEnded, ScheddSeen, StayBegun
from tests.cli.sites import Site
from tests.edges.trace_stores import Clock, segment, store_in

T = 1_772_546_530.0
"""2026-03-03 14:02:10 UTC."""
NAT, FAR = "198.51.100.7", "192.0.2.7"
CONTAINER = "c0ffee".ljust(64, "0")
ALICE, BOB = "alice@campus.example", "bob@campus.example"


class TracedSite(Site):
    """A site with a record."""

    def __init__(self, place: pathlib.Path) -> None:
        super().__init__(place)
        self.trace = self.state / "trace"
        self.clock = Clock(T)
        self.store = store_in(self.trace, self.clock)

    def fill(self) -> None:
        """One host that was lent, two users' jobs in it, four connections, a logger that was away."""
        host: dict[str, Any] = {"source": "p205", "host": "p205"}
        self.store.note([
            *(ClockSeen(source=of, at_s=T - 600, ahead_s=ahead, within_s=0.02) for of, ahead in AHEAD.items()),
            ScheddSeen(
                source="shepherd", at_s=T - 4000, schedd="submit.campus.example", address="203.0.113.5:9618",
                identity="guest.campus.1@flock.example", guest="campus",
            ),
        ])  # fmt: skip
        jobs = [ran(1, ALICE, T - 900), ran(2, BOB, T - 30), ran(3, ALICE, T - 3000, over_s=T - 1000)]
        self.store.add(segment([
            StayBegun(
                **host, at_s=T - 3600, herd="flock", lease="p205-7", container=CONTAINER, image="sha256:" + "ab" * 32,
                address="10.27.2.5", mac="02:42:0a:1b:02:05",
            ),
            *(record for job in jobs for record in job), *flow(1, 41822, uid=2002, source="p205"),
            *flow(3, 41824, uid=0, source="p205"), *flow(9, 0, uid=0, source="p205", later_s=400),
        ], source="p205"))  # fmt: skip
        gap = Gap(source="gateway", what="flows", from_s=T + 100, to_s=T + 160, count=None, why="it was restarted")
        before, after = flow(8, 50008, later_s=-7200), flow(9, 50009, later_s=400)
        here = [*flow(1, 41822), *flow(2, 41823), *flow(3, 41824)]
        self.store.add(segment([*before, *here, gap, *after], source="gateway"))
        self.store.close()


AHEAD = {"gateway": 0.25, "p205": -0.5}


def ran(number: int, user: str, from_s: float, over_s: float | None = None) -> list[JobBegun | JobEnded]:
    """A job by p205's clock."""
    key: dict[str, Any] = {
        "source": "p205", "host": "p205", "container": CONTAINER, "slot": f"slot1_{number}", "begun": f"{number}",
    }  # fmt: skip
    begun = JobBegun(
        **key, at_s=from_s - 0.375, uid=2000 + number, job=f"submit.campus.example#{number}.0#{from_s:.0f}", user=user,
        owner=user.partition("@")[0], schedd="submit.campus.example", peer="203.0.113.5:40112", cpus=number,
    )  # fmt: skip
    return [begun] if over_s is None else [begun, JobEnded(**key, at_s=over_s - 0.375, exit_code=0)]


def flow(
    number: int, nat_port: int, *, uid: int = -1, source: str = "gateway", later_s: float = 0.0
) -> list[FlowBegun | FlowEnded]:
    """A connection that lasted from two seconds before T for five seconds."""
    at_s = T - 2 + number / 64 + AHEAD[source] + later_s
    begun = FlowBegun(
        source=source, flow=number, at_s=at_s, protocol=6, address="10.27.2.5", port=40000 + number,
        nat_address=NAT if source == "gateway" else "", nat_port=nat_port if source == "gateway" else 0,
        far_address=FAR, far_port=443, uid=uid,
    )  # fmt: skip
    ended = FlowEnded(
        source=source, flow=number, begun_s=at_s, at_s=at_s + 5, sent_packets=9, sent_bytes=1234, received_packets=7,
        received_bytes=5678,
    )  # fmt: skip
    return [begun, ended]
