"""What others wrote down of a scenario: the startds' own logs, dockerd's events, both schedds' jobs.

None of it comes from the shepherd or a keeper. What a scenario makes them lose is missing here: nothing looks worse
than it was.
"""

import calendar
import contextlib
import dataclasses
import json
import re
import socket
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shepherd.errors import ShepherdError
from shepherd.lab.node import Node
from shepherd.model.lease import drained_for

STAMP = re.compile(r"(\d\d/\d\d/\d\d \d\d:\d\d:\d\d) (.*)")
REASON = re.compile(r'DrainReason = "(.*)"')
DRAINED = "State change: draining is complete."
NOT_DRAINED = re.compile(r"Changing state(?: and activity)?: Drained\S* -> (?!Drained)")
ORDERED_OFF = ("shutdown fast", "shutdown graceful")
STARTED = "** condor_startd"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StartdStory:
    """What a regular startd's log tells of its host."""

    drains: tuple[tuple[float, str], ...]
    """When a drain of the shepherd arrived, whole seconds, and the lease that it names."""
    ends_undrained: tuple[float, ...]
    """When a startd was told to end that had not drained."""


def startd_story(log: str, since_s: float) -> StartdStory:
    """The story since `since_s` (wall clock). `log` is a StartLog; its times are UTC, as the nodes' are."""
    at_s, drained = 0.0, False
    drains, ends = [], []
    for line in log.splitlines():
        stamped = STAMP.match(line)
        text = line
        if stamped:
            at_s, text = float(calendar.timegm(time.strptime(stamped[1], "%m/%d/%y %H:%M:%S"))), stamped[2]
        if reason := REASON.match(text):
            if lease := drained_for(reason[1]):
                drains.append((at_s, lease))
        elif text.endswith(DRAINED):
            drained = True
        elif STARTED in text or NOT_DRAINED.search(text):
            drained = False
        elif text in ORDERED_OFF and not drained:
            ends.append(at_s)
    return StartdStory(
        drains=tuple(one for one in drains if one[0] >= since_s), ends_undrained=tuple(e for e in ends if e >= since_s)
    )


def regular_story(host: Node, since_s: float) -> StartdStory:
    """A host's story; an empty one if its log cannot be read."""
    log = ""
    with contextlib.suppress(ShepherdError):
        log = host.must(("sh", "-c", "cat /var/log/condor/StartLog.old /var/log/condor/StartLog 2>/dev/null; true"))
    return startd_story(log, since_s)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Containers:
    """What a host's dockerd started."""

    by_lease: Mapping[str, int]
    images: frozenset[str]


def containers_started(host: Node, label: str, since_s: float) -> Containers:
    """Since `since_s`, as far as this dockerd remembers: a restarted one has forgotten."""
    starts: list[Mapping[str, Any]] = []
    with contextlib.suppress(OSError, ValueError):
        starts = _container_events(f"/proc/{host.pid}/root/var/run/docker.sock", since_s)
    said = [start["Actor"]["Attributes"] for start in starts if start["Action"] == "start"]
    return Containers(
        by_lease=Counter(str(one.get(label)) for one in said), images=frozenset(str(one.get("image")) for one in said)
    )


def _container_events(path: str, since_s: float) -> list[Mapping[str, Any]]:
    """By HTTP/1.0, whose answer ends with the connection: docker's client leaves a socket open behind such a stream."""
    wanted = urllib.parse.quote(json.dumps({"type": ["container"]}))
    ask = f"GET /events?since={int(since_s)}&until={int(time.time()) + 1}&filters={wanted} HTTP/1.0\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(path)
        link.sendall(ask.encode())
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    body = answer.partition(b"\r\n\r\n")[2]
    return [json.loads(line) for line in body.splitlines() if line.strip()]


def job_name(job: Mapping[str, Any]) -> str:
    """`cluster.proc`."""
    return f"{job['ClusterId']}.{job['ProcId']}"


def ran_on(jobs: Iterable[Mapping[str, Any]], machine: str) -> Iterator[str]:
    """Jobs that run on a machine, or ran there last."""
    for job in jobs:
        places = {str(job.get(name) or "").rpartition("@")[2] for name in ("RemoteHost", "LastRemoteHost")}
        if machine in places:
            yield job_name(job)


def thrown_off(jobs: Iterable[Mapping[str, Any]], machine: str) -> Iterator[str]:
    """Jobs that had to start again, or wait to, after a machine had them."""
    for job in jobs:
        starts, idle = int(job.get("NumJobStarts") or 0), job.get("JobStatus") == 1
        if starts > (0 if idle else 1) and str(job.get("LastRemoteHost")).rpartition("@")[2] == machine:
            yield job_name(job)
