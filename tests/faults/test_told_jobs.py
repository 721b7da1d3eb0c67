"""The comparison of jobs' own words with the record, tried on records that are right and on spoilt ones."""

import pytest

from shepherd.lab.spans import Span
from shepherd.model.trace import EndSeen, JobBegun, JobEnded
from shepherd.model.trace_rows import Job
from tests.faults.told_jobs import Truth, compared

T0 = 1_790_000_000.0


def truth(number: int, began_s: float, ended_s: float | None) -> Truth:
    return Truth(
        job=f"7.{number}", began_s=T0 + began_s, slot="slot1_1", uid=3001, flock_name="f201",
        ended_s=None if ended_s is None else T0 + ended_s,
    )  # fmt: skip


def told(
    number: int, begun_s: float, ended_s: float | None, how: EndSeen = EndSeen.SEEN, *,
    host: str = "p201", slot: str = "slot1_1", uid: int = 3001, user: str = "alice@campus",
) -> Job:  # fmt: skip
    begun = JobBegun(
        source=host, host=host, container="c", slot=slot, begun=f"{begun_s}/5", at_s=T0 + begun_s, uid=uid,
        job=f"schedd@campus#7.{number}#1", user=user,
    )  # fmt: skip
    if ended_s is None:
        return Job(begun=begun, ended=None)
    ended = JobEnded(
        source=host, host=host, container="c", slot=slot, begun=begun.begun, at_s=T0 + ended_s, how=how
    )  # fmt: skip
    return Job(begun=begun, ended=ended)


TRUTHS = [truth(1, 8.0, 9.0), truth(2, 16.0, 17.0)]
ALL = Span(start_s=T0 - 1, end_s=T0 + 18)
RECORD = [told(1, 0.0, 10.0), told(2, 10.0, 18.0)]


def test_a_busy_machine_makes_no_record_wrong():
    """HTCondor took six seconds to fetch a job's files, and a startd ten to come back: the record was called wrong."""
    assert compared(TRUTHS, RECORD, ALL) == []
    by_look = [told(1, 0.0, 15.0, EndSeen.BY_LOOK), told(2, 15.5, 18.0)]
    assert compared(TRUTHS, by_look, ALL) == []


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ([RECORD[1]], "7.1 has no beginning"),
        ([told(1, 8.5, 10.0), RECORD[1]], "7.1 has no beginning"),
        ([RECORD[0], told(2, 8.5, 18.0)], "7.2 began before it could"),
        ([told(1, -2.0, 10.0), RECORD[1]], "7.1 began before it could"),
        ([told(1, 0.0, None), RECORD[1]], "7.1 has no end"),
        ([told(1, 0.0, 7.0), RECORD[1]], "7.1 ended while it lived"),
        ([told(1, 0.0, 17.5, EndSeen.BY_LOOK), RECORD[1]], "7.1 ended when its slot had another job"),
        ([RECORD[0], told(2, 10.0, 20.0)], "7.2 ended when its slot had another job, or all were over"),
        ([told(1, 0.0, 10.0, uid=3002), RECORD[1]], "7.1 is told as somebody else's"),
        ([told(1, 0.0, 10.0, user="bob@campus"), RECORD[1]], "7.1 is told as somebody else's"),
        ([told(1, 0.0, 10.0, host="p202"), RECORD[1]], "7.1 has no beginning"),
        ([told(1, 0.0, 10.0, slot="slot1_2"), RECORD[1]], "7.1 has no beginning"),
    ],
)
def test_a_spoilt_record_is_found(spoilt: list[Job], said: str):
    """A comparison that nothing can fail would have told nothing of the jobs that were missing."""
    (wrong,) = compared(TRUTHS, spoilt, ALL)
    assert said in wrong
