"""Logs of other schedulers' jobs, and HTCondor's own history, become local jobs."""

import gzip
import json

import pytest

from shepherd.edges.workload_file import lines_of
from shepherd.errors import BadInput
from shepherd.model.demand import Resources
from shepherd.model.workload import DISK_KIB
from shepherd.sim.load.read_history import history_jobs
from shepherd.sim.load.read_swf import swf_jobs

SWF = """; Version: 2.2
; MaxProcs: 64

  1   100  5  600  4 -1 -1  4 900 2097152 1 7 1 -1 1 -1 -1 -1
  2   160  0   -1  1 -1 -1  1 900 -1      0 7 1 -1 1 -1 -1 -1
  3   130  0   60 -1 -1 -1 40  90 -1      1 8 1 -1 1 -1 -1 -1
"""


def test_a_line_of_the_standard_format_is_a_job() -> None:
    """Columns were counted from 0 in one place and from 1 in another."""
    first, *wide = swf_jobs(SWF.splitlines(), "a.swf", widest=16)
    assert (first.submit_s, first.run_s, first.owner) == (0.0, 600.0, "user7")
    assert first.shape == Resources(4, 4 * 2048, DISK_KIB)
    assert [job.shape.cpus for job in wide] == [16, 16, 8], "a parallel job in parts of one host each"
    assert {job.submit_s for job in wide} == {30.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2 3", "line 1 has 3 numbers"),
        ("; header only", "no job"),
        ("x" * 3 + " 1" * 17, "could not convert"),
        *((f"1 {odd}" + " 1" * 16, "line 1 has a number") for odd in ("nan", "inf", "-inf", "1e308", "9" * 400)),
        ("1 1 1 1 1e12" + " 1" * 13, "line 1 has a job of 1000000000000 processors"),
    ],
)
def test_a_file_that_is_no_swf_is_named(text: str, said: str) -> None:
    """A file of another format gave a simulation of nothing."""
    with pytest.raises(BadInput, match=said):
        swf_jobs(text.splitlines(), "a.swf", widest=16)


def ad(**changes: object) -> str:
    known: dict[str, object] = {
        "QDate": 1000, "JobCurrentStartDate": 1100, "CompletionDate": 1400, "RequestCpus": 2, "RequestMemory": 512,
        "RequestDisk": 2048, "Owner": "alice", "JobUniverse": 5,
    }  # fmt: skip
    return json.dumps({key: value for key, value in {**known, **changes}.items() if value is not None})


def test_an_ad_of_the_history_is_a_job() -> None:
    """The time in the queue was taken for a part of the run."""
    (job,) = history_jobs([ad()], "h.jsonl")
    assert (job.submit_s, job.run_s, job.shape, job.owner) == (0.0, 300.0, Resources(2, 512, 2048), "alice")


def test_an_expression_is_taken_from_what_was_provisioned() -> None:
    """RequestMemory is often an expression, which JSON gives as a string."""
    line = ad(RequestMemory="/Expr(ifthenelse(MemoryUsage,1,2))/", MemoryProvisioned=4096)
    (job,) = history_jobs([line], "h.jsonl")
    assert job.shape.memory_mib == 4096


def test_jobs_that_take_no_slot_are_left_out() -> None:
    """DAGMan's own jobs ran for days on hosts that they never saw."""
    lines = [ad(), ad(JobUniverse=7), ad(JobUniverse=12), ad(CompletionDate=0, RemoteWallClockTime=0)]
    assert len(history_jobs(lines, "h.jsonl")) == 1


def test_a_run_without_dates_is_known_by_its_wall_clock() -> None:
    """Jobs that were removed have no CompletionDate, and still used the pool."""
    (job,) = history_jobs([ad(CompletionDate=0, RemoteWallClockTime=900.0, NumJobStarts=3)], "h.jsonl")
    assert job.run_s == 300.0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is no JSON"), ("[" * 100_000, "line 2 is no JSON"), ("[1]", "line 2 is no ad but a list"),
        (ad(QDate=None), "line 2 has no QDate"), (ad(QDate=float("nan")), "line 2 has no QDate"),
        (ad(QDate=10**400), "line 2 has no QDate"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_ad_is_named(line: str, said: str) -> None:
    """One damaged line in a million was looked for by halving the file."""
    with pytest.raises(BadInput, match=said):
        history_jobs([ad(), line], "h.jsonl")


@pytest.mark.parametrize("odd", [float("inf"), float("-inf"), float("nan"), 1e308, 10**400, -5, 0, True, "x", []])
def test_a_request_that_makes_no_sense_spoils_no_history(odd: object) -> None:
    """One job of a million had asked for 1e308 MiB, and the whole history could not be read."""
    names = ("RequestCpus", "RequestMemory", "RequestDisk", "RequestGPUs", "NumJobStarts", "RemoteWallClockTime")
    line = ad(**dict.fromkeys(names, odd))
    (job,) = history_jobs([line], "h.jsonl")
    assert job.shape.cpus == 1
    assert all(0 <= amount < 1 << 53 for amount in job.shape)


def test_a_packed_log_is_read_as_it_is(tmp_path) -> None:
    """The archive's logs come packed, and filled the disk unpacked."""
    path = tmp_path / "a.swf.gz"
    path.write_bytes(gzip.compress(SWF.encode()))
    assert list(lines_of(path)) == SWF.splitlines(keepends=True)


def test_a_file_that_cannot_be_read_is_named(tmp_path) -> None:
    """A traceback told nobody which of three files was meant."""
    broken = tmp_path / "b.gz"
    broken.write_bytes(gzip.compress(SWF.encode())[:40])
    for path in (tmp_path / "absent", broken):
        with pytest.raises(BadInput, match=path.name):
            list(lines_of(path))
