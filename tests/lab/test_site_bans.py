"""Bans on the real site: seconds from the command to the last process gone, after restarts too, and nobody else hit."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from shepherd.lab.addresses import CAMPUS_WAN
from shepherd.lab.eventually import eventually
from shepherd.lab.services import SHEPHERD
from shepherd.lab.site import Site, SiteSpec
from tests.lab.talking import TALK, Hearing, hearing

pytestmark = [pytest.mark.real, pytest.mark.limit(400)]
ALICE, BOB = "alice@campus.lab", "bob@campus.lab"
FAMILY = (
    "executable = /bin/bash\ntransfer_executable = false\n"
    f"arguments = \"-c '{TALK.format(name='{n}')} sleep {{n}}1 & setsid sleep {{n}}2 & exec sleep {{n}}3'\"\n"
    "request_memory = 32\nrequest_disk = 1024\nqueue {number}\n"
)
"""A job with a child of its own, one that has left its session and one that talks; `n` tells whose they are."""
OF_ALICE, OF_BOB = "7777", "8888"
GONE_S, CUT_S = 10.0, 2.0
KNOWN_S = 4.0
"""The command, a look of the shepherd (1 s), a poll of the keeper (2 s): only hosts know whose job an account runs."""
SOON_LENT = {"policy": {"cooling_s": 3.0}}
"""Also after a container was killed under its lend."""
WATCHED_S = 20.0
"""Four cycles of the lab's negotiator."""
Record = Callable[[str, object], None]


@pytest.fixture(scope="module", name="site")
def a_lent_site() -> Iterator[Site]:
    """Two hosts, the daemon, its keepers; both hosts are lent."""
    with Site(SiteSpec(hosts=2, shepherd=SOON_LENT, start_keepers=True, start_shepherd=True)) as made:
        eventually(lambda: len(made.flocking_startds()) == 2, 120, 0.5, what="both hosts are lent")
        yield made


@pytest.fixture(scope="module", name="heard")
def somebody_listens(site: Site) -> Iterator[Hearing]:
    """Where the jobs talk to."""
    with hearing(site) as made:
        yield made


@pytest.fixture(autouse=True)
def everybody_is_let_go(site: Site, heard: Hearing) -> Iterator[None]:
    """Whatever was done."""
    yield
    for ban in bans(site):
        verb(site, "unban", str(ban["kind"]), str(ban["value"]), "the test is over")
    eventually(lambda: not bans(site), 20, 0.5, what="nobody is banned")
    site.campus.run(("condor_rm", "-all"))
    eventually(lambda: not living(site, OF_ALICE) | living(site, OF_BOB), 60, 0.5, what="no job is left")


def verb(site: Site, *words: str) -> str:
    """As root of the central manager."""
    return site.cm.must((SHEPHERD, *words))


def bans(site: Site) -> list[dict[str, object]]:
    """Those that stand."""
    found: list[dict[str, object]] = json.loads(verb(site, "ban", "--list", "--json"))["bans"]
    return found


def living(site: Site, whose: str) -> set[int]:
    """Processes that a user's jobs are, on all hosts."""
    return {pid for host in site.hosts for pid in host.pids(rf"^(/\S*/)?sleep {whose}[123]$", containers=True)}


def traces(site: Site, whose: str) -> set[int]:
    """Those, and the walls around them."""
    return {pid for host in site.hosts for pid in host.pids(f"sleep {whose}[123]", containers=True)}


def submit(site: Site, user: str, whose: str, number: int = 1) -> None:
    """Jobs that would run for hours."""
    site.submit(site.campus, user, FAMILY.format(n=whose, number=number))


def run_both(site: Site) -> set[int]:
    """A job of each runs; bob's processes."""
    submit(site, "alice", OF_ALICE)
    submit(site, "bob", OF_BOB)
    eventually(lambda: len(living(site, OF_ALICE)) == 3, 90, 0.5, what="alice's job and its children run")
    eventually(lambda: len(living(site, OF_BOB)) == 3, 90, 0.5, what="bob's job and its children run")
    return living(site, OF_BOB)


def gone_after_s(site: Site, whose: str, begun_s: float) -> float:
    """When the last of somebody's processes is gone."""
    eventually(lambda: not traces(site, whose), GONE_S + 10, 0.1, what="the last process is gone")
    return time.monotonic() - begun_s


def never(question: Callable[[], object], seconds: float) -> bool:
    """Whether it was never so."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if question():
            return False
        time.sleep(0.3)
    return True


def test_a_banned_users_job_and_its_children_are_gone_in_seconds_and_nobody_elses(
    site: Site, heard: Hearing, record_property: Record
) -> None:
    """Stopping one user meant `flockoff`, and a minute's notice for what had to be stopped now."""
    others = run_both(site)
    eventually(lambda: heard.last_s(OF_ALICE) and heard.last_s(OF_BOB), 10, 0.2, what="both are heard outside")
    begun_s, begun_wall_s = time.monotonic(), time.time()
    verb(site, "ban", "user", ALICE, "scans our neighbours")
    took_s = gone_after_s(site, OF_ALICE, begun_s)
    cut_s = heard.last_s(OF_ALICE) - begun_wall_s
    record_property("ban_to_last_process_gone_s", round(took_s, 2))
    record_property("ban_to_last_word_outside_s", round(cut_s, 2))
    assert took_s <= GONE_S
    assert cut_s <= KNOWN_S
    submit(site, "alice", OF_ALICE)
    assert never(lambda: living(site, OF_ALICE), WATCHED_S), "the banned user's next job started"
    assert living(site, OF_BOB) == others
    assert heard.last_s(OF_BOB) > time.time() - 2.0, "somebody else's connection was cut"
    assert "scans our neighbours" in verb(site, "-s")
    verb(site, "unban", "user", ALICE, "it was a test")
    begun_s = time.monotonic()
    eventually(lambda: living(site, OF_ALICE), 90, 0.5, what="unbanned, alice's job runs")
    record_property("unban_to_job_s", round(time.monotonic() - begun_s, 2))


@pytest.mark.large("on a site", sample=1)
def test_without_the_shepherds_own_order_the_hosts_obey_the_page(site: Site, record_property: Record) -> None:
    """The flock pool's collector did not answer just then, and the ban was nothing but a line in the record."""
    others = run_both(site)
    vacate = site.cm.must(("sh", "-c", "command -v condor_vacate")).strip()
    site.cm.must(("mv", vacate, f"{vacate}.away"))
    site.cm.write(vacate, "#!/bin/sh\nexit 1\n", mode=0o755)
    try:
        begun_s = time.monotonic()
        verb(site, "ban", "user", ALICE, "scans")
        took_s = gone_after_s(site, OF_ALICE, begun_s)
    finally:
        site.cm.must(("mv", f"{vacate}.away", vacate))
    record_property("by_page_alone_s", round(took_s, 2))
    assert took_s <= GONE_S
    assert living(site, OF_BOB) == others


def restart_all(site: Site) -> None:
    """Collectors and negotiators, shepherd, keepers, containers."""
    site.cm.restart("condor")
    site.cm.restart("flock-condor")
    site.cm.kill("shepherd")
    site.cm.kill("gateway")
    for host in site.hosts:
        host.kill("keeper")
        for pid in host.pids("flock-init", containers=True):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.large("on a site", sample=1)
def test_a_ban_holds_after_everything_was_restarted(site: Site) -> None:
    """After the restart of a collector nobody was banned any more, and nobody noticed."""
    verb(site, "ban", "user", ALICE, "scans")
    eventually(lambda: bans(site), 10, 0.2, what="the ban stands")
    restart_all(site)
    submit(site, "alice", OF_ALICE)
    submit(site, "bob", OF_BOB)
    eventually(lambda: living(site, OF_BOB), 200, 0.5, what="a host is lent again, and bob's job runs")
    assert never(lambda: living(site, OF_ALICE), WATCHED_S)
    assert [ban["value"] for ban in bans(site)] == [ALICE]
    verb(site, "unban", "user", ALICE, "over")
    eventually(lambda: living(site, OF_ALICE), 120, 0.5, what="unbanned, alice's job runs")


def tracked(site: Site) -> list[str]:
    """The gateway's connections between containers and the foreign pool."""
    lines = site.cm.must(("conntrack", "-L", "-f", "ipv4"), timeout_s=20).splitlines()
    return [line for line in lines if CAMPUS_WAN in line and "src=10.27." in line and "ESTABLISHED" in line]


def cut_off(site: Site) -> str:
    """What is in the gateway's set of addresses."""
    return site.cm.must(("nft", "list", "set", "inet", "shepherd", "banned"))


@pytest.mark.large("on a site", sample=1)
@pytest.mark.parametrize("kind", ["guest", "schedd"])
def test_a_banned_guest_or_schedd_is_cut_off_at_the_gateway(
    site: Site, heard: Hearing, kind: str, record_property: Record
) -> None:
    """Its jobs were gone, and what they had left open went on by the gateway for hours."""
    run_both(site)
    assert tracked(site), "no connection was there to be cut"
    begun_s, begun_wall_s = time.monotonic(), time.time()
    verb(site, "ban", kind, "campus", "a letter from its victim")
    eventually(lambda: CAMPUS_WAN in cut_off(site), 10, 0.1, what="its address is in the gateway's set")
    eventually(lambda: not tracked(site), 10, 0.1, what="no connection to it is left")
    forgotten_s = time.monotonic() - begun_s
    took_s = gone_after_s(site, f"(?:{OF_ALICE}|{OF_BOB})", begun_s)
    cut_s = max(heard.last_s(OF_ALICE), heard.last_s(OF_BOB)) - begun_wall_s
    record_property(f"ban_of_{kind}_to_last_word_outside_s", round(cut_s, 2))
    record_property(f"ban_of_{kind}_to_no_connection_known_s", round(forgotten_s, 2))
    record_property(f"ban_of_{kind}_to_last_process_gone_s", round(took_s, 2))
    assert took_s <= GONE_S
    assert cut_s <= CUT_S
    flow = site.cm.run((SHEPHERD, "explain", "flow", "10.27.2.1", CAMPUS_WAN, "9618")).stdout
    assert "dropped" in flow, flow
    site.cm.kill("gateway")
    site.cm.must(("nft", "flush", "ruleset"))
    eventually(lambda: "@banned" in site.cm.run(("nft", "list", "ruleset")).stdout, 20, 0.2, what="rules are back")
    assert CAMPUS_WAN in cut_off(site)
    other = site.cm.run((SHEPHERD, "explain", "flow", "10.27.2.1", "203.0.113.99", "443")).stdout
    assert "dropped" not in other, other


def test_a_check_of_the_gateway_says_that_it_hears_the_shepherd(site: Site) -> None:
    """Everything was green, and a ban cut nobody off."""
    told = json.loads(site.cm.run((SHEPHERD, "check", "--gateway", "--json"), timeout_s=60).stdout)
    (found,) = (one for role in told["roles"] for one in role["findings"] if one["subject"] == "bans and quarantines")
    assert found["state"] == "ok", found


@pytest.mark.large("on a site", sample=1)
def test_a_banned_host_goes_home_and_stays(site: Site) -> None:
    """A suspicious host was lent again in the next cycle, before anybody had driven to it."""
    verb(site, "ban", "host", "p202", "strange noises")
    eventually(lambda: "f202" not in site.flocking_startds(), 60, 0.5, what="p202 is taken home")
    assert never(lambda: "f202" in site.flocking_startds(), WATCHED_S)
    refused = site.cm.run((SHEPHERD, "ban", "host", "p22", "typing error"))
    assert refused.returncode == 2
    assert "did you mean p202" in refused.stderr
