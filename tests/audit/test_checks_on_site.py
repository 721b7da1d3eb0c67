"""A host is not lent while its container, its network or the gateway fails its check, and a leak stops all flocking."""

import json
import signal
import time
from collections.abc import Iterator

import pytest

from shepherd.lab import engine
from shepherd.lab.command import must
from shepherd.lab.eventually import eventually
from shepherd.lab.image import docker_socket
from shepherd.lab.settings import Table
from shepherd.lab.site import Site, SiteSpec

pytestmark = [pytest.mark.real, pytest.mark.large("checks on a site", sample=2)]

SOON_S = 60.0
TOKEN = "/run/shepherd/share/token"
INSTANTS_S = (0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.6, 2.0)
"""After its start: it renews its container's token first of all."""
POLICY: Table = {"kind": "threshold", "idle_jobs_threshold": 1, "reserve": 0.0, "cooling_s": 2.0}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    spec = SiteSpec(hosts=1, start_keepers=True, start_shepherd=True, shepherd={"policy": POLICY})
    with Site(spec) as made:
        eventually(lambda: lent(made), 2 * SOON_S, 0.3, what="the host is lent")
        yield made


def lent(site: Site) -> bool:
    return "f201" in site.flocking_startds()


def home(site: Site) -> bool:
    return site.accepting_startds() == {"p201"}


def containers(site: Site) -> list[str]:
    told = engine.ask(docker_socket(site.host("p201")), "GET", "/containers/json")
    return [str(one["Id"]) for one in json.loads(told)]


def status(site: Site) -> str:
    return site.cm.must(("shepherd", "-s"), user="shepherd")


def flock(site: Site, verb: str) -> None:
    why = ("a test",) if verb == "flockoff" else ()
    site.cm.must(("shepherd", verb, *why), user="shepherd")


def test_a_leak_takes_the_host_home_and_stops_all_flocking_until_a_person_says_so(site: Site) -> None:
    """A reload of the administrator's firewall took ours along; guests met the home pool for a week."""
    cm = site.cm
    cm.stop("gateway")
    cm.must(("nft", "delete", "table", "inet", "shepherd"))
    eventually(lambda: home(site), SOON_S, 0.3, what="the host is home")
    told = eventually(lambda: text if "leak" in (text := status(site)) else "", 20, 0.5, what="the leak is told")
    assert "keeper of p201" in told
    cm.start("gateway")
    rules = ("nft", "list", "table", "inet", "shepherd")
    eventually(lambda: cm.run(rules).returncode == 0, SOON_S, 0.3, what="the gateway's rules are back")
    assert not lent(site)
    assert "leak" in site.host("p201").run(("cat", "/var/log/keeper.log")).stdout
    flock(site, "flockon")
    eventually(lambda: lent(site), SOON_S, 0.3, what="the host is lent again")


def test_a_keeper_killed_while_it_renews_and_looks_around_loses_nothing(site: Site) -> None:
    """A token half written, or a check half made, would have cost each lend of a site whose keepers are upgraded."""
    host = site.host("p201")
    before = containers(site)
    for after_s in INSTANTS_S:
        minted = host.read(TOKEN)
        host.kill("keeper", signal.SIGKILL)
        eventually(lambda: host.pids("node run"), SOON_S, 0.02, what="the keeper is back")
        time.sleep(after_s)
    eventually(lambda: host.read(TOKEN) not in {minted, ""}, SOON_S, 0.3, what="the token is renewed")
    assert (lent(site), containers(site)) == (True, before)
    assert host.run(("test", "-e", "/run/shepherd/minting")).returncode == 1


def test_a_host_guard_that_is_gone_is_made_again_under_the_guests(site: Site) -> None:
    """`nft flush ruleset` on one host: its containers could be anybody on the VLAN. And a reload of the firewall on all
    hosts is no reason to send all guests home."""
    host, before = site.host("p201"), containers(site)
    host.must(("nft", "delete", "table", "netdev", "shepherd_guard"))
    assert host.run(("shepherd", "check", "--audit")).returncode == 1
    guard = ("nft", "list", "table", "netdev", "shepherd_guard")
    eventually(lambda: host.run(guard).returncode == 0, SOON_S, 0.3, what="the guard is back")
    assert (lent(site), containers(site)) == (True, before)
    assert host.must(("shepherd", "check", "--audit")).count("ok ") == 4


def test_rules_within_the_container_that_changed_take_the_host_home(site: Site) -> None:
    """Only somebody with the host's rights can have done that, and nobody knows what else they did."""
    host, before = site.host("p201"), containers(site)
    (first,) = host.pids("flock-init", containers=True)
    rule = ("inet", "shepherd_pilot", "output", "tcp", "dport", "22", "accept")
    must(["nsenter", f"--net=/proc/{first}/ns/net", "--", "nft", "insert", "rule", *rule])
    eventually(lambda: "not as they were loaded" in host.read("/var/log/keeper.log"), SOON_S, 0.3, what="it is told")
    eventually(lambda: lent(site) and containers(site) not in ([], before), 2 * SOON_S, 0.3, what="a new lend")


def test_a_host_whose_vlan_is_cut_is_not_lent(site: Site) -> None:
    """The cable was in the wrong port: the container came up and waited for a pool for ever."""
    flock(site, "flockoff")
    eventually(lambda: home(site), SOON_S, 0.3, what="the host is home")
    site.host("p201").cut("flock")
    flock(site, "flockon")
    eventually(lambda: "does not reach the flock pool" in status(site), SOON_S, 0.5, what="the reason is told")
    assert home(site)
    site.host("p201").join("flock")
    eventually(lambda: lent(site), 2 * SOON_S, 0.3, what="the host is lent again")


def test_a_container_that_was_changed_takes_the_host_home(site: Site) -> None:
    """`docker update --pids-limit -1` for a test, years ago."""
    host = site.host("p201")
    script = "import docker; client = docker.APIClient('unix:///run/docker.sock'); "
    script += "client.update_container(client.containers()[0]['Id'], mem_limit='900m', memswap_limit='900m')"
    host.must(("python3", "-c", script), env={"PYTHONPATH": "/opt/shepherd/site"})
    eventually(lambda: "limits" in host.read("/var/log/keeper.log"), SOON_S, 0.3, what="the drift is told")
    eventually(lambda: lent(site), 2 * SOON_S, 0.3, what="the host is lent again, with a fresh container")
