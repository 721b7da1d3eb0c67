"""Who can have made a connection: from the gateway over the host and the account to the job, with what is missing."""

import dataclasses
import datetime
from collections.abc import Iterable, Sequence

from shepherd.core.trace.clocks import Between, Stamp
from shepherd.core.trace.evidence import SHEPHERD, Evidence, sources_of
from shepherd.core.trace.links import link_of_account, links_of
from shepherd.core.trace.lives import FLOWS, JOBS, STAYS, Life, lives, may_live
from shepherd.model.flow import TCP
from shepherd.model.trace import EndSeen, Gap
from shepherd.model.trace_rows import Flow, Job, Stay
from shepherd.model.tracing import FlowFound, StayFound, Suspect, Verdict

UNKNOWN = -1
"""The uid of an account that was not seen."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Maker:
    """What the host's own record says of who made a connection."""

    moments: tuple[tuple[int, Stamp], ...]
    """Account, and when it made it by the host's clock. Empty: not known."""
    why: str
    """Why not, or how it is known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judgement:
    """Of one stay."""

    jobs: tuple[Job, ...]
    account: int | None
    how: str
    may_be_container: bool
    missing: tuple[str, ...]
    """What may be missing from the records, a sentence each; then nobody is named for certain."""


def judge(flow: Flow, evidence: Evidence, asked: Stamp) -> FlowFound:
    """Everybody who can have made a connection that the gateway saw; `asked` is the time that is meant."""
    life = evidence.flow_life(flow)
    born = moment_of(flow, life, evidence, asked)
    stays = evidence.stays_at(flow.begun.address, born)
    judged = [(stay, judge_stay(flow, stay, born, evidence, asked)) for stay in stays]
    missing = [*unknown_place(flow, stays, born, evidence), *(m for _, one in judged for m in one.missing)]
    several = sum(len(one.jobs) for _, one in judged)
    may_be_container = any(one.may_be_container for _, one in judged)
    suspects = [
        suspect(job, flow, stay, one, evidence, is_alone=several == 1 and not may_be_container and not missing)
        for stay, one in judged for job in one.jobs
    ]  # fmt: skip
    accounts = {one.account for _, one in judged}
    return FlowFound(
        flow=flow,
        times=evidence.times(life),
        stays=tuple(StayFound(stay=stay, times=evidence.times(evidence.stay_life(stay))) for stay in stays),
        account=accounts.pop() if len(accounts) == 1 else None,
        suspects=tuple(suspects),
        may_be_container=may_be_container,
        verdict=verdict_of(suspects, may_be_container=may_be_container, is_missing=bool(missing)),
        why=tuple(dict.fromkeys([*missing, *reasons([one for _, one in judged])])),
    )


def moment_of(flow: Flow, life: Life, evidence: Evidence, asked: Stamp) -> Stamp:
    """When somebody made it. A TCP connection is its maker's from its beginning on. For all else the kernel has no end:
    whoever uses the same ends soon after goes on under the same entry. Then the time counts that is asked for, if its
    first maker was over by then, and another can have used it."""
    if flow.begun.protocol == TCP or not evidence.clocks.precedes(life.begun, asked):
        return life.begun
    end_s = evidence.clocks.true(life.ended).hi
    then = Stamp(source=SHEPHERD, at=Between(lo=asked.at.lo, hi=max(asked.at.lo, min(asked.at.hi, end_s))))
    first = users(flow, life.begun, evidence)
    if not first or any(goes_on(one, stay, then, evidence) for stay, one in first):
        return life.begun
    is_used = any(jobs_with(one.begun.uid, stay, then, evidence) for stay, one in users(flow, then, evidence))
    doubtful = evidence.gaps.over(sources_of(evidence.stays_at(flow.begun.address, then)), FLOWS, then)
    return then if is_used or doubtful else life.begun


def users(flow: Flow, time: Stamp, evidence: Evidence) -> list[tuple[Stay, Flow]]:
    """Who can have used a connection's ends then: the stays, and what their hosts saw of it."""
    stays = evidence.stays_at(flow.begun.address, time)
    return [(stay, one) for stay in stays for one in evidence.same_at_host(flow, stay, time)]


def goes_on(one: Flow, stay: Stay, then: Stamp, evidence: Evidence) -> bool:
    """Whether a host's connection, and the job that began it, can have been there still."""
    life = evidence.flow_life(one)
    first = jobs_with(one.begun.uid, stay, life.begun, evidence)
    still = (may_live(evidence.job_life(job), then, evidence.clocks) for job in first)
    return may_live(life, then, evidence.clocks) and any(still)


def jobs_with(account: int, stay: Stay, time: Stamp, evidence: Evidence) -> list[Job]:
    """The jobs of a stay that can have had an account then."""
    return [job for job in evidence.jobs_in(stay, time) if job.begun.uid == account]


def verdict_of(suspects: Sequence[Suspect], *, may_be_container: bool, is_missing: bool) -> Verdict:
    """What one connection comes to."""
    if is_missing:
        return Verdict.UNANSWERABLE
    if not suspects:
        return Verdict.NO_JOB
    return Verdict.NAMED if len(suspects) == 1 and not may_be_container else Verdict.AMBIGUOUS


def unknown_place(flow: Flow, stays: Sequence[Stay], born: Stamp, evidence: Evidence) -> list[str]:
    """Why it is not certain which host had the address."""
    if any(lives(evidence.stay_life(stay), born, evidence.clocks) for stay in stays):
        return []
    gaps = [gap for gap in evidence.material.gaps if gap in evidence.gaps.over([gap.source], STAYS, born)]
    if gaps:
        return told(gaps, "which host had the address may be missing")
    return [] if stays else [f"no host is on record as having had {flow.begun.address} then"]


def judge_stay(flow: Flow, stay: Stay, born: Stamp, evidence: Evidence, asked: Stamp) -> Judgement:
    """Who in one stay's container can have made it."""
    maker = maker_of(flow, stay, born, evidence, asked)
    sources = sources_of([stay])
    if not maker.moments:
        gaps = evidence.gaps.over(sources, JOBS, born)
        return Judgement(
            jobs=tuple(evidence.jobs_in(stay, born)),
            account=None,
            how=maker.why,
            may_be_container=True,
            missing=(*told(gaps, "jobs may be missing"), *unheard(stay, born, evidence)),
        )
    jobs, missing, nobodys = list[Job](), list[str](), False
    for account, moment in maker.moments:
        had = holders(account, evidence.jobs_in(stay, moment), moment, evidence)
        jobs += [job for job in had if job not in jobs]
        nobodys = nobodys or not any(job.begun.uid == account for job in had)
        missing += doubts(had, stay, moment, evidence)
    accounts = {account for account, _ in maker.moments}
    return Judgement(
        jobs=tuple(jobs),
        account=accounts.pop() if len(accounts) == 1 else None,
        how=maker.why,
        may_be_container=bool(jobs) and nobodys,
        missing=tuple(missing),
    )


def doubts(had: Sequence[Job], stay: Stay, moment: Stamp, evidence: Evidence) -> list[str]:
    """Why somebody else can have had an account then than those that are on record."""
    found, sources = list[str](), sources_of([stay])
    sure = [job for job in had if evidence.surely_ran(job, moment)]
    if not sure:
        found += told(evidence.gaps.over(sources, JOBS, moment), "jobs may be missing")
    if not sure or any(job.ended is None for job in sure):
        found += unheard(stay, moment, evidence)
    for job in had:
        if job.ended is None or job.ended.how is EndSeen.WITH_CONTAINER:
            gaps = [gap for gap in evidence.gaps.before(sources, JOBS, moment) if gap.to_s > job.begun.at_s]
            found += told(gaps, "a job's end, and the next job of its slot, may be missing")
    return found


def unheard(stay: Stay, time: Stamp, evidence: Evidence) -> list[str]:
    """Why what a host recorded of a time may not be here."""
    host = stay.begun.host
    if evidence.is_heard(sources_of([stay]), time):
        return []
    return [f"nothing that {host} told after this is here: what it saw may still be on its way, or lie on its disk"]


def maker_of(flow: Flow, stay: Stay, born: Stamp, evidence: Evidence, asked: Stamp) -> Maker:
    """The account by the host's own record of the same connection."""
    same = evidence.same_at_host(flow, stay, born)
    gaps = evidence.gaps.over(sources_of([stay]), FLOWS, born)
    host = stay.begun.host
    if gaps and not (len(same) == 1 and lives(evidence.flow_life(same[0]), born, evidence.clocks)):
        return Maker(moments=(), why="; ".join(told(gaps, f"{host} may have missed it")))
    if not same:
        return Maker(moments=(), why=f"{host} has no record of this connection, so that its account is not known")
    if any(one.begun.uid == UNKNOWN for one in same):
        return Maker(moments=(), why=f"{host} saw the connection and could not tell its account")
    later = [] if flow.begun.protocol == TCP else evidence.taken_up(flow, stay, same, asked)
    is_later = born.source == SHEPHERD
    moments = tuple((one.begun.uid, born if is_later else evidence.flow_life(one).begun) for one in same)
    moments += tuple((one.begun.uid, evidence.flow_life(one).begun) for one in later)
    return Maker(moments=moments, why=link_of_account(host, [uid for uid, _ in moments]))


def holders(account: int, jobs: Iterable[Job], moment: Stamp, evidence: Evidence) -> list[Job]:
    """The jobs that can have had an account then. An account belongs to one slot, and a slot runs one job at a time."""
    with_it = [job for job in jobs if job.begun.uid == account]
    if sure := [job for job in with_it if evidence.surely_ran(job, moment)]:
        return sure
    return [*with_it, *(job for job in jobs if job.begun.uid == UNKNOWN)]


def suspect(
    job: Job, flow: Flow, stay: Stay, judgement: Judgement, evidence: Evidence, *, is_alone: bool
) -> Suspect:
    """A job that can have made it, with its chain of evidence."""
    sender = evidence.sender(job)
    links = links_of(flow, stay, job, sender, account=judgement.account, how=judgement.how, is_alone=is_alone)
    return Suspect(job=job, times=evidence.times(evidence.job_life(job)), sender=sender, links=tuple(links))


def reasons(judged: Sequence[Judgement]) -> list[str]:
    """Why there are several, or none."""
    found = [one.how for one in judged if one.account is None]
    if len(judged) > 1:
        found.append(f"{len(judged)} containers can have had the address then: their clocks are not known well enough")
    if any(one.account is None and one.jobs for one in judged):
        found.append("any job that ran in the container then, or HTCondor itself, can have made it")
    if sum(one.account is not None and len(one.jobs) for one in judged) > 1:
        found.append("the account changed hands about then, and the times are not known well enough")
    if judged and not any(one.jobs for one in judged):
        accounts = [f"had account {one.account}" for one in judged if one.account is not None] or ["ran there"]
        found.append(f"no job {accounts[0]} then: HTCondor itself, or the container, made it")
    return found


def told(gaps: Iterable[Gap], what: str) -> list[str]:
    """Gaps as reasons. Their times are told with them."""
    return [f"{what}: {gap_words(gap)}" for gap in gaps]


def gap_words(gap: Gap) -> str:
    """One gap, its times by the clock of its source."""
    lost = "" if gap.count is None else f", at least {gap.count} lost"
    who = "the shepherd" if gap.source == SHEPHERD else gap.source
    return f"{who} was away from {instant(gap.from_s)} to {instant(gap.to_s)} UTC ({gap.why}{lost})"


def instant(at_s: float) -> str:
    """A time in UTC, to the tenth of a second; one that no calendar has, as it is."""
    try:
        return datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat(" ", "milliseconds")[:21]
    except (OverflowError, ValueError, OSError):
        return f"{at_s:g}"
