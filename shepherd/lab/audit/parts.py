"""The audit's parts that are jobs of guests: what they try, what they need, what they leave behind."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from shepherd.errors import Unavailable
from shepherd.lab import command
from shepherd.lab.audit import pages
from shepherd.lab.audit.job import needs as needs_of_guests
from shepherd.lab.audit.job import probes as probes_of_a_job
from shepherd.lab.audit.jobs import COMPLETED, FOLDER, HELD, IDLE, RUNNING, Guest, Job
from shepherd.lab.audit.place import (
    MEMORY_MIB,
    PROCESSES,
    SCRATCH_MIB,
    doors_that_do_not_exist,
    facts,
    host_of,
    visits,
)
from shepherd.lab.audit.report import NOT_MADE, OPEN, SHUT, Result, from_job, need, shut
from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site

VICTIM_S = 120
AROUND_S = 40
SHUNNED_S = 15
"""Time in which a job that no startd takes would have been started by one, and have ended."""
STAYER = "shepherd-stayer"
OPEN_FILES, JOBS_PROCESSES = 16384, 2048
DUMPS = "coresize = 1000000000"
"""What a job asks for that would have the kernel write its memory down."""
ESCAPE = f"{FOLDER}/escape.py"
MARK = "cat escaped"


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way around: lines of the submit description, and what is changed in the queue, as a hostile schedd would."""

    lines: str = ""
    edits: Mapping[str, str] = field(default_factory=dict)
    evidence: str = MARK
    """A command at the foreign pool that says something if the way was open."""
    is_refused: bool = False
    """Whether no startd takes such a job: it waits."""
    refusal: str = ""
    """Words in its log that show that it was tried and refused, where HTCondor then tries again for ever."""


WAYS = {
    "around-before": Way(lines='+PreCmd = "escape.py"\n+PreArguments = ""'),
    "around-after": Way(lines='+PostCmd = "escape.py"\n+PostArguments = ""'),
    "around-tool": Way(lines="tool_daemon_cmd = escape.py", is_refused=True),
    "around-log": Way(lines="starter_debug = D_FULLDEBUG", evidence="ls .starter.log*", is_refused=True),
    "around-plugin": Way(
        lines="transfer_plugins = evil=escape.py\ntransfer_input_files = job, escape.py, evil://x/y\n"
        "transfer_output_files = escaped",
        refusal="not allowed",
    ),
    "around-loader": Way(
        lines='environment = "LD_DEBUG=files LD_DEBUG_OUTPUT=./trace"',
        evidence="grep -l 'bwrap\\|flock-job' trace.*",
    ),
    "around-inside": Way(
        edits={
            "Cmd": '"--inside"', "Arguments": '"0 /usr/bin/python3 escape.py"', "TransferExecutable": "false",
            "PreserveRelativeExecutable": "true",
        }
    ),
}  # fmt: skip
"""What HTCondor would run for a job beside its own program, and what could make the wrapper itself run it."""
Results = Iterator[Result]


def complete(results: list[Result], must: str) -> list[Result]:
    """The results, and one for each registered probe that was not made: a prober that died found nothing either."""
    needs, probes = set(needs_of_guests.NEEDS), set(probes_of_a_job.NAMES)
    missing = (needs if must == OPEN else probes) - {result.id for result in results}
    return results + [Result(id=ident, tries="", must=must, got=NOT_MADE) for ident in sorted(missing)]


@dataclass(frozen=True, kw_only=True)
class Guests:
    """Two guests, alice who tries and bob who suffers, on one lent host beside another."""

    site: Site
    host: str
    neighbour: str
    alice: Guest
    bob: Guest
    doors: Mapping[str, str]

    @classmethod
    def on(cls, site: Site) -> "Guests":
        """Both prepared, on the first two hosts that are lent."""
        host, neighbour, *_ = site.flocking_startds()
        alice, bob = Guest(site=site, user="alice"), Guest(site=site, user="bob")
        for guest in (alice, bob):
            guest.prepare()
        doors = facts(site, host, neighbour)
        return cls(site=site, host=host, neighbour=neighbour, alice=alice, bob=bob, doors=doors)

    @property
    def told(self) -> list[str]:
        """What a probing job is told of doors."""
        return [f"{name}={value}" for name, value in self.doors.items()]

    def trespass(self) -> Results:
        """Everything one job can try by itself, while a careless one of somebody else runs beside it."""
        for name in doors_that_do_not_exist(self.site, self.doors):
            yield Result(id=f"door-{name}", tries="a door", must=SHUT, got="not there", detail=self.doors[name])
        victim = self.bob.submit("victim", self.host, ["job.victim", str(VICTIM_S)])
        victim.says("open")
        began_s = time.time()
        prober = self.alice.submit("prober", self.host, ["job.probes", *self.told], more=DUMPS)
        prober.wait(COMPLETED, HELD, within_s=VICTIM_S)
        yield from complete(from_job(prober.lines(), SHUT), SHUT)
        visited = visits(self.site, began_s)
        yield shut("net-visits", "all of these doors, as the doors themselves tell", bool(visited), ", ".join(visited))
        met = [line for line in victim.text().splitlines() if line.startswith("met")]
        yield shut("victim-met", "the other job noticed a visitor", bool(met), " ".join(met))
        yield self._accounts(2)
        yield self._control()
        yield from self.by_transfer(victim)
        login = self.site.campus.run(("condor_ssh_to_job", str(victim.cluster), "true"), timeout_s=40)
        yield shut("around-login", "logging in to a job that runs", login.returncode == 0, login.stderr[:200])
        victim.remove()

    def by_transfer(self, victim: Job) -> Results:
        """What HTCondor's own file transfer, which runs beside the job's walls, brings a guest of `victim`."""
        victim.says("open")
        seen = self._inside("grep -l job[.]victim /proc/[0-9]*/cmdline").split()
        urls = ", ".join(f"file://{path}" for path in seen[-1:])
        more = f"transfer_input_files = job, {urls}\ntransfer_output_files = cmdline"
        job = self.alice.submit("fetcher", self.host, ["job.greedy", "files", "5"], more=more)
        job.wait(COMPLETED, HELD)
        brought = self.site.campus.run(("cat", "/home/alice/cmdline")).stdout
        detail = " ".join((*seen, str(job.ad.get("HoldReason", ""))))[:200]
        tries = "another job's command line by file transfer"
        yield shut("transfer-command-line", tries, "victim" in brought, detail, was_tried=bool(seen))

    def _accounts(self, jobs: int) -> Result:
        """The accounts that jobs really ran as: HTCondor once fell back to `nobody` for all, without a word."""
        log = self._inside("cat /var/log/condor/StarterLog.slot1_*")
        users = {line.rpartition(" as user ")[2] for line in log.splitlines() if "Running job as user" in line}
        same = len(users) < jobs or "nobody" in users
        return shut("accounts", "two jobs under one account", same, " ".join(sorted(users)))

    def _control(self) -> Result:
        """The host's word on how long the lend lasts, as the container's root."""
        files = "control host.lock token forged"
        found = self._inside(f"cd /run/flock; for name in {files}; do (: >>$name) 2>&- && echo $name; done; ls control")
        opened = found.split()[:-1]
        tries = "writing its own lease, as the container's root"
        return shut("lease-control", tries, bool(opened), " ".join(opened), was_tried=found.endswith("control\n"))

    def _inside(self, script: str) -> str:
        """A shell in the container, as its root: for looking only."""
        (first, *_) = host_of(self.site, self.host).pids("flock-init", containers=True)
        into = ("nsenter", f"--target={first}", "--mount", "--pid", "--", "sh", "-c", script)
        return command.run(into, timeout_s=20).stdout

    def needs(self) -> Results:
        """What must work."""
        job = self.alice.submit("needs", self.host, ["job.needs", *self.told], more="+WantIOProxy = true")
        ad = job.wait(COMPLETED, HELD)
        yield from complete(from_job(job.lines(), OPEN), OPEN)
        held = str(ad.get("HoldReason", ""))
        yield need("need-end", "a job that ends is done", works=ad.get("JobStatus") == COMPLETED, detail=held)
        came = self.site.campus.run(("cat", "/home/alice/came-back")).stdout
        yield need("need-output", "output files come back", works=came == "output")
        yield self._end("need-exit-code", "import sys; sys.exit(23)", (23, None))
        yield self._end("need-exit-signal", "import os; os.kill(os.getpid(), 11)", (None, 11))

    def _end(self, ident: str, script: str, expected: tuple[int | None, int | None]) -> Result:
        self.site.campus.write("/home/alice/ends.py", script, owner="alice")
        job = self.alice.submit(ident, self.host, ["ends"], more="transfer_input_files = job, ends.py")
        ad = job.wait(COMPLETED, HELD)
        told = (ad.get("ExitCode"), ad.get("ExitSignal"))
        return need(ident, "the job's end is told as it was", works=told == expected, detail=str(told))

    def around(self, only: str = "") -> Results:
        """What HTCondor would run for a job outside of its walls; or only the way of that name."""
        self.site.campus.must(("install", "-m", "755", "-o", "alice", ESCAPE, "/home/alice/escape.py"))
        ways = {ident: way for ident, way in WAYS.items() if only in {"", ident}}
        jobs = {ident: self._set_out(ident, way) for ident, way in ways.items()}
        awaited = [ident for ident, way in ways.items() if not way.is_refused]
        self.true(lambda: all(self._went(jobs[ident], ways[ident]) for ident in awaited), AROUND_S)
        shunned = [jobs[ident] for ident in ways if ident not in awaited]
        self.true(lambda: all(job.ended() for job in shunned), SHUNNED_S)
        for ident, job in jobs.items():
            seen = self.site.campus.run(("sh", "-c", f"cd /home/alice/{ident} && {ways[ident].evidence}")).stdout
            state = f"state {job.ad.get('JobStatus')} {seen[:80]}"
            went = self._went(job, ways[ident])
            job.remove()
            yield shut(ident, "code outside of the job's walls", bool(seen), state, was_tried=went)

    def _went(self, job: Job, way: Way) -> bool:
        """Whether a way was gone to its end, or refused on it."""
        if way.is_refused:
            return job.ad.get("JobStatus") == IDLE
        log = self.site.campus.run(("cat", f"/home/{job.user}/{job.name}/{job.name}.log")).stdout
        return job.ended() or (bool(way.refusal) and way.refusal in log)

    def _set_out(self, ident: str, way: Way) -> Job:
        """A job that tries this way; what it brings back lies in a directory of its own."""
        home = f"/home/alice/{ident}"
        self.site.campus.must(("install", "-d", "-m", "755", "-o", "alice", home))
        self.site.campus.must(("cp", "-rp", "/home/alice/job", "/home/alice/escape.py", home))
        more = f"transfer_input_files = job, escape.py\n{way.lines}\ninitialdir = {home}"
        return self.alice.submit(ident, self.host, ["job.greedy", "files", "5"], more=more, edits=way.edits)

    def greed(self) -> Results:
        """Each limit, reached and not passed."""
        bystander = self.bob.submit("bystander", self.host, ["job.victim", "300"])
        bystander.wait(RUNNING)
        yield from self.takes("processes", PROCESSES, JOBS_PROCESSES)
        yield from self.takes("files", OPEN_FILES + 1000, OPEN_FILES)
        yield from self.takes("disk", SCRATCH_MIB + 50, SCRATCH_MIB)
        yield from self.takes("memory", MEMORY_MIB + 100, MEMORY_MIB)
        ad = bystander.ad
        undisturbed = ad.get("JobStatus") == RUNNING and ad.get("NumJobStarts") in {None, 0, 1}
        yield need("need-bystander", "a job beside all that goes on", works=undisturbed, detail=bystander.text("log"))
        lent = self.host in self.site.flocking_startds()
        yield need("need-pilot", "the pilot beside all that goes on", works=lent)
        yield self.local_work("need-local-work", "local work after all that", 30.0)
        bystander.remove()

    def takes(self, what: str, tried: int, most: int) -> Results:
        """One job tries to have so much, and must get no more than `most`."""
        job = self.alice.submit(f"greed-{what}", self.host, ["job.greedy", what, str(tried)])
        state = job.wait(COMPLETED, HELD, within_s=90)
        told = [int(word) for word in job.text().split() if word.isdigit()]
        got = max(told, default=-1)
        detail = f"got {got} of {tried}, state {state.get('JobStatus')} {state.get('HoldReason', '')}"
        yield shut(f"greed-{what}", f"all {what} there are", not 0 <= got <= most, detail)

    def local_work(self, ident: str, what: str, within_s: float) -> Result:
        """Whether a local job begins and ends in time."""
        cluster = self.site.submit(self.site.cm, "carol", "executable = /bin/true\nqueue\n")
        began_s = time.monotonic()
        done = self.true(lambda: not self.site.queue(self.site.cm, f"ClusterId == {cluster}"), within_s)
        return need(ident, what, works=done, detail=f"{time.monotonic() - began_s:.1f} s")

    def staying(self) -> Results:
        """What outlives a job, and a lend."""
        node = host_of(self.site, self.host)
        self.alice.submit("stayer", self.host, ["job.staying", STAYER, "600"]).wait(COMPLETED, HELD)
        alive = not self.true(lambda: not node.pids(STAYER), 5)
        yield shut("stay-processes", "processes that outlive their job", alive)
        found = self._inside(f"ls /tmp/{STAYER} /var/tmp/{STAYER} /dev/shm/{STAYER} 2>/dev/null")
        yield shut("stay-files", "files for the next guest", bool(found), found)
        last = self.alice.submit("last", self.host, ["job.staying", STAYER, "600"])
        last.wait(RUNNING, COMPLETED)
        waiting = self.alice.submit("notice", self.host, ["job.notice"])
        waiting.says("waiting")
        self.site.cm.must(("shepherd", "flockoff", "the audit ends a lend"), user="shepherd")
        over = self.true(lambda: not node.pids("flock-init", containers=True), 90)
        yield need("need-reclaim", "the lend ends", works=over)
        yield shut("stay-lend", "processes that outlive a lend", bool(node.pids(STAYER)))
        told = self.site.cm.read("/var/log/gateway.log")
        steady = "changed by somebody else" not in told
        yield need("need-steady-rules", "the gateway's rules stay as they are under traffic", works=steady)
        left = node.run(("find", "/var/lib/docker", "/run/shepherd", "-name", STAYER)).stdout
        yield shut("stay-disk", "files that outlive a lend", bool(left), left)
        yield from self._notice(waiting)
        yield pages.hoarded(self.site)

    def _notice(self, waiting: Job) -> Results:
        heard = self.true(lambda: "notice" in waiting.text(), 30)
        yield need("need-notice", "notice before a reclaim", works=heard, detail=waiting.text())
        told = self.true(lambda: "evicted" in waiting.text("log"), 30)
        yield need("need-reason", "the reason in the job's log", works=told, detail=waiting.text("log")[-300:])
        waiting.remove()

    def true(self, question: Callable[[], object], within_s: float) -> bool:
        """Whether something becomes true in time."""
        try:
            eventually(question, within_s, 0.3)
        except Unavailable:
            return False
        return True
