"""From what was gathered to the answer: what it comes to, who is named, what bears on it that is not on record."""

from collections.abc import Iterable, Sequence

from shepherd.core.trace.evidence import GATEWAY, LENT, Evidence, Material, asked_time, sources_of
from shepherd.core.trace.judge import judge
from shepherd.core.trace.links import links_of_job
from shepherd.core.trace.lives import FLOWS, JOBS, SCHEDDS, STAYS, lives, may_live
from shepherd.core.trace.sender import same_name
from shepherd.model.question import Question
from shepherd.model.trace import ClockSeen, Gap
from shepherd.model.trace_rows import Job, Stay
from shepherd.model.tracing import FlowFound, StayFound, Suspect, Tracing, Verdict

MOST_NAMED = 10
"""Hosts in one sentence."""
FULL_ID = 64
"""Characters of a container's id."""


def answer(question: Question, material: Material) -> Tracing:
    """Everything that the material says. The same material gives the same answer."""
    evidence = Evidence(material)
    flows = flows_found(question, evidence) if question.is_of_flows else []
    stays = [] if question.is_of_flows else stays_found(question, evidence)
    gaps = gaps_of(question, evidence, [at.stay for at in stays])
    doubts = [*material.lost, *material.unasked, *unheard_of(question, evidence, stays)]
    is_whole = not (doubts or material.is_cut or gaps)
    if question.is_of_flows:
        is_whole = is_whole or (not doubts and not material.is_cut and is_there_throughout(question, flows, evidence))
        verdict = verdict_of_flows(question, flows, is_whole=is_whole)
    else:
        verdict = verdict_of_stays(stays, is_whole=is_whole)
    return Tracing(
        question=question,
        verdict=verdict,
        flows=tuple(flows),
        stays=tuple(stays),
        gaps=tuple(gaps),
        clocks=tuple(clocks_of(question, evidence, flows, stays)),
        notes=(*notes(question, evidence, flows, stays), *doubts),
    )


def flows_found(question: Question, evidence: Evidence) -> list[FlowFound]:
    """Connections that can have been there in the time asked for, oldest first."""
    asked = asked_time(question.earliest_s, question.latest_s)
    there = [f for f in evidence.material.flows if may_live(evidence.flow_life(f), asked, evidence.clocks)]
    found = [judge(flow, evidence, asked) for flow in sorted(there, key=lambda flow: flow.begun.at_s)]
    return [one for one in found if flow_fits(question, one)]


def stays_found(question: Question, evidence: Evidence) -> list[StayFound]:
    """Who had which host, and which jobs ran there, in the time asked for."""
    asked = asked_time(question.earliest_s, question.latest_s)
    found = list[StayFound]()
    for stay in sorted(evidence.material.stays, key=lambda stay: (stay.begun.host, stay.begun.at_s)):
        life = evidence.stay_life(stay)
        if not stay_fits(question, stay) or not may_live(life, asked, evidence.clocks):
            continue
        jobs = [named(job, evidence) for job in evidence.jobs_in(stay, asked)]
        fitting = tuple(one for one in jobs if job_fits(question, one))
        if fitting or not asks_for_jobs(question):
            found.append(StayFound(stay=stay, times=evidence.times(life), jobs=fitting))
    return found


def named(job: Job, evidence: Evidence) -> Suspect:
    """A job of which no connection was asked."""
    sender = evidence.sender(job)
    times = evidence.times(evidence.job_life(job))
    return Suspect(job=job, times=times, sender=sender, links=tuple(links_of_job(sender)))


def verdict_of_flows(question: Question, flows: Sequence[FlowFound], *, is_whole: bool) -> Verdict:
    """What the answer as a whole comes to, when connections were asked for."""
    if not flows:
        return Verdict.NOTHING if is_whole else Verdict.UNANSWERABLE
    verdicts = {flow.verdict for flow in flows}
    is_open = Verdict.UNANSWERABLE in verdicts
    if question.is_pointed:
        if is_open or not is_whole:
            return Verdict.UNANSWERABLE
        return verdicts.pop() if len(flows) == 1 or is_one(flows) else Verdict.AMBIGUOUS
    if verdicts == {Verdict.UNANSWERABLE}:
        return Verdict.UNANSWERABLE
    if is_open or not is_whole:
        return Verdict.INCOMPLETE
    worst = (Verdict.AMBIGUOUS, Verdict.NAMED, Verdict.NO_JOB)
    return next(verdict for verdict in worst if verdict in verdicts)


def verdict_of_stays(stays: Sequence[StayFound], *, is_whole: bool) -> Verdict:
    """What it comes to, when hosts or jobs were asked for."""
    if not stays:
        return Verdict.NOTHING if is_whole else Verdict.UNANSWERABLE
    return Verdict.NAMED if is_whole else Verdict.INCOMPLETE


def is_one(flows: Sequence[FlowFound]) -> bool:
    """Whether several connections come to the same: one job, or no job."""
    if len({flow.verdict for flow in flows}) != 1 or flows[0].verdict is Verdict.AMBIGUOUS:
        return False
    return len({(s.job.begun.container, s.job.begun.slot, s.job.begun.begun) for f in flows for s in f.suspects}) <= 1


def is_there_throughout(question: Question, flows: Sequence[FlowFound], evidence: Evidence) -> bool:
    """Whether the one connection that is found was there all of the time asked for: the NAT gives no other the same
    ends meanwhile, so that whatever is missing is not it."""
    if not question.has_whole_tuple or len(flows) != 1:
        return False
    asked = asked_time(question.earliest_s, question.latest_s)
    return lives(evidence.flow_life(flows[0].flow), asked, evidence.clocks)


def gaps_of(question: Question, evidence: Evidence, stays: Sequence[Stay]) -> list[Gap]:
    """Gaps in which what was asked for may be missing."""
    asked = asked_time(question.earliest_s, question.latest_s)
    gaps = evidence.gaps
    if question.is_of_flows:
        return gaps.over({GATEWAY, *(flow.begun.source for flow in evidence.material.flows)}, FLOWS, asked)
    everybody = {gap.source for gap in evidence.material.gaps}
    sources = {question.host, *sources_of(stays)} if question.host else everybody
    found = [*gaps.over(sources, STAYS, asked), *gaps.over(sources, JOBS, asked)]
    if question.guest:
        found += gaps.over(everybody, SCHEDDS, asked)
    return list(dict.fromkeys(found))


def unheard_of(question: Question, evidence: Evidence, stays: Sequence[StayFound]) -> Iterable[str]:
    """Why the newest that was asked for may not be here."""
    ended = asked_time(question.latest_s, question.latest_s)
    if question.is_of_flows:
        if not evidence.is_heard([GATEWAY], ended):
            yield "nothing that the gateway told after this is here: it may still be on its way, or it was off"
        return
    found = {at.stay.begun.host: at.stay for at in stays if at.stay.begun.herd == LENT}
    unheard = [host for host, stay in found.items() if not evidence.is_heard(sources_of([stay]), ended)]
    if unheard:
        who = ", ".join(sorted(unheard)[:MOST_NAMED]) + (" …" if len(unheard) > MOST_NAMED else "")
        yield f"not all that these hosts saw then is here, it may still be on its way: {who}"


def clocks_of(
    question: Question, evidence: Evidence, flows: Sequence[FlowFound], stays: Sequence[StayFound]
) -> list[ClockSeen]:
    """How far the clocks were apart that were used."""
    found = [evidence.clocks.nearest(source, question.from_s) for source in used(question, flows, stays)]
    return [nearest[0] for nearest in found if nearest]


def used(question: Question, flows: Iterable[FlowFound], stays: Iterable[StayFound]) -> list[str]:
    """Sources whose times were told."""
    hosts = [at.stay.begun.source for flow in flows for at in flow.stays] + [at.stay.begun.source for at in stays]
    return [*([GATEWAY] if question.is_of_flows else []), *sorted(set(hosts))]


def notes(
    question: Question, evidence: Evidence, flows: Sequence[FlowFound], stays: Sequence[StayFound]
) -> Iterable[str]:
    """What else is to be said."""
    sources = used(question, flows, stays)
    for source in (source for source in sources if not evidence.clocks.is_measured(source)):
        yield f"the clock of {source} was never compared with the shepherd's; it is taken to be within 5 s of it"
    if evidence.material.is_cut:
        yield "there is more than is shown: ask for less at a time"
    if question.is_pointed and len(flows) > 1:
        yield f"{len(flows)} connections fit what was asked; the far address and port would tell them apart"


def asks_for_jobs(question: Question) -> bool:
    """Whether only stays with certain jobs are wanted."""
    words = (question.job, question.user, question.schedd, question.guest, question.slot)
    return any(words) or question.account is not None


def flow_fits(question: Question, found: FlowFound) -> bool:
    """Whether a connection can be of the host and job that were asked for. Without a host on record it can."""
    if found.stays and not any(stay_fits(question, at.stay) for at in found.stays):
        return False
    if not asks_for_jobs(question) or found.verdict is Verdict.UNANSWERABLE:
        return True
    return any(job_fits(question, one) for one in found.suspects)


def stay_fits(question: Question, stay: Stay) -> bool:
    """Whether a stay is one of those asked for."""
    begun = stay.begun
    if question.container and not begun.container.startswith(question.container):
        return False
    wanted = (
        (question.host, begun.host), (question.lease, begun.lease), (question.image, begun.image),
        (question.address, begun.address),
    )  # fmt: skip
    return all(want in {"", have} for want, have in wanted)


def job_fits(question: Question, one: Suspect) -> bool:
    """Whether a job is one of those asked for."""
    begun = one.job.begun
    users = {begun.user, one.job.pseudonym}
    return (
        question.job in {"", begun.job}
        and (not question.user or question.user in users)
        and (not question.schedd or same_name(question.schedd, begun.schedd))
        and question.guest in {"", one.sender.guest}
        and question.slot in {"", begun.slot}
        and question.account in {None, begun.uid}
    )
