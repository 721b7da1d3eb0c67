"""The main job, told with real jobs on a real site: guests come, hosts are lent, local work takes them back.

Ends by itself; every sentence with a mark was checked, and the first that does not come true ends it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shepherd.errors import CommandFailed
from shepherd.lab.demo_figures import Figures, ran_on, reclaim_times
from shepherd.lab.eventually import eventually
from shepherd.lab.progress import Progress
from shepherd.lab.report_file import write_report
from shepherd.lab.services import LISTENER_LOG
from shepherd.lab.settings import CYCLE_S, Table
from shepherd.lab.site import Site, SiteSpec
from shepherd.lab.watch import Watch

THRESHOLD = 3
RESERVE = 0.25
POLICY: Table = {
    "kind": "threshold", "idle_jobs_threshold": THRESHOLD, "reserve": RESERVE, "lend_per_cycle": 10, "cooling_s": 20.0,
}  # fmt: skip
PATIENCE_S = 90.0
SLEEP = "executable = /bin/sleep\narguments = {seconds}\nrequest_cpus = 1\nrequest_memory = 32\nqueue {count}\n"
SPY = """executable = /bin/bash
arguments = "-c 'if timeout 3 bash -c "":>/dev/tcp/10.1.0.9/2049""; then exit 1; fi'"
request_memory = 32
queue 1
"""
"""Exits with 0 only if the storage on the private network could not be reached."""


@dataclass(kw_only=True)
class Demo:
    """One telling on one site."""

    site: Site
    watch: Watch
    progress: Progress
    figures: Figures

    def tell(self) -> None:
        """The whole story. Raises Unavailable or CommandFailed at the first expectation that does not hold."""
        self._guests_arrive()
        self._burst("a local burst arrives")
        self._quiet()
        self._flockoff()
        self._flockon()
        self._nothing_bad()

    # -- chapters -----------------------------------------------------------------------------------------------------

    def _guests_arrive(self) -> None:
        self.progress.say("GUESTS  8 jobs of alice wait at campus, a foreign pool; one more of bob tries our storage")
        self.site.submit(self.site.campus, "alice", SLEEP.format(seconds=3, count=8))
        self.site.submit(self.site.campus, "bob", SPY)
        self._expect(f"{self._lendable()} of {len(self.site.hosts)} hosts are lent, the reserve stays", self._all_lent)
        self._expect("all guests' jobs ran in containers and are done", lambda: not self.site.queue(self.site.campus))
        self._show_status()

    def _burst(self, what: str) -> None:
        lent = self.site.flocking_startds()
        self.site.submit(self.site.campus, "alice", SLEEP.format(seconds=600, count=2 * len(lent)))
        self._expect("guests' long jobs run in the lent hosts", lambda: self._running() == 2 * len(lent))
        count = 6 * len(self.site.hosts)
        self.progress.say(f"BURST   {what}: {count} local jobs of carol")
        began_s, began_wall_s = time.monotonic(), time.time()
        cluster = self.site.submit(self.site.cm, "carol", SLEEP.format(seconds=4, count=count))
        self._expect("all hosts are back in the home pool", self._all_home)
        self._note_reclaims(began_s, lent)
        self._expect("all local jobs are done", lambda: self._done(cluster) == count)
        self._note_first_start(cluster, began_wall_s, lent)

    def _quiet(self) -> None:
        self.progress.say("QUIET   no local job waits any more; the guests' long jobs still do")
        self._expect("hosts are lent again", self._all_lent)
        self._expect("the guests' jobs run again", lambda: self._running() > 0)

    def _flockoff(self) -> None:
        lent = self.site.flocking_startds()
        self.progress.say("STOP    an administrator says: touch /tmp/flockoff")
        began_s = time.monotonic()
        self.site.cm.write("/tmp/flockoff", "storage maintenance\n")
        self._expect("all hosts are back in the home pool", self._all_home)
        self._note_reclaims(began_s, lent)
        self.site.cm.must(("rm", "/tmp/flockoff"))
        self.progress.say("        /tmp/flockoff vanishes, as tmp cleaners do: the stop is latched")
        time.sleep(2 * CYCLE_S + 1)
        self._check("still nothing is lent, two cycles later", self._all_home())
        self._show_status()

    def _flockon(self) -> None:
        self.progress.say("ON      shepherd flockon")
        self.site.cm.must(("shepherd", "flockon"), user="shepherd")
        self._expect("hosts are lent again", self._all_lent)
        self.site.campus.must(("condor_rm", "-all"))
        self.progress.say("END     the shepherd is stopped for good: leases lapse, every host goes home by itself")
        self.site.cm.stop("shepherd")
        self._expect("all hosts are back in the home pool", self._all_home, within_s=150.0)

    def _nothing_bad(self) -> None:
        spies = [job for job in self.site.history(self.site.campus) if str(job.get("Owner")) == "bob"]
        self._check("bob's job ran in a container", bool(spies) and all(ran_on(job).startswith("f") for job in spies))
        self._check("the storage was not reached from there", all(job.get("ExitCode") == 0 for job in spies))
        self._check("… and saw no guest", "10.27." not in self.site.nfs.read(LISTENER_LOG))
        report = self.figures.report(self.site, self.watch)
        told, ordered = len(self.figures.reclaims), self.figures.reclaims_ordered
        self._check(f"each of {ordered} reclaims was seen, and is in the figures", told == ordered > 0)
        self._check("no local job was evicted", report["local_jobs_evicted"] == 0)
        self._check("never two startds of a host, not for a millisecond", report["double_run_ms"] == 0)
        longest = self.watch.measured().longest_without_accepting_startd_s
        self._check(f"never more than 60 s without a startd that accepts work (longest {longest:.1f} s)", longest <= 60)

    # -- questions ----------------------------------------------------------------------------------------------------

    def _lendable(self) -> int:
        hosts = len(self.site.hosts)
        return max(n for n in range(hosts + 1) if hosts - n >= RESERVE * hosts)

    def _all_lent(self) -> bool:
        return len(self.site.flocking_startds()) == self._lendable()

    def _all_home(self) -> bool:
        return len(self.site.accepting_startds()) == len(self.site.hosts) and not self.site.flocking_startds()

    def _running(self) -> int:
        return len(self.site.queue(self.site.campus, "JobStatus == 2"))

    def _done(self, cluster: int) -> int:
        return len(self.site.history(self.site.cm, f"ClusterId == {cluster} && JobStatus == 4"))

    # -- telling ------------------------------------------------------------------------------------------------------

    def _expect(self, what: str, question: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        began_s = time.monotonic()
        eventually(question, within_s, 0.3, what=what)
        self.progress.say(f"  ok    {what} ({time.monotonic() - began_s:.1f} s)")

    def _check(self, what: str, holds: object) -> None:
        if not holds:
            raise CommandFailed(f"does not hold: {what}")
        self.progress.say(f"  ok    {what}")

    def _show_status(self) -> None:
        said = self.site.cm.must(("shepherd", "-s"))
        self.progress.say("        $ shepherd -s")
        for line in said.splitlines():
            self.progress.say(f"        | {line}")

    # -- figures ------------------------------------------------------------------------------------------------------

    def _note_reclaims(self, began_s: float, lent: list[str]) -> None:
        """Of every host that was lent: the look at the collectors may come a moment after ours."""
        self.figures.reclaims += reclaim_times(self.watch.sightings, ["p" + name[1:] for name in lent], began_s)
        self.figures.reclaims_ordered += len(lent)

    def _note_first_start(self, cluster: int, began_s: float, lent: list[str]) -> None:
        """On a host that was lent: the reserve's own hosts start at once and would tell nothing."""
        hosts = {"p" + flocking[1:] for flocking in lent}
        jobs = self.site.history(self.site.cm, f"ClusterId == {cluster}")
        starts = [float(job["JobStartDate"]) for job in jobs if ran_on(job) in hosts]
        if starts:
            self.figures.burst_to_first_local_start_s.append(max(0.0, min(starts) - began_s))


def run_demo(hosts: int, json_path: Path | None) -> int:
    """Build the site, tell the story, print the figures. 0 only if every expectation held."""
    progress = Progress()
    spec = SiteSpec(hosts=hosts, shepherd={"policy": POLICY}, start_keepers=True, start_shepherd=True)
    with Site(spec, progress=progress) as site, Watch(site) as watch:
        demo = Demo(site=site, watch=watch, progress=progress, figures=Figures())
        try:
            site.nfs.must(("bash", "-c", "echo lab > /dev/tcp/10.1.0.9/2049"))
            demo.tell()
        finally:
            report = demo.figures.report(site, watch)
            for name, value in report.items():
                progress.say(f"{name:36} {value}")
            if json_path is not None:
                write_report(json_path, report)
    return 0
