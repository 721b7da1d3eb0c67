"""An answer to who did what, for a person and for machines. Each time names its zone, each fact what it is worth."""

import dataclasses
import datetime
import enum
from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.one_line import one_line
from shepherd.model.question import Question
from shepherd.model.trace import EndSeen
from shepherd.model.trace_rows import Held, Hidden, Job
from shepherd.model.tracing import FlowFound, JobFlow, Link, Sender, StayFound, Suspect, Times, Tracing, Verdict

SCHEMA = 1
"""Of the JSON. A new number when a member goes or means something else; new members may come any time."""
HOLDS_SCHEMA = 1
SAID = {
    Verdict.NAMED: "one can have been it, and nothing that bears on it is missing",
    Verdict.AMBIGUOUS: "several can have been it, all of them are named, and they cannot be told apart",
    Verdict.NO_JOB: "no job made it: HTCondor in the container, or the container itself, did",
    Verdict.INCOMPLETE: "what is named is so; others may be missing",
    Verdict.NOTHING: "nothing of this is on record, and the record is whole",
    Verdict.UNANSWERABLE: "what is missing from the record could be the answer",
}
ASKED = {
    "nat_address": "our address", "nat_port": "our port", "address": "inside address", "port": "inside port",
    "far_address": "their address", "far_port": "their port", "protocol": "IP protocol",
}  # fmt: skip
PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP"}
WIDE = 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class Telling:
    """How an answer is told."""

    zone: datetime.tzinfo
    personal: bool
    """Whether users and job ids are shown."""
    hidden_because: str = ""
    """Why they are not."""


def tracing_text(tracing: Tracing, telling: Telling) -> str:
    """For a person."""
    lines = [
        f"Asked:   {question_words(tracing.question, telling)}",
        f"Answer:  {verdict_words(tracing)}",
        *(line for flow in tracing.flows for line in _flow(flow, telling)),
        *(line for at in tracing.stays for line in _stay(at, telling)),
        "",
        *_around(tracing, telling),
    ]
    return "\n".join(lines) + "\n"


def tracing_json(tracing: Tracing, telling: Telling, now_s: float) -> Mapping[str, object]:
    """For machines. Times are epoch seconds of the shepherd's clock, but for those of records (`begun`, `ended`), which
    are their sources'."""
    return {
        "schema": SCHEMA,
        "at_s": now_s,
        "answered": tracing.verdict not in {Verdict.NOTHING, Verdict.UNANSWERABLE},
        "personal": telling.personal,
        "hidden_because": telling.hidden_because,
        **{field.name: plain(getattr(tracing, field.name)) for field in dataclasses.fields(tracing)},
    }


def holds_json(held: Sequence[Held]) -> Mapping[str, object]:
    """Records that are put aside, for machines."""
    return {"schema": HOLDS_SCHEMA, "holds": [plain(one) for one in held]}


def plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value


def verdict_words(tracing: Tracing) -> str:
    """What it comes to."""
    verdict = tracing.verdict
    if tracing.stays and verdict is Verdict.NAMED:
        jobs = len(tracing.suspects())
        return f"FOUND: {jobs} job{'' if jobs == 1 else 's'}; nothing that bears on it is missing"
    return f"{verdict.value.upper()}: {SAID[verdict]}"


def question_words(question: Question, telling: Telling) -> str:
    """What was asked."""
    when = moment(question.from_s, telling)
    if question.until_s != question.from_s:
        when += f" to {moment(question.until_s, telling)}"
    clock = f", their clock right within {question.within_s:g} s" if question.within_s else ""
    given = "".join(f", {ASKED.get(name, name)} {one_line(str(value))}" for name, value in question.given().items())
    return when + clock + given


def moment(at_s: float, telling: Telling) -> str:
    """A time with its zone."""
    try:
        when = datetime.datetime.fromtimestamp(at_s, telling.zone)
    except (OverflowError, ValueError, OSError):
        return f"epoch {at_s:g}"
    zone = when.strftime("%z")
    return f"{when.strftime('%Y-%m-%d %H:%M:%S.%f')[:-3]} {'UTC' if zone == '+0000' else zone}"


def span(times: Times, telling: Telling) -> str:
    """From when to when, and how well that is known."""
    within = max(times.from_within_s, times.until_within_s)
    known = f", known to {within:.2g} s" if within else ""
    if times.until_s is None:
        return f"from {moment(times.from_s, telling)} on, no end is on record{known}"
    return f"{moment(times.from_s, telling)} to {moment(times.until_s, telling)}{known}"


def _flow(found: FlowFound, telling: Telling) -> Iterator[str]:
    begun, ended = found.flow.begun, found.flow.ended
    nat = f" as {begun.nat_address}:{begun.nat_port}"
    protocol = PROTOCOLS.get(begun.protocol, f"protocol {begun.protocol}")
    yield ""
    yield f"Connection {begun.address}:{begun.port}{nat} to {begun.far_address}:{begun.far_port} {protocol}"
    yield f"  {span(found.times, telling)}"
    if ended is not None:
        yield f"  {ended.sent_bytes} bytes sent, {ended.received_bytes} received"
    yield f"  {found.verdict.value.upper()}" + "".join(f"\n    {one_line(why)}" for why in found.why)
    if not found.suspects:
        for at in found.stays:
            yield from _place(at)
    for number, suspect in enumerate(found.suspects, start=1):
        if len(found.suspects) > 1:
            yield f"  {number} of {len(found.suspects)} that can have made it:"
        yield from _suspect(suspect, telling)
        yield from _place(next(a for a in found.stays if a.stay.begun.container == suspect.job.begun.container))
        yield from _evidence(suspect.links)
        yield from _others(suspect, telling)


def _stay(at: StayFound, telling: Telling) -> Iterator[str]:
    begun = at.stay.begun
    yield ""
    yield f"Host {begun.host}, herd {begun.herd}"
    yield f"  {span(at.times, telling)}"
    if begun.container:
        yield from _place(at)
    if begun.herd != "flock":
        yield "  its jobs then were the site's own: `condor_history` of the home pool has them"
    for suspect in at.jobs:
        yield ""
        yield from _suspect(suspect, telling)
        yield from _others(suspect, telling)


def _suspect(suspect: Suspect, telling: Telling) -> Iterator[str]:
    begun, ended = suspect.job.begun, suspect.job.ended
    yield _fact("job", f"{who(suspect.job, begun.job, 'hidden')}  (claimed by its schedd)")
    yield _fact("user", f"{who(suspect.job, begun.user, suspect.job.pseudonym)}  (claimed by its schedd)")
    yield from _sender(suspect.sender)
    account = f", account {begun.uid}" if begun.uid >= 0 else ""
    cores = f", {begun.cpus} core{'' if begun.cpus == 1 else 's'}" if begun.cpus else ""
    yield _fact("slot", f"{begun.slot} of {begun.host}{account}{cores}")
    yield _fact("ran", span(suspect.times, telling))
    if ended is not None and ended.how is not EndSeen.SEEN:
        yield _fact("", f"its end is known {ended.how.value}")
    if ended is not None and (ended.exit_code is not None or ended.exit_signal is not None):
        code = f"code {ended.exit_code}" if ended.exit_code is not None else f"signal {ended.exit_signal}"
        yield _fact("exit", code)


def who(job: Job, shown: str, instead: str) -> str:
    """A personal field, or what stands for it."""
    match job.hidden:
        case None:
            return one_line(shown) or "not told"
        case Hidden.NOT_ASKED:
            return instead
        case Hidden.DESTROYED | Hidden.MISSING:
            return f"{instead} ({job.hidden.value})"


def _sender(sender: Sender) -> Iterator[str]:
    yield _fact("schedd", f"{one_line(sender.schedd) or 'not told'}  ({sender.standing.value}: {one_line(sender.why)})")
    if sender.guest:
        contact = f", ask {one_line(sender.contact)}" if sender.contact else ", nobody is named to ask"
        yield _fact("guest", f"{one_line(sender.guest)}{contact}")


def _place(at: StayFound) -> Iterator[str]:
    begun = at.stay.begun
    yield _fact("container", f"{begun.container[:12]} of {begun.host}, {begun.address}, lease {begun.lease}")
    yield _fact("image", begun.image)


def _evidence(links: Sequence[Link]) -> Iterator[str]:
    yield "    evidence"
    for link in links:
        yield f"      {link.kind.value:<8} {link.standing.value:<8} {one_line(link.text)}"


def _others(suspect: Suspect, telling: Telling) -> Iterator[str]:
    if suspect.others is None:
        return
    whose = "of the job" if all(flow.by_account for flow in suspect.others) else "of its container while it ran"
    yield f"    connections {whose}: {len(suspect.others)}"
    yield from (f"      {_other(flow, telling)}" for flow in suspect.others)


def _other(one: JobFlow, telling: Telling) -> str:
    begun, ended = one.flow.begun, one.flow.ended
    nat = f" as {one.nat_address}:{one.nat_port}" if one.nat_port is not None else ""
    protocol = PROTOCOLS.get(begun.protocol, f"protocol {begun.protocol}")
    sent = f", {ended.sent_bytes} bytes sent, {ended.received_bytes} received" if ended else ""
    ends = f"port {begun.port}{nat} to {begun.far_address}:{begun.far_port} {protocol}"
    return f"{moment(one.times.from_s, telling)}  {ends}{sent}"


def _around(tracing: Tracing, telling: Telling) -> Iterator[str]:
    """What bears on all of it."""
    for gap in tracing.gaps:
        lost = "" if gap.count is None else f", at least {gap.count} lost"
        times = f"{moment(gap.from_s, telling)} to {moment(gap.to_s, telling)} by its clock"
        yield f"Away:    {gap.source} ({gap.what}) from {times}: {one_line(gap.why)}{lost}"
    for clock in tracing.clocks:
        ahead = f"{abs(clock.ahead_s):.3g} s {'ahead of' if clock.ahead_s >= 0 else 'behind'}"
        yield f"Clock:   {clock.source} was {ahead} the shepherd's, known to {clock.within_s:.3g} s either way"
    yield from (f"Note:    {one_line(note)}" for note in tracing.notes)
    if not telling.personal:
        yield f"Hidden:  {one_line(telling.hidden_because)}; a pseudonym stands for the same user within a week"
    yield "Proof:   `shepherd ledger verify` says whether the record was altered"


def _fact(name: str, text: str) -> str:
    return f"    {name:<{WIDE}}{text}"
