"""The two pools and the foreign one: who runs whose jobs, and where."""

import re

import pytest

from shepherd.lab import story
from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site
from tests.lab import by_hand

pytestmark = pytest.mark.real
SHOW = "executable = /bin/sh\ntransfer_executable = false\narguments = \"-c 'id -un; hostname'\"\noutput = {home}/out\n"


def test_a_local_job_runs_as_its_owner_on_a_regular_host(site: Site) -> None:
    """A lab whose home pool runs nothing would let every scenario about local work pass for the wrong reason."""
    cluster = site.submit(site.cm, "carol", SHOW.format(home="/home/carol") + "queue\n")
    eventually(lambda: site.history(site.cm, f"ClusterId == {cluster}"), 60, what="carol's job has ended")
    user, host = site.cm.read("/home/carol/out").split()
    assert user == "carol"
    assert host in {node.name for node in site.hosts}


def test_a_campus_job_flocks_into_a_container_and_the_host_comes_back(site: Site) -> None:
    """The bare sequence of lend and reclaim must work here, or no timing of the shepherd's own can be judged."""
    host = site.host("p203")
    ident = by_hand.lend(site, host, "by-hand")
    assert "p203" not in site.regular_startds()
    cluster = site.submit(site.campus, "alice", SHOW.format(home="/home/alice") + "queue\n")
    eventually(lambda: site.history(site.campus, f"ClusterId == {cluster}"), 90, what="alice's job has ended")
    user, where = site.campus.read("/home/alice/out").split()
    assert user.startswith("slot1_")
    assert where == "f203"
    by_hand.remove_container(host, ident)
    eventually(lambda: "p203" in site.regular_startds(), 20, what="p203 is back")


def test_a_story_of_a_site_has_what_guests_jobs_wait_for(site: Site) -> None:
    """A job of a guest did not begin, once in a hundred runs, and nothing of that run said why."""
    cluster = site.submit(site.campus, "bob", SHOW.format(home="/home/bob") + "hold = true\nqueue\n")
    try:
        told = story.of_site(site)
    finally:
        site.campus.must(("condor_rm", str(cluster)))
    assert re.search(rf"^ *{cluster}[.]0 +bob .* H ", told, re.MULTILINE)
    assert "Started Negotiation Cycle" in told.partition("NegotiatorLog on cm --")[2]


def test_a_stranger_without_a_token_is_refused_by_both_pools(site: Site) -> None:
    """Were the lab's pools open, tests of who may do what would prove nothing about real ones."""
    asked = ("condor_status", "-pool", "cm-wan:9619", "-any")
    refused = site.campus.run(asked, user="bob", timeout_s=60)
    assert refused.returncode != 0, f"the flock pool answered bob: {refused.stdout}"
    stranger = site.cm.run(
        ("condor_status", "-any"), user="dave", env={"_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS"}
    )
    assert stranger.returncode != 0, f"the home pool answered without a token: {stranger.stdout}"


def test_campus_may_not_advertise_a_startd(site: Site) -> None:
    """A guest that could pose as one of our flocking hosts would get other guests' jobs."""
    ad = 'MyType = "Machine"\nName = "slot1@f999"\nMachine = "f999"\nStartdIpAddr = "<203.0.113.50:1>"\n'
    site.campus.write("/tmp/false-ad", ad)
    site.campus.run(("condor_advertise", "-pool", "203.0.113.1:9619", "UPDATE_STARTD_AD", "/tmp/false-ad"))
    assert "f999" not in site.flocking_startds()
