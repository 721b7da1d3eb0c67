"""The whole drill, in order: jobs and strikes, the truth, the questions, the judgement."""

import contextlib
import dataclasses
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shepherd.errors import Unavailable
from shepherd.lab.drill.asking import all_rows, by_verb, in_process
from shepherd.lab.drill.jobs import Jobs, pause_until
from shepherd.lab.drill.judge import Outage, What, judge
from shepherd.lab.drill.missed import Missed, missed
from shepherd.lab.drill.place import POOLS, Place, place
from shepherd.lab.drill.plans import WAVE_S, JobPlan, marks, plans
from shepherd.lab.drill.questions import Asked, by_process, questions
from shepherd.lab.drill.report import Findings, figures
from shepherd.lab.drill.schedule import ALL, Strike, schedule
from shepherd.lab.drill.schedule import What as Struck
from shepherd.lab.drill.strikes import Strikes
from shepherd.lab.drill.truth import Truth, joined, lines_of
from shepherd.lab.eventually import eventually
from shepherd.lab.progress import Progress
from shepherd.lab.report_file import write_report
from shepherd.programs.trace.asking import SETTLED_S

HOSTS, JOBS, QUESTIONS = 3, 240, 360
EACH = 6
"""Every so many questions are asked by the verb, too."""
PATIENCE_S = 420.0
"""For jobs that are left when the last wave was submitted: killed ones begin anew."""
ARRIVES_S = 90.0
"""For the last records to reach the store."""
LONG_AGO_S = 86400.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Size:
    """How much of it."""

    hosts: int = HOSTS
    jobs: int = JOBS
    questions: int = QUESTIONS
    strikes: Sequence[Struck] = ALL
    each: int = EACH


@dataclasses.dataclass(kw_only=True)
class Drill:
    """One drill on one site."""

    place: Place
    progress: Progress
    size: Size
    seed: str

    def __post_init__(self) -> None:
        self.jobs = Jobs(place=self.place)
        self.strikes = Strikes(site=self.place.site, progress=self.progress)
        self.begun_s = time.time()
        self.jobs_left = 0

    def perform(self) -> Findings:
        """All of it."""
        with self.progress.step("a wave before, of which nothing is asked"):
            self.jobs.prepare()
            self._mark()
        self._act()
        ended_s = time.time()
        self._settle(ended_s)
        truth = self._truth()
        self.progress.say(f"{len(truth.runs)} runs made {len(truth.connections)} connections that were seen outside")
        asked = questions(truth, self.size.questions, self.begun_s, ended_s, self.seed)
        return self._asked(asked, truth, truth.begun_within(self.begun_s, ended_s))

    # -- the jobs, and what happens to the site -----------------------------------------------------------------------

    def _mark(self) -> None:
        """Something of every host before and after all that is asked about: whoever recorded that was there."""
        self.jobs.submit(marks(POOLS, self.place.slots, self.seed))
        self.jobs.wait(PATIENCE_S)

    def _act(self) -> None:
        made = plans(self.size.jobs, POOLS, self.place.slots, self.seed)
        lasts_s = made[-1].submit_s + WAVE_S
        hosts = [host.name for host in self.place.site.hosts]
        planned = schedule(self.size.strikes, lasts_s, hosts, self.seed)
        self.progress.say(f"{len(made)} jobs in {lasts_s:.0f} s; meanwhile, by the seed {self.seed!r}:")
        for strike in planned:
            self.progress.say(f"        {strike}")
        self.begun_s, began_s = time.time(), time.monotonic()
        with ThreadPoolExecutor(max_workers=1) as beside:
            striking = beside.submit(self._strike, planned, began_s)
            self._submit(made, began_s)
            striking.result()
        with self.progress.step("the last jobs are done"):
            self.jobs_left = self.jobs.wait(PATIENCE_S)

    def _strike(self, planned: Sequence[Strike], began_s: float) -> None:
        for strike in planned:
            pause_until(began_s + strike.at_s)
            self.strikes.strike(strike)

    def _submit(self, made: Sequence[JobPlan], began_s: float) -> None:
        waves = defaultdict[float, list[JobPlan]](list)
        for plan in made:
            waves[plan.submit_s].append(plan)
        for submit_s, wave in sorted(waves.items()):
            pause_until(began_s + submit_s)
            self.jobs.submit(wave)

    # -- the truth ----------------------------------------------------------------------------------------------------

    def _truth(self) -> Truth:
        site = self.place.site
        hosts = {names.flocking: names.regular for names in site.names}
        found = joined(self.jobs.told(), lines_of(self.place.heard()), hosts)
        addresses = {names.regular: names.flock_address for names in site.names}
        return dataclasses.replace(found, image=site.image_id, addresses=addresses).with_starts(self.jobs.started())

    # -- the questions ------------------------------------------------------------------------------------------------

    def _settle(self, ended_s: float) -> None:
        """Wait until no answer about the time before may say that records are still on their way."""
        with self.progress.step("the record has settled, and a wave after it is on record"):
            time.sleep(max(0.0, ended_s + SETTLED_S - time.time()))
            later_s = time.time()
            self._mark()
            sources = {"gateway", *(host.name for host in self.place.site.hosts)}
            with contextlib.suppress(Unavailable):
                eventually(lambda: sources <= self._heard_since(later_s), ARRIVES_S, 3.0, what="all were heard")

    def _heard_since(self, since_s: float) -> set[str]:
        """Of whom there is a record of that time."""
        rows = all_rows(self.place.site.cm, since_s, time.time())
        jobs = {job.begun.source for job in rows.jobs if job.begun.at_s >= since_s}
        return jobs | {flow.begun.source for flow in rows.flows if flow.begun.at_s >= since_s}

    def _asked(self, asked: Sequence[Asked], truth: Truth, meanwhile: Truth) -> Findings:
        cm, outages = self.place.site.cm, [*self.strikes.outages, before(self.begun_s)]
        with self.progress.step(f"{len(asked)} questions in one process"):
            judged = [judge(one, told, truth, outages) for one, told in zip(asked, in_process(cm, asked), strict=True)]
        with self.progress.step("some of them by `shepherd trace`"):
            again = [judge(one, by_verb(cm, one), truth, outages) for one in by_process(asked, self.size.each)]
        return Findings(
            judged=judged, judged_verb=again, missed=self._missed(meanwhile, outages), jobs_left=self.jobs_left,
            flow_logger_down_s=self.strikes.down_s(), connections=len(meanwhile.connections),
            runs=sum(run.was_heard for run in meanwhile.runs.values()),
        )  # fmt: skip

    def _missed(self, truth: Truth, outages: Sequence[Outage]) -> Missed:
        rows = all_rows(self.place.site.cm, self.begun_s - SETTLED_S, time.time())
        return missed(truth, rows.jobs, rows.flows, rows.gaps, outages)


def before(begun_s: float) -> Outage:
    """Nothing was recorded before the site was there."""
    return Outage(what=What.EVERYTHING, source="site", from_s=begun_s - LONG_AGO_S, to_s=begun_s - 2 * SETTLED_S)


def run_drill(size: Size, seed: str, path: Path | None) -> int:
    """Build a site, drill, print the figures. 0 only if nothing was wrong or missed."""
    progress = Progress()
    with place(progress, size.hosts) as there:
        findings = Drill(place=there, progress=progress, size=size, seed=seed).perform()
    found = figures(findings)
    for name, value in found.items():
        progress.say(f"{name:24} {value}")
    if path is not None:
        write_report(path, found)
    return 0 if findings.holds else 1
