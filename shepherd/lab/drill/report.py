"""What the drill came to, as figures. Pure."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from shepherd.core.harvest.took import nearest_rank
from shepherd.lab.drill.judge import Judged, Judgement
from shepherd.lab.drill.missed import Missed

SHOWN = 20
"""Of what is wrong, so many are told in words."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything that was measured."""

    judged: Sequence[Judged]
    """Each question, asked in-process."""
    judged_verb: Sequence[Judged]
    """Some of the same, asked by the verb."""
    missed: Missed
    flow_logger_down_s: float
    runs: int
    connections: int
    jobs_left: int
    """That were not done in time."""

    @property
    def wrong(self) -> list[Judged]:
        """Answers that are not right, however they were asked."""
        return [one for one in (*self.judged, *self.judged_verb) if one.judgement is Judgement.WRONG]

    @property
    def holds(self) -> bool:
        """Whether there were questions, and nothing was wrong or missed."""
        missed = (self.missed.jobs, self.missed.flows, self.missed.outages_unreported)
        return bool(self.judged) and not self.wrong and not any(missed) and not self.jobs_left


def figures(findings: Findings) -> Mapping[str, object]:
    """For machines."""
    count = Counter(one.judgement for one in findings.judged)
    unanswerable = count[Judgement.UNANSWERABLE]
    return {
        "questions": len(findings.judged),
        "right": count[Judgement.RIGHT] + unanswerable,
        "wrong": len(findings.wrong),
        "unanswerable": unanswerable,
        "p95_s": round(p95([one.told.took_s for one in findings.judged]), 4),
        "jobs_missed": len(findings.missed.jobs),
        "flows_missed": len(findings.missed.flows),
        "flow_logger_down_s": round(findings.flow_logger_down_s, 2),
        "questions_by_verb": len(findings.judged_verb),
        "p95_verb_s": round(p95([one.told.took_s for one in findings.judged_verb]), 3),
        "job_runs": findings.runs,
        "connections": findings.connections,
        "flows_lost_in_outages": findings.missed.flows_in_outages,
        "outages_unreported": len(findings.missed.outages_unreported),
        "jobs_left": findings.jobs_left,
        "kinds": kinds(findings.judged),
        "what_is_wrong": list(words(findings)),
    }


def kinds(judged: Sequence[Judged]) -> Mapping[str, Mapping[str, int]]:
    """How each kind of question went."""
    found: dict[str, Counter[str]] = {}
    for one in judged:
        found.setdefault(one.asked.asks.value, Counter())[one.judgement.value] += 1
    return {name: dict(counts) for name, counts in found.items()}


def words(findings: Findings) -> list[str]:
    """What is wrong, a line each; the first of them."""
    lines = [f"{one.asked}: {one.told.verdict.value}: {one.why}" for one in findings.wrong]
    lines += [f"no record of {run}" for run in findings.missed.jobs]
    lines += [f"no record of {connection}" for connection in findings.missed.flows]
    lines += [f"no gap tells of {outage}" for outage in findings.missed.outages_unreported]
    return lines[:SHOWN]


def p95(seconds: Sequence[float]) -> float:
    """What 95 of 100 do not exceed; 0 of nothing."""
    return nearest_rank(sorted(seconds), 0.95)
