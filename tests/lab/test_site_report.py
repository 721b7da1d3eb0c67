"""A report of what a real site did: real claims, real jobs of a real guest, real switches."""

import datetime
import json
import time
from typing import Any

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site, SiteSpec

pytestmark = [pytest.mark.real, pytest.mark.limit(400), pytest.mark.large("a report of a site", sample=0)]
POLICY = {"kind": "demand", "reserve": 0.0, "lend_share": 1.0, "quiet_s": 3.0, "wait_target_s": 0.0}
JOB = "executable = /bin/sleep\narguments = {seconds}\nrequest_cpus = 1\nrequest_memory = 64\nrequest_disk = 1024\n"
JOBS, JOB_S = 4, 90


def month() -> str:
    return f"{datetime.datetime.now(datetime.UTC):%Y-%m}"


def report(site: Site) -> Any:
    return json.loads(site.cm.must(("shepherd", "report", "--month", month(), "--json"), user="shepherd"))


def share(site: Site) -> Any:
    """The guest's; None until its jobs have begun in the trace store."""
    found = [one for one in report(site)["harvest"]["guests"] if one["guest"] == "campus"]
    return found[0] if found and found[0]["jobs"] == JOBS and found[0]["core_h"] > 0 else None


def over(site: Site) -> Any:
    """The guest's once the ends of its jobs are on record too: what still runs has run longer in the next report."""
    first, second = share(site), share(site)
    return second if first and second and first["job_h"] == second["job_h"] else None


def test_a_report_of_a_real_site_has_what_its_guest_and_its_hosts_did() -> None:
    """Sums that were right in the fake world were all zero on the first real one: its ads told no claimed cores."""
    with Site(SiteSpec(hosts=2, start_keepers=True, start_shepherd=True, shepherd={"policy": POLICY})) as site:
        eventually(lambda: site.flocking_startds() == ["f201", "f202"], 90.0, 0.3, what="all hosts are lent")
        began_s = time.time()
        site.submit(site.campus, "alice", JOB.format(seconds=JOB_S) + f"queue {JOBS}\n")
        eventually(lambda: not site.queue(site.campus), JOB_S + 90.0, 1.0, what="the guest's jobs are done")
        ended_s = time.time()
        site.submit(site.cm, "carol", JOB.format(seconds=20) + "queue 4\n")
        eventually(lambda: not site.queue(site.cm), 90.0, 1.0, what="local jobs had the hosts")
        campus = eventually(lambda: over(site), 100.0, 2.0, what="the guest's jobs are on record")
        run_h = sum(float(str(job["RemoteWallClockTime"])) for job in site.history(site.campus)) / 3600
        assert campus["job_h"] == pytest.approx(run_h, rel=0.1)
        assert campus["claimed_core_h"] == 0
        told = report(site)["harvest"]
        assert 0.4 * run_h < campus["core_h"] < JOBS * (ended_s - began_s) / 3600
        assert sum(one["core_h"] for one in told["guests"]) == pytest.approx(told["lent_used_core_h"])
        assert campus["core_h"] > 0.6 * told["lent_used_core_h"]
        assert told["lend_times"]["count"] >= 2
        assert 0 < told["reclaim_times"]["p50_s"] < 60
        assert told["waited"]["blocked_longest_s"] > 0
        for form in ("text", "html", "csv"):
            words = ("shepherd", "report", "--month", month(), "--format", form)
            text = site.cm.must(words, user="shepherd")
            assert "campus" in text
            assert "alice" not in text
