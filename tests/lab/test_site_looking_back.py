"""A lend and a homecoming on the real site, explained and made again from what its shepherd put on record."""

import datetime
import json
from typing import Any

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site, SiteSpec

pytestmark = [pytest.mark.real, pytest.mark.limit(300), pytest.mark.large("on a site", sample=1)]
POLICY = {"kind": "demand", "reserve": 0.0, "lend_share": 1.0, "quiet_s": 3.0, "wait_target_s": 0.0}
JOB = "executable = /bin/sleep\narguments = 20\nrequest_cpus = 1\nrequest_memory = 64\nrequest_disk = 1024\nqueue 2\n"


def told(site: Site, *words: str) -> Any:
    return json.loads(site.cm.must(("shepherd", *words, "--json"), user="shepherd"))


def ordered_home(host: Any) -> str:
    """When; later decisions may have named it again, to say that it stays."""
    events = [event for lend in host["lends"] for event in lend["events"]]
    at_s = next(event["at_s"] for event in events if event["what"].startswith("reclaim ordered: "))
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat()


def test_what_a_real_site_did_is_explained_and_its_decisions_come_out_the_same() -> None:
    """Real ads have what the fake ones had not: the explanation of the first real night ended in a defect."""
    with Site(SiteSpec(hosts=2, start_keepers=True, start_shepherd=True, shepherd={"policy": POLICY})) as site:
        eventually(lambda: site.flocking_startds() == ["f201", "f202"], 90.0, 0.3, what="all hosts are lent")
        site.submit(site.cm, "carol", JOB)
        eventually(site.accepting_startds, 60.0, 0.3, what="a host is home")
        home = min(site.accepting_startds())
        host = told(site, "explain", "host", home)
        events = [event["what"] for lend in host["lends"] for event in lend["events"]]
        assert any(what.startswith("lend ordered: ") for what in events)
        assert any(what.startswith("reclaim ordered: ") for what in events)
        assert host["gives"]["cpus"] > 0
        then = told(site, "explain", "host", home, "--at", ordered_home(host))
        cycle = told(site, "explain", "cycle", str(then["named"]["said"]["seq"]))
        assert home in [one["order"]["host"] for one in cycle["ordered"]]
        assert cycle["again"] == ""
        day = datetime.datetime.fromtimestamp(host["at_s"], datetime.UTC).date().isoformat()
        found = told(site, "replay", day, "--set", "policy.reserve=1.0")
        assert found["decisions"] == found["decisions_same"] >= 2
        was, again, never = found["outcomes"]
        assert was["lends"] >= 2
        assert again["lends"] >= 1
        assert never["lends"] == 0
