"""Measuring a site from outside the software under test: the kernel's stamps and the collectors, nobody's own records.

with Watch(site) as watch:
    …
watch.measured().double_run_ms
"""

import contextlib
import json
import os
import re
import select
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shepherd.errors import InvariantBroken
from shepherd.lab.addresses import CM_FLOCK, CM_PRIVATE, FLOCK_PORT, HOME_PORT
from shepherd.lab.command import kill_session
from shepherd.lab.herd_log import NS, HerdLog, Look, Place, Side, StartdRun
from shepherd.lab.node import SITE_IN_NODE, SOURCE_IN_NODE
from shepherd.lab.pools import SHEPHERD_CONFIG
from shepherd.lab.procevents import ProcEvents
from shepherd.lab.site import Site
from shepherd.lab.spans import Span, gaps, meeting, total_s
from shepherd.lab.state import start_ticks

PLACE = r"/([^/\n]+)(?:/docker|/system\.slice)?/(?:(?:docker-)?([0-9a-f]{64})|svc-|[\w.@-]+\.service)"
"""Below a site's control group: node, then container or service, as the lab names them or as systemd does."""
ACCEPTING = ("Unclaimed", "Claimed", "Matched", "Preempting", "Backfill")


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What a collector said about a machine's startd."""

    at_s: float
    wall_s: float
    machine: str
    state: str
    started_wall_s: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was found. Spans are on the monotonic clock, for the log of whoever looks for the cause."""

    double_run_ms: float
    double_runs: dict[str, list[Span]]
    longest_without_accepting_startd_s: float
    without_accepting: dict[str, list[Span]]


@dataclass(kw_only=True)
class Excuse:
    """A time in which a host need not have had a startd: it was switched off, or a human took it."""

    host: str
    span: Span


class Watch:
    """Follows all hosts of a site. `close` (or the end of `with`) stops it; what it found stays."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pattern = re.compile(re.escape(site.state.cgroup) + PLACE)
        self.log = HerdLog(look=self._look)
        self.sightings: list[Sighting] = []
        self.excuses: list[Excuse] = []
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._probe: subprocess.Popen[bytes] | None = None
        self.began_s = self.ended_s = 0.0

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- life ---------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start watching; what runs already counts from now."""
        self._events = ProcEvents()
        self.began_s = time.monotonic()
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            self.log.already_there(pid, started_ns(pid))
        self._probe = self._start_probe()
        for work in (self._follow_events, self._follow_probe):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Stop watching. Idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()
        self.ended_s = time.monotonic()
        if self._probe is not None:
            kill_session(self._probe)
        for thread in self._threads:
            thread.join(5.0)
        if self._probe is not None and self._probe.stdout is not None:
            self._probe.stdout.close()

    def _start_probe(self) -> subprocess.Popen[bytes]:
        program = f"{SOURCE_IN_NODE}/shepherd/lab/accepting.py"
        pools = (f"{CM_PRIVATE}:{HOME_PORT}", f"{CM_FLOCK}:{FLOCK_PORT}")
        env = {"CONDOR_CONFIG": SHEPHERD_CONFIG, "PYTHONPATH": SITE_IN_NODE}
        argv = self._site.cm.argv(("/usr/bin/python3", "-S", program, *pools), user="shepherd", env=env)
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def _follow_events(self) -> None:
        with self._events as events:
            ready = select.poll()
            ready.register(events, select.POLLIN)
            while not self._stop.is_set():
                ready.poll(200)
                for event in events.read():
                    with self._guard:
                        self.log.take(event)

    def _follow_probe(self) -> None:
        if self._probe is None or self._probe.stdout is None:
            raise InvariantBroken("the watch's look at the collectors was never started")
        for line in self._probe.stdout:
            with contextlib.suppress(ValueError, TypeError):
                self._sighted(json.loads(line))

    def _sighted(self, told: dict[str, Any]) -> None:
        at_s, wall_s = float(told["at_s"]), float(told["wall_s"])
        for machine, state, started in told["ads"]:
            sighting = Sighting(
                at_s=at_s, wall_s=wall_s, machine=str(machine), state=str(state), started_wall_s=float(started or 0.0)
            )
            self.sightings.append(sighting)

    def _look(self, pid: int) -> Look | None:
        """Where a process is, by its control group, and what it runs; None if it is not of a host of this site."""
        try:
            found = self._pattern.search(Path(f"/proc/{pid}/cgroup").read_text())
            if found is None:
                return None
            program = Path(os.readlink(f"/proc/{pid}/exe")).name
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return None
        return Look(place=place_of(found.group(1), found.group(2) or "", status), program=program)

    # -- answers ------------------------------------------------------------------------------------------------------

    def excuse(self, host: str, start_s: float, end_s: float) -> None:
        """Leave a time of a host out of the search for gaps."""
        self.excuses.append(Excuse(host=host, span=Span(start_s=start_s, end_s=end_s)))

    def runs(self, host: str, side: Side) -> list[StartdRun]:
        """Lives of a host's startds on one side, in order."""
        with self._guard:
            return self.log.runs(host, side)

    def measured(self) -> Measured:
        """What was found so far. Raises InvariantBroken if the kernel's messages were lost: nothing is proven then."""
        if not self._stop.is_set() and not all(thread.is_alive() for thread in self._threads):
            raise InvariantBroken("the watch has died: this proves nothing")
        if self._events.lost:
            raise InvariantBroken(f"{self._events.lost} times process events were lost: this proves nothing")
        now_s = self.ended_s or time.monotonic()
        hosts = [host.name for host in self._site.hosts]
        double = {host: self._double(host, now_s) for host in hosts}
        without = {host: self._without(host, now_s) for host in hosts}
        every = [gap.length_s for found in without.values() for gap in found]
        return Measured(
            double_run_ms=1000 * sum(total_s(found) for found in double.values()),
            double_runs={host: found for host, found in double.items() if found},
            longest_without_accepting_startd_s=max(every, default=0.0),
            without_accepting={host: found for host, found in without.items() if found},
        )

    def _double(self, host: str, now_s: float) -> list[Span]:
        now_ns = round(now_s / NS)
        with self._guard:
            regular = [run.span(now_ns) for run in self.log.runs(host, Side.REGULAR)]
            return meeting(regular, [guest.span(now_ns) for guest in self.log.guests(host)])

    def _without(self, host: str, now_s: float) -> list[Span]:
        flocking = next(names.flocking for names in self._site.names if names.regular == host)
        accepting = [
            *self._accepting(host, self.runs(host, Side.REGULAR), now_s),
            *self._accepting(flocking, self.runs(host, Side.FLOCKING), now_s),
        ]
        excused = [excuse.span for excuse in self.excuses if excuse.host == host]
        return gaps([*accepting, *excused], Span(start_s=self.began_s, end_s=now_s))

    def _accepting(self, machine: str, runs: list[StartdRun], now_s: float) -> list[Span]:
        """When these startds accepted work: from the first sight of their own ad until they drain or end.

        A collector that is away takes nothing from a startd that was seen, and an ad left by an earlier life gives
        nothing to a new one: its start time tells.
        """
        found: list[Span] = []
        for run in runs:
            life = run.span(round(now_s / NS))
            seen = [s for s in list(self.sightings) if s.machine == machine and _of_this_life(s, life)]
            found += _accepting_spans(life, seen)
        return found


def place_of(host: str, container: str, status: str) -> Place:
    """Where a process is, by its status in /proc.

    runc's helpers join the container's control group before they make its pid namespace, and are the host's: who
    belongs to the container has a number in its namespace, beside those in the machine's and in the node's.
    """
    found = re.search(r"^NSpid:(.*)$", status, re.MULTILINE)
    numbers = found.group(1).split() if found else []
    if len(numbers) < 3:
        return Place(host=host)
    return Place(host=host, container=container, first=bool(container) and numbers[-1] == "1")


def started_ns(pid: int) -> int:
    """When a process started, in nanoseconds since boot, exact to a clock tick."""
    return start_ticks(pid) * (10**9 // os.sysconf("SC_CLK_TCK"))


def _of_this_life(sighting: Sighting, life: Span) -> bool:
    started_s = sighting.started_wall_s - sighting.wall_s + sighting.at_s
    slack_s = 1.5  # the ad's start time has whole seconds
    return life.start_s <= sighting.at_s <= life.end_s and started_s >= life.start_s - slack_s


def _accepting_spans(life: Span, seen: list[Sighting]) -> list[Span]:
    found: list[Span] = []
    since_s: float | None = None
    for sighting in seen:
        accepts = sighting.state in ACCEPTING
        if accepts and since_s is None:
            since_s = sighting.at_s
        if not accepts and since_s is not None:
            found.append(Span(start_s=since_s, end_s=sighting.at_s))
            since_s = None
    if since_s is not None:
        found.append(Span(start_s=since_s, end_s=life.end_s))
    return found
