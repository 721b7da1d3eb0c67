"""Local jobs on the real site: their shape decides which host comes home to them, and whether one does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site, SiteSpec

pytestmark = [pytest.mark.real, pytest.mark.limit(300), pytest.mark.large("on a site", sample=1)]
POLICY = {"kind": "demand", "reserve": 0.0, "lend_share": 1.0, "quiet_s": 3.0, "stuck_s": 60.0, "wait_target_s": 0.0}
LEND_S, HOME_S = 90.0, 60.0
JOB = (
    "executable = /bin/sleep\narguments = {seconds}\nrequest_cpus = {cpus}\nrequest_memory = {mib}\n"
    "request_disk = 1024\nqueue {count}\n"
)


@pytest.fixture(scope="module", name="site")
def a_site_of_unequal_hosts() -> Iterator[Site]:
    """p202 is twice as large as the others."""
    spec = SiteSpec(
        hosts=3, sizes={"p202": (4, 768)}, start_keepers=True, start_shepherd=True, shepherd={"policy": POLICY}
    )
    with Site(spec) as made:
        yield made


def submit(site: Site, cpus: int, mib: int, *, count: int = 1, seconds: int = 20) -> None:
    site.submit(site.cm, "carol", JOB.format(seconds=seconds, cpus=cpus, mib=mib, count=count))


def all_lent(site: Site) -> bool:
    return site.flocking_startds() == ["f201", "f202", "f203"] and not site.accepting_startds()


def shown(site: Site) -> Any:
    """What `shepherd -s` tells of the queue."""
    return json.loads(site.cm.must(("shepherd", "status", "--json"), user="shepherd")).get("queue")


def test_the_one_host_that_a_job_fits_comes_home_to_it(site: Site) -> None:
    """A job of four cpus had taken home two hosts of two, and waited beside them."""
    eventually(lambda: all_lent(site), LEND_S, 0.3, what="all hosts are lent")
    submit(site, 4, 600)
    eventually(lambda: site.accepting_startds() == {"p202"}, HOME_S, 0.3, what="the large host is home")
    eventually(lambda: site.queue(site.cm, "JobStatus == 2"), HOME_S, 0.3, what="the job runs there")
    assert site.flocking_startds() == ["f201", "f203"]


def test_a_job_that_fits_no_host_is_told_and_brings_nobody_home(site: Site) -> None:
    """A typo in one user's submit file had ended flocking for a weekend."""
    eventually(site.flocking_startds, LEND_S, 0.3, what="hosts are lent")
    lent = site.flocking_startds()
    submit(site, 64, 100, count=3)
    told = eventually(lambda: (shown(site) or {}).get("unfit"), 60.0, 0.5, what="the shepherd tells them")
    assert [(one["cpus"], one["jobs"]) for one in told or ()] == [(64, 3)]
    assert site.flocking_startds() == lent
    assert "3 fit no host: 64 cpus" in site.cm.must(("shepherd", "-s"), user="shepherd")
