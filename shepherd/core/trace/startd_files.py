"""What a container's startd writes about its jobs: events, the jobs' ads, and its history, as values.

The files lie where only HTCondor's accounts of the container may write, and everything in them may be a stranger's word
all the same: what is not understood is counted and left out, and nothing here raises. Sources, HTCondor 25:
src/condor_startd.V6/command.cpp (`activate_claim`), Starter.cpp (`Starter::exited`: end and length are the startd's),
condor_event.cpp (`ULogEvent::formatHeader`, `EPLogEvent::formatBody`), classadHistory.cpp (`AppendHistory`).
"""

import dataclasses
import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from shepherd.model.one_line import one_line

STARTED, ACTIVATED = 100, 106
"""ULOG_EP_STARTUP and ULOG_EP_ACTIVATE_CLAIM, condor_event.h."""
BLOCK_MOST = 1 << 20
"""Bytes of an event or an ad, at most; a longer one is left out."""
TEXT_MOST, PLAIN_MOST = 200, 400
TIMES_MOST = 32503680000.0
"""The year 3000."""

EVENT = re.compile(r"([0-9]{3}) \(([0-9]{1,9})\.([0-9]{1,9})\.[0-9]{1,9}\) (\S{10}) (\S{8,16})Z ")
MEMBER = re.compile(r"[\t ]*([A-Za-z_][A-Za-z0-9_]{0,200}) = (.*)")
TIME = r"(?:[0-9]{9,11}|[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,6})? "
LOGGED = re.compile(TIME + r"(?:\([A-Za-z_:|0-9]{1,40}\) )*(.*)")
"""An entry of the daemon's log begins with a time; lines of an ad begin with a tab."""
ENTRY = re.compile(rb"(?m)^" + TIME.encode())
JOB_AD = re.compile(r"(slot[0-9_]{1,30}): REQ_CLASSAD:")
SLOT_AD = "{slot}: MACHINE_CLASSAD:"
COMMAND = re.compile(
    r"Calling HandleReq <[\w:]{1,80}> \([0-9]+\) for command [0-9]+ \(ACTIVATE_CLAIM\) "
    r"from \S{1,300} [a-z_ ]{0,40}<?([0-9]{1,3}(?:\.[0-9]{1,3}){3})\b.*"
)
"""daemon_core.cpp, `CallCommandHandler`, at D_COMMAND: who sent it, and from where."""
STARTS = ("numshadowstarts", "jobcurrentstartdate", "shadowbday")
ESCAPES = {"n": " ", "t": " ", "r": " ", "b": " ", "f": " "}

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Activated:
    """A claim was to be activated in a slot."""

    slot: str
    at_s: float
    number: int
    """The slot's own number, 3 of `slot1_3`; 0 of a slot that is not part of another."""
    job: str
    """`cluster.proc`. Claimed."""
    user: str
    """Claimed."""
    starter: int
    ok: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restarted:
    """The startd began: no job of the one before it lives."""

    at_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobAd:
    """The job that a shadow brought to a slot, by its own word."""

    slot: str
    job: str
    """`cluster.proc`."""
    ident: str
    """GlobalJobId."""
    user: str
    owner: str
    start: str
    """Tells this start of the job from its others; the ad in the history says the same. Empty: not told."""
    peer: str
    """The address that the startd saw; empty: not told."""
    cpus: int = 0
    """What the slot has, by the startd's own ad of it; 0: not told."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Over:
    """A starter has ended, and its job with it."""

    job: str
    ident: str
    start: str
    at_s: float
    """To the second, rounded down."""
    exit_code: int | None
    exit_signal: int | None
    begun_s: float | None = None
    """When its starter began, as the startd itself counted; all that names the job is its schedd's word."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Read(Generic[T]):
    """What was understood of the beginning of some bytes."""

    found: tuple[T, ...]
    consumed: int
    """Bytes that need not be read again."""
    strange: int
    """Things that were not understood."""


def events(data: bytes) -> Read[Activated | Restarted]:
    """STARTD_EVENTLOG: each event ends with a line of three points."""
    found, consumed, strange = list[Activated | Restarted](), 0, 0
    while (end := data.find(b"...\n", consumed)) >= 0:
        if end > 0 and data[end - 1 : end] != b"\n":
            if (end := data.find(b"\n...\n", end)) < 0:
                break
            end += 1
        block, consumed = data[consumed:end], end + 4
        event = event_of(text_of(block))
        strange += event is False
        if isinstance(event, Activated | Restarted):
            found.append(event)
    skipped = too_long(data, consumed)
    return Read(found=tuple(found), consumed=consumed + skipped, strange=strange + bool(skipped))


def event_of(block: str) -> Activated | Restarted | bool:
    """An event; True for one of another kind, False for what is none."""
    match = EVENT.match(block)
    if match is None:
        return not block.strip("\0\n ")
    said, at_s = members(block), time_of(match[4], match[5])
    if at_s is None:
        return False
    if int(match[1]) != ACTIVATED:
        return Restarted(at_s=at_s) if int(match[1]) == STARTED else True
    return Activated(
        slot=f"slot{int(match[2])}" + (f"_{int(match[3])}" if int(match[3]) else ""),
        at_s=at_s,
        number=int(match[3]),
        job=words(said.get("jobid", "")),
        user=words(said.get("remoteuser", "")),
        starter=whole(said.get("starterpid")) or 0,
        ok=said.get("success", "").lower() == "true",
    )


def time_of(day: str, time: str) -> float | None:
    """Epoch seconds of `2026-11-23`, `08:48:40.123`, UTC."""
    try:
        return datetime.datetime.fromisoformat(f"{day}T{time}+00:00").timestamp()
    except (ValueError, OverflowError):
        return None


def ads(data: bytes, *, is_all: bool) -> Read[JobAd]:
    """STARTD_JOB_LOG. The ad that stands right after the command to activate a claim is the job's; the same words stand
    before one by which a claim is asked for. The startd's own ad of the slot is next, or is not logged. The last entry
    may not be whole yet, and waits for the one after it unless that `is_all`."""
    found, strange, peer = list[JobAd](), 0, ""
    consumed, alone = 0, None
    for start, end in entries(data, is_all=is_all):
        entry = text_of(data[start:end])
        first, _, rest = entry.partition("\n")
        said = LOGGED.fullmatch(first)
        strange += said is None and bool(entry.strip("\0\n "))
        head = said[1] if said else ""
        if alone is not None:
            found.append(with_slot(alone, head, rest))
            consumed, alone = start, None
        if match := COMMAND.match(head):
            peer = match[1]
        elif peer and (match := JOB_AD.fullmatch(head)):
            alone, peer = ad_of(match[1], members(rest), peer), ""
        else:
            consumed, peer = end, ""
    if alone is not None and is_all:
        found.append(alone)
        consumed = len(data)
    skipped = too_long(data, consumed)
    return Read(found=tuple(found), consumed=consumed + skipped, strange=strange + bool(skipped))


def entries(data: bytes, *, is_all: bool) -> Iterator[tuple[int, int]]:
    """Where the entries of a log begin and end: each begins with a time."""
    starts = [match.start() for match in ENTRY.finditer(data)]
    if starts and starts[0] > 0:
        starts.insert(0, 0)
    ends = [*starts[1:], len(data)] if is_all else starts[1:]
    yield from zip(starts, ends, strict=False)


def ad_of(slot: str, said: Mapping[str, str], peer: str) -> JobAd:
    """What a request says of itself."""
    return JobAd(
        slot=slot,
        job=job_of(said),
        ident=words(said.get("globaljobid", "")),
        user=words(said.get("user", "")),
        owner=words(said.get("owner", "")),
        start=start_of(said),
        peer=peer,
    )


def with_slot(ad: JobAd, head: str, rest: str) -> JobAd:
    """A job's ad with what the next entry tells of its slot."""
    if head != SLOT_AD.format(slot=ad.slot):
        return ad
    return dataclasses.replace(ad, cpus=max(0, whole(members(rest).get("cpus")) or 0))


def histories(data: bytes) -> Read[Over]:
    """STARTD_HISTORY: each ad ends with a line that begins with three stars."""
    found, consumed, strange = list[Over](), 0, 0
    for match in re.finditer(rb"(?m)^\*\*\* .*\n", data):
        said = members(text_of(data[consumed : match.start()]))
        consumed = match.end()
        at_s = whole(said.get("completiondate"))
        if at_s is None or not 0 < at_s < TIMES_MOST:
            strange += 1
            continue
        found.append(over_of(said, float(at_s)))
    skipped = too_long(data, consumed)
    return Read(found=tuple(found), consumed=consumed + skipped, strange=strange + bool(skipped))


def over_of(said: Mapping[str, str], at_s: float) -> Over:
    """The end that an ad in the history tells."""
    ran_s = whole(said.get("remotewallclocktime"))
    by_signal, is_told = said.get("exitbysignal", "").lower() == "true", said.get("jobstate") == '"Exited"'
    return Over(
        job=job_of(said),
        ident=words(said.get("globaljobid", "")),
        start=start_of(said),
        at_s=at_s,
        exit_code=small(said.get("exitcode")) if is_told and not by_signal else None,
        exit_signal=small(said.get("exitsignal")) if is_told and by_signal else None,
        begun_s=at_s - ran_s if ran_s is not None else None,
    )


def too_long(data: bytes, consumed: int) -> int:
    """How many bytes after what was consumed will never become one thing."""
    return len(data) - consumed if len(data) - consumed > BLOCK_MOST else 0


def text_of(data: bytes) -> str:
    """Bytes as text, whatever they are."""
    return data.decode("utf-8", "replace")


def members(block: str) -> dict[str, str]:
    """Attributes of an ad in its long form, by their names in small letters, values as they are written."""
    found = {}
    for line in block.split("\n"):
        if match := MEMBER.fullmatch(line):
            found[match[1].lower()] = match[2]
    return found


def job_of(said: Mapping[str, str]) -> str:
    """`cluster.proc`; empty if it is not told."""
    cluster, proc = whole(said.get("clusterid")), whole(said.get("procid"))
    return f"{cluster}.{proc}" if cluster is not None and proc is not None else ""


def start_of(said: Mapping[str, str]) -> str:
    """What the schedd counts up at each start of a job."""
    told = [whole(said.get(name)) for name in STARTS]
    return "" if told == [None] * len(STARTS) else "/".join(str(one) for one in told)


def whole(value: str | None) -> int | None:
    """An integer that is written as one."""
    return int(value) if value and re.fullmatch(r"-?[0-9]{1,15}", value) else None


def small(value: str | None) -> int | None:
    """An exit code or a signal."""
    number = whole(value)
    return number if number is not None and abs(number) < 1 << 31 else None


def words(value: str) -> str:
    """A string's content, fit for a record: plain characters, one line, not long. Whoever wrote it must not be able to
    make the record's line too long for its reader."""
    inner = value[1:-1] if len(value) >= 2 and value[0] == value[-1] == '"' else value
    text = re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), inner)
    return one_line(text, TEXT_MOST).encode("ascii", "backslashreplace").decode("ascii")[:PLAIN_MOST]
