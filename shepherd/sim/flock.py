"""What runs in the flock container beside PID 1: condor_master, its startd, the guests' jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shepherd.model.host import LeaseId
from shepherd.model.observation import FlockStartd
from shepherd.ports_node import NodeFile
from shepherd.ports_trace import StartdFile
from shepherd.sim.events import Act, Process
from shepherd.sim.jobs import Job, Manners
from shepherd.sim.recording import Saying, started

if TYPE_CHECKING:
    from shepherd.sim.host import GuestRun, Host

START_S = 1.3
"""From the master's start to the flocking startd in the flock collector."""
MASTER_AD_S = 4.0
"""From the master's start to its own ad: later than its startd's, and without it nobody can command it."""
NOTICE_S = 0.5
"""How long a polite job takes to end, and a killed one to be gone."""
BANS_S = 4.0
"""From a changed list of bans to the end of a banned job: PID 1, STARTD_CRON, POLLING_INTERVAL, one after another."""
BACKOFF_S = 5.0
"""The container's master starts a dead startd anew after this."""


class FlockSide:
    """The container's master and what it started. When the master ends, `ended` is called."""

    def __init__(self, host: Host, lease: LeaseId, container: str, ended: Act) -> None:
        self.host = host
        self.lease, self.container = lease, container
        self._runs: dict[Job, GuestRun] = {}
        self.name = host.flock_name
        self.jobs: dict[Job, int] = {}
        self.payloads = 0
        """Double-forked children that outlived their jobs; only the container's end kills them."""
        self.leaving = False
        self.lives = True
        """Some process of the container besides its PID 1 may live."""
        self._starts = 0
        self._bans = host.run_dir.read(NodeFile.BANS) or ""
        """As the startd has them."""
        self.master = Process(host.events, f"flock master of {self.name}")
        self.master.on_death.extend([self._master_died, ended])
        self.startd = self._start()
        self.master_is_known = False
        self.master.after(MASTER_AD_S, self._introduce)

    @property
    def accepts(self) -> bool:
        """Takes work, or gives jobs their notice."""
        return self.startd.runs and (not self.leaving or bool(self.jobs))

    def accept(self, job: Job) -> bool:
        """A guest's schedd claims a slot and starts its job."""
        reachable = self.host.flock_up and self.startd.runs
        if not reachable or self.leaving or len(self.jobs) >= self.host.slots or self._refuses(job):
            return False
        self._starts += 1
        run = self._starts
        self.jobs[job] = run
        self.startd.after(job.length_s, lambda: self._finish(job, run))
        self._begin(job, run)
        self.host.meter.job_in_container(self.host.name, job)
        self.advertise()
        return True

    def _begin(self, job: Job, run: int) -> None:
        """What the startd writes when a claim is activated."""
        taken = {begun.saying.slot for begun in self._runs.values()}
        slot = next(number for number in range(1, self.host.slots + 1) if number not in taken)
        now_s = self.host.wall_s()
        saying = Saying(number=job.number, slot=slot, starter=1000 + run)
        self._runs[job] = self.host.guest_began(saying, self.container)
        self.host.job_files.write(self.lease, StartdFile.ADS, saying.ad(now_s))
        self.host.job_files.write(self.lease, StartdFile.EVENTS, saying.event(now_s))

    def _end(self, job: Job, *, is_told: bool) -> None:
        """A job's end; a startd that is killed tells none."""
        if (run := self._runs.pop(job, None)) is not None:
            run.ended_s = self.host.wall_s()
            if is_told:
                self.host.job_files.write(self.lease, StartdFile.HISTORY, run.saying.history(run.ended_s))

    def bans_written(self) -> None:
        """The keeper has another list."""
        text = self.host.run_dir.read(NodeFile.BANS) or ""
        self.startd.after(BANS_S, lambda: self._obey(text))

    def _obey(self, text: str) -> None:
        self._bans = text
        for job in [job for job in self.jobs if self._refuses(job)]:
            self.evict(job)

    def _refuses(self, job: Job) -> bool:
        return f'"{job.user}"' in self._bans.replace(",", '","')

    def evict(self, job: Job) -> None:
        """Its processes are killed, and its claim is over."""
        if self.jobs.pop(job, None) is not None:
            self._end(job, is_told=True)
            self._lose(job)
            self._leave_if_empty()
            self.advertise()

    def advertise(self) -> None:
        """Send the slot ads to the flock collector."""
        if not self.startd.alive or self.leaving:
            return
        ad = FlockStartd(
            claimed_slots=len(self.jobs),
            started_at_s=self.host.site_wall_s(self._started_s),
            heard_at_s=self.host.site_wall_s(),
        )
        self.host.send_flock(lambda: self.host.pool.flock.put(self.name, ad))

    def graceful(self) -> None:
        """SIGTERM to the master: jobs get their notice; it ends when they have."""
        if self.leaving:
            return
        self.leaving = True
        for job in self.jobs:
            if job.manners is not Manners.STUBBORN:
                self.startd.after(NOTICE_S, lambda job=job: self._vacated(job))  # type: ignore[misc]
        self.startd.after(0.02, self._leave_if_empty)

    def fast(self) -> None:
        """SIGQUIT to the master: jobs are killed."""
        self.leaving = True
        self.startd.after(NOTICE_S, self._exit)

    @property
    def guest_pid(self) -> int:
        """Stands for all processes besides PID 1."""
        return self.master.pid + 1

    def zap(self) -> None:
        """SIGKILL to every process there is."""
        self.lives = False
        self.payloads = 0
        self.master.kill()

    def _introduce(self) -> None:
        self.master_is_known = True

    def _start(self) -> Process:
        startd = Process(self.host.events, f"flock startd of {self.name}")
        self._started_s = self.host.events.now_s
        self.host.job_files.write(self.lease, StartdFile.EVENTS, started(self.host.wall_s()))
        startd.on_death.append(self._startd_died)
        startd.after(START_S, self.advertise)
        startd.every(lambda: self.host.tempo.update_s, self.advertise)
        return startd

    def _master_died(self) -> None:
        self.startd.kill()

    def _startd_died(self) -> None:
        for job in self.jobs:
            self._end(job, is_told=False)
            self._lose(job)
        self.jobs.clear()
        self.master.after(BACKOFF_S, self._again)

    def _again(self) -> None:
        if self.leaving:
            self.master.kill()
        else:
            self.startd = self._start()

    def _vacated(self, job: Job) -> None:
        if self.jobs.pop(job, None) is not None:
            self._end(job, is_told=True)
            self._lose(job)
        self._leave_if_empty()

    def _finish(self, job: Job, run: int) -> None:
        if self.jobs.get(job) != run:
            return
        del self.jobs[job]
        self._end(job, is_told=True)
        self.host.guest_queue.ended(job)
        self._linger(job)
        self._leave_if_empty()
        self.advertise()

    def _lose(self, job: Job) -> None:
        self.host.guest_queue.lost(job)
        self._linger(job)

    def _linger(self, job: Job) -> None:
        self.payloads += job.manners is Manners.DAEMONISED

    def _leave_if_empty(self) -> None:
        if self.leaving and not self.jobs:
            self._exit()

    def _exit(self) -> None:
        self.host.send_flock(lambda: self.host.pool.flock.drop(self.name))
        self.master.kill()
