"""A real site in which things are broken on purpose, and the invariants are measured from outside."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shepherd.core.invariants import breaches
from shepherd.errors import ShepherdError
from shepherd.lab.eventually import eventually
from shepherd.lab.herd_log import Side
from shepherd.lab.node import Node
from shepherd.lab.site import Site, SiteSpec
from shepherd.lab.spans import Span, total_s
from shepherd.lab.watch import Measured, Watch
from shepherd.model.container import LABEL
from shepherd.model.host import HostName, HostPair
from shepherd.model.orders import StepKind
from shepherd.model.world import ActSeen, HostWorld, Limits, WorldFacts
from tests.faults import evidence

Record = dict[str, Any]
SETTINGS = "/etc/shepherd/shepherd.toml"
TIMERS = {
    "cycle_s": 3.0, "look_s": 1.0, "renew_s": 3.0, "lease_s": 25.0, "ad_period_s": 15.0, "young_collector_s": 15.0,
    "graceful_s": 8.0, "fast_s": 4.0, "kill_s": 4.0, "query_s": 5.0, "command_s": 8.0, "arm_deadline_s": 40.0,
}  # fmt: skip
POLICY = {"kind": "threshold", "idle_jobs_threshold": 3, "reserve": 0.0, "lend_per_cycle": 9, "cooling_s": 3.0}
HOME_S = TIMERS["lease_s"] + 16.0 + 25.0
"""Lease, ladder, and a startd's start: after this every host is home whatever died."""
LEND_S = 120.0
"""Eight seconds, and a failed attempt with its cooling on a busy machine. How fast a lend is, is measured elsewhere."""
SLEEP = "executable = /bin/sleep\narguments = {seconds}\nrequest_memory = 32\nqueue {count}\n"
DAEMONISED = """executable = /bin/sh
arguments = "-c 'setsid sleep 4711 >/dev/null 2>&1 & setsid sh -c ""setsid sleep 4712 &"" & sleep 600'"
request_memory = 32
queue {count}
"""
"""A payload that double-forks: what HTCondor's family tracking loses."""


def spec(hosts: int = 2) -> SiteSpec:
    """A small, fast site whose shepherd lends everything it may."""
    return SiteSpec(hosts=hosts, shepherd={"timers": TIMERS, "policy": POLICY}, start_keepers=True, start_shepherd=True)


@dataclasses.dataclass(kw_only=True)
class Scene:
    """One scenario on a shared site. Begins and ends with all hosts at home and nothing running."""

    site: Site
    watch: Watch
    began_s: float = 0.0
    began_wall_s: float = 0.0
    kept: dict[str, Record] = dataclasses.field(default_factory=dict)
    """Records of ledgers that will not be there at the end."""
    off: list[Span] = dataclasses.field(default_factory=list)
    """When flocking was off for certain, by our own doing. Wall clock."""

    # -- before and after ---------------------------------------------------------------------------------------------

    def calm(self) -> None:
        """Mend everything a scenario may have broken, take all hosts home, remove all jobs. Idempotent."""
        for node in (self.site.cm, *self.site.hosts):
            for service in node.spec.services:
                if node.status(service.name)["state"] == "inactive":
                    node.start(service.name)
        self.site.cm.run(("rm", "-rf", "/tmp/flockoff"))
        self.flockoff("calm")
        for node in (self.site.cm, self.site.campus):
            node.run(("condor_rm", "-all"))
            node.run(("condor_rm", "-all", "-forcex"))
        eventually(self.all_home, HOME_S, 0.3, what="all hosts are at home before the scenario")
        eventually(lambda: not self.site.queue(self.site.campus), 30, 0.3, what="campus has no jobs")
        self.began_s, self.began_wall_s = time.monotonic(), time.time()

    def check(self) -> None:
        """Everybody comes home, and no invariant was broken since `calm`."""
        self.flockoff("the scenario is over")
        eventually(self.all_home, HOME_S, 0.3, what="all hosts are at home after the scenario")
        found = breaches(self.facts())
        story = [line for host in self.site.hosts for line in self._meetings(host.name)]
        assert found == (), "\n".join([*found, *story])

    # -- acts ---------------------------------------------------------------------------------------------------------

    def flockoff(self, why: str) -> None:
        """Stop all flocking by the verb; works while the daemon is down."""
        self.site.cm.must(("shepherd", "flockoff", why), user="shepherd")
        self.off.append(Span(start_s=time.time(), end_s=float("inf")))

    def flockon(self) -> None:
        """Let hosts be lent."""
        now_s = time.time()
        self.off = [dataclasses.replace(span, end_s=min(span.end_s, now_s)) for span in self.off]
        self.site.cm.must(("shepherd", "flockon"), user="shepherd")

    def keep_records(self, settings: str = SETTINGS) -> None:
        """Remember what this ledger holds now of the scenario."""
        export = ("shepherd", "--settings", settings, "ledger", "export", "--kind", "step")
        for line in self.site.cm.must(export).splitlines():
            record: Record = json.loads(line)
            self.kept[f"{record['cause']} {record['body']['kind']} {record['at_s']}"] = record

    def lend(self) -> None:
        """Let all hosts be lent, and wait until they are."""
        self.flockon()
        eventually(self.all_lent, LEND_S, 0.2, what="all hosts are lent")

    def guests(self, count: int = 1, seconds: int = 600, description: str = SLEEP) -> int:
        """Jobs of a guest, running."""
        cluster = self.site.submit(self.site.campus, "alice", description.format(seconds=seconds, count=count))
        eventually(lambda: self.running(cluster) == count, 60, 0.3, what="the guests' jobs run")
        return cluster

    def local(self, count: int, seconds: int = 3) -> int:
        """Local jobs, submitted."""
        return self.site.submit(self.site.cm, "carol", SLEEP.format(seconds=seconds, count=count))

    # -- questions ----------------------------------------------------------------------------------------------------

    def all_home(self) -> bool:
        """Every host's regular startd takes work, and nothing is left of any container."""
        left = sum(len(host.pids(".", containers=True)) for host in self.site.hosts)
        return not left and len(self.site.accepting_startds()) == len(self.site.hosts)

    def all_lent(self) -> bool:
        """Every host serves guests."""
        return all(self.is_lent(host.name) for host in self.site.hosts) and not self.site.accepting_startds()

    def is_home(self, host: str) -> bool:
        """This host's regular startd takes work, and nothing is left of its container."""
        return host in self.site.accepting_startds() and not self.site.host(host).pids(".", containers=True)

    def is_lent(self, host: str) -> bool:
        """This host's flocking startd is in the flock pool and its process lives."""
        alive = self.site.host(host).pids("condor_startd", containers=True)
        return bool(alive) and "f" + host[1:] in self.site.flocking_startds()

    def running(self, cluster: int) -> int:
        """Running jobs of a guest's cluster."""
        return len(self.site.queue(self.site.campus, f"ClusterId == {cluster} && JobStatus == 2"))

    def done(self, cluster: int) -> int:
        """Completed local jobs of a cluster."""
        return len(self.site.history(self.site.cm, f"ClusterId == {cluster} && JobStatus == 4"))

    def status(self) -> str:
        """What `shepherd -s` prints."""
        return self.site.cm.must(("shepherd", "-s"))

    def eventually(self, question: Callable[[], object], within_s: float, what: str) -> None:
        """Wait for something to become true, with a deadline."""
        eventually(question, within_s, 0.1, what=what)

    # -- measuring ----------------------------------------------------------------------------------------------------

    def facts(self) -> WorldFacts:
        """What was measured since `calm`, from outside the software.

        How fast a reclaim is, the reserve and the budget of a cycle are shown elsewhere (`test_stage_times`, the demo,
        the simulator): this site lends all it has, and most reclaims here are disturbed on purpose.
        """
        measured = self.watch.measured()
        since = Span(start_s=self.began_s, end_s=time.monotonic())
        jobs = {node.name: self._jobs(node) for node in (self.site.cm, self.site.campus)}
        hosts = [self._host(node, measured, since, jobs) for node in self.site.hosts]
        with contextlib.suppress(ShepherdError):
            self.keep_records()
        acts = [act for node in self.site.hosts for act in self._acts(node.name)]
        off_s = time.time() - self.off[-1].start_s if self.off and self.off[-1].end_s > time.time() else None
        return WorldFacts(
            at_s=time.time(), limits=self._limits(), hosts=tuple(hosts), acts=tuple(acts), flockoff_s=off_s
        )

    def _host(self, node: Node, measured: Measured, since: Span, jobs: Mapping[str, list[Record]]) -> HostWorld:
        flocking = "f" + node.name[1:]
        double = measured.double_runs.get(node.name, ())
        without = measured.without_accepting.get(node.name, ())
        started = evidence.containers_started(node, LABEL, self.began_wall_s)
        return HostWorld(
            pair=HostPair(host=HostName(node.name), flock_name=flocking),
            guest_jobs_on_regular=tuple(evidence.ran_on(jobs["campus"], node.name)),
            local_jobs_in_container=tuple(evidence.ran_on(jobs["cm"], flocking)),
            double_run_ms=1000 * total_s(span for span in double if span.end_s > since.start_s),
            unserved_s=max((gap.end_s - max(gap.start_s, since.start_s) for gap in without), default=0.0),
            local_jobs_evicted=tuple(evidence.thrown_off(jobs["cm"], node.name)),
            lent=bool(self.watch_runs_now(node.name)),
            guests_alive=bool(node.pids(".", containers=True)),
            containers=started.by_lease,
            images=started.images,
        )

    def _jobs(self, node: Node) -> list[Record]:
        recent = f"QDate >= {int(self.began_wall_s)}"
        return [*self.site.history(node, recent), *self.site.queue(node, recent)]

    def _acts(self, host: str) -> Iterable[ActSeen]:
        """Drains that reached a startd, and startds that the shepherd ended, as that startd's own log has them."""
        story = evidence.regular_story(self.site.host(host), self.began_wall_s)
        for at_s, lease in story.drains:
            known = any(step["at_s"] < at_s + 1 for step in self._steps(host, StepKind.DRAIN) if step["cause"] == lease)
            yield self._act(StepKind.DRAIN, host, lease, at_s, recorded_before=known)
        for step in self._steps(host, StepKind.RESTART):
            ended = any(-1 <= end_s - step["at_s"] < TIMERS["command_s"] for end_s in story.ends_undrained)
            yield self._act(StepKind.RESTART, host, step["cause"], step["at_s"], recorded_before=True, busy=ended)

    def _act(
        self, kind: StepKind, host: str, lease: str, at_s: float, *, recorded_before: bool, busy: bool = False
    ) -> ActSeen:
        late_s = TIMERS["look_s"] + 1.0
        off = any(span.start_s + late_s < at_s < span.end_s for span in self.off)
        return ActSeen(
            at_s=at_s, kind=kind, host=host, lease=lease, recorded_before=recorded_before, recordable=True,
            flockoff=off, busy=busy,
        )  # fmt: skip

    def _steps(self, host: str, kind: StepKind) -> list[Record]:
        return [
            record
            for record in self.kept.values()
            if record["host"] == host and record["body"]["kind"] == kind.value and record["at_s"] >= self.began_wall_s
        ]

    def _meetings(self, host: str) -> Iterable[str]:
        """For whoever looks for the cause: what lived when both sides did. Seconds since the scenario began."""
        now_ns, log = time.monotonic_ns(), self.watch.log
        lives = [(side.value, run.span(now_ns)) for side in Side for run in self.watch.runs(host, side)]
        lives += [(f"{one.program} ({one.pid}) in the container", one.span(now_ns)) for one in log.guests(host)]
        for meeting in self.watch.measured().double_runs.get(host, ()):
            for what, life in sorted(lives, key=lambda one: one[1]):
                if life.start_s < meeting.end_s and meeting.start_s < life.end_s and meeting.end_s > self.began_s:
                    yield f"{host}: {what} from {life.start_s - self.began_s:.4f} to {life.end_s - self.began_s:.4f}"

    def watch_runs_now(self, host: str) -> list[object]:
        """Flocking startds of a host that live."""
        return [run for run in self.watch.runs(host, Side.FLOCKING) if not run.end_ns]

    def _limits(self) -> Limits:
        ladder = TIMERS["graceful_s"] + TIMERS["fast_s"] + TIMERS["kill_s"]
        return Limits(
            lease_s=TIMERS["lease_s"], skew_s=300.0, ladder_s=ladder,
            look_s=TIMERS["look_s"], cycle_s=TIMERS["cycle_s"],
            poll_s=2.0, stale_s=45.0, reserve=0.0, lend_per_cycle=9, images=frozenset({self.site.image_id}),
        )  # fmt: skip
