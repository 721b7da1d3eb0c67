"""A real Prometheus scrapes the real daemon on the lab's site: what it shows is so, and alerts fire in real faults."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.progress import Progress
from shepherd.lab.prometheus import Server, provide_prometheus
from shepherd.lab.settings import Table
from shepherd.lab.site import Site, SiteSpec
from tests.faults.breaking import daemons, stopped
from tests.metrics.shown import chosen, expressions

pytestmark = [pytest.mark.real, pytest.mark.limit(300), pytest.mark.large("on a site", sample=1)]
PORT, SHEPHERD_PORT = 9090, 9641
FOLDER, PROGRAMS = "/opt/prometheus", "/opt/prometheus"
TEXTFILE = "/var/lib/shepherd/shepherd.prom"
SOON_S = 60


@pytest.fixture(scope="module", name="site")
def a_measured_site() -> Iterator[Site]:
    policy = {"kind": "threshold", "lend_per_cycle": 9, "idle_jobs_threshold": 1, "reserve": 0.0, "cooling_s": 2.0}
    changes: dict[str, Table] = {"policy": policy, "metrics": {"textfile": TEXTFILE}, "timers": {"query_s": 3.0}}
    with Site(SiteSpec(hosts=2, start_keepers=True, start_shepherd=True, shepherd=changes)) as made:
        yield made


@pytest.fixture(scope="module")
def prometheus(site: Site) -> Iterator[Server]:
    """On the central manager, where an administrator would have it; no alert waits for longer than two seconds."""
    made = Server(ground=site.cm, programs=PROGRAMS, folder=FOLDER, port=PORT, log=site.cm.home / "prometheus.log")
    site.cm.must(("mkdir", "-p", FOLDER))
    copy(site, "prometheus")
    for name, text in made.files(SHEPHERD_PORT, hasty=True).items():
        site.cm.write(f"{FOLDER}/{name}", text)
    try:
        made.start()
        eventually(lambda: made.value("up") == 1, 30, 0.5, what="the daemon's page is taken")
        yield made
    finally:
        made.stop()
        for pid in site.cm.pids("^/opt/prometheus/prometheus"):
            subprocess.run(("kill", "-9", str(pid)), check=False)


def copy(site: Site, program: str) -> None:
    """A program of Debian's package into the central manager."""
    with (provide_prometheus(Progress()) / program).open("rb") as source:
        into = site.cm.argv(("sh", "-c", f"cat >{PROGRAMS}/{program} && chmod 755 {PROGRAMS}/{program}"))
        subprocess.run(into, stdin=source, check=True, timeout=60)


def order(site: Site, *words: str) -> None:
    site.cm.must(("shepherd", *words), user="shepherd")


def lent(site: Site) -> bool:
    return site.flocking_startds() == ["f201", "f202"] and not site.accepting_startds()


def home(site: Site) -> bool:
    return site.accepting_startds() == {"p201", "p202"} and not site.flocking_startds()


def fires(prometheus: Server, name: str, what: str) -> None:
    eventually(lambda: name in prometheus.firing(), SOON_S, 0.5, what=what)


def test_lends_and_a_reclaim_are_on_its_graphs_as_the_pools_have_them(site: Site, prometheus: Server) -> None:
    """The figures were those of the simulator, in seconds that no startd ever took."""
    eventually(lambda: lent(site), 90, 0.3, what="both hosts are lent")
    flock = 'shepherd_hosts{state="flock"}'
    eventually(lambda: prometheus.value(flock) == 2, 20, 0.5, what="Prometheus has both")
    assert prometheus.value("shepherd_lends_done_total") == 2
    assert prometheus.value("shepherd_blind") == 0
    order(site, "flockoff", "storage maintenance")
    eventually(lambda: home(site), SOON_S, 0.3, what="both hosts are at home")
    done = 'shepherd_reclaims_done_total{reason="flockoff"}'
    eventually(lambda: prometheus.value(done) == 2, 20, 0.5, what="both reclaims are counted")
    mean_s = prometheus.value("shepherd_reclaim_latency_seconds_sum / shepherd_reclaim_latency_seconds_count")
    assert mean_s is not None
    assert 0.5 < mean_s < 20
    fires(prometheus, "ShepherdFlockoff", "the stop is told")
    for text in expressions().values():
        assert prometheus.ask("query", query=chosen(text))["resultType"] == "vector"
    order(site, "flockon")
    eventually(lambda: "ShepherdFlockoff" not in prometheus.firing(), 20, 0.5, what="its end is seen")


def test_a_stopped_home_collector_blinds_and_shows_no_hosts(site: Site, prometheus: Server) -> None:
    """Its last good numbers stood on the wall for a weekend."""
    eventually(lambda: prometheus.value("shepherd_blind") == 0, SOON_S, 0.5, what="the shepherd sees")
    with stopped(daemons(site.cm, "condor", "condor_collector")):
        eventually(lambda: prometheus.value("shepherd_blind") == 1, 40, 0.5, what="it is blind")
        fires(prometheus, "ShepherdBlind", "its blindness is told")
        fires(prometheus, "ShepherdSourceDown", "the source is named")
        assert prometheus.value("sum(shepherd_hosts)") is None
        assert prometheus.value('shepherd_source_up{source="home_startds"}') == 0
    eventually(lambda: prometheus.value("shepherd_blind") == 0, 90, 0.5, what="it sees again")


def test_a_leak_is_told_until_a_person_says_so(site: Site, prometheus: Server) -> None:
    """The mail was sent, and the pager knew nothing."""
    eventually(lambda: lent(site), 90, 0.3, what="both hosts are lent")
    site.cm.stop("gateway")
    site.cm.must(("nft", "delete", "table", "inet", "shepherd"))
    fires(prometheus, "ShepherdLeak", "the leak is told")
    assert prometheus.value('shepherd_flockoff{cause="leak"}') == 1
    site.cm.start("gateway")
    rules = ("nft", "list", "table", "inet", "shepherd")
    eventually(lambda: site.cm.run(rules).returncode == 0, SOON_S, 0.3, what="the gateway's rules are back")
    order(site, "flockon")
    leak = 'shepherd_flockoff{cause="leak"}'
    eventually(lambda: prometheus.value(leak) == 0, 20, 0.5, what="the latch is open")


def test_a_stopped_shepherd_hangs_and_a_killed_one_is_gone(site: Site, prometheus: Server) -> None:
    """The process was there, its port was open, and it had done nothing since Tuesday."""
    [pid, *_] = site.cm.pids("shepherd run")
    age = "time() - shepherd_last_look_timestamp_seconds"
    read = ("cat", TEXTFILE)
    assert "shepherd_blind 0.0" in site.cm.must(read)
    with stopped([pid]):
        fires(prometheus, "ShepherdAbsent", "who does not answer is told")
        told = site.cm.must(read)
        assert "shepherd_last_look_timestamp_seconds" in told
    eventually(lambda: prometheus.value("up") == 1, 30, 0.5, what="it answers again")
    starts = site.cm.status("shepherd")["starts"]
    site.cm.kill("shepherd", signal.SIGKILL)
    eventually(lambda: site.cm.status("shepherd")["starts"] == starts + 1, 20, what="it is started again")
    eventually(lambda: (prometheus.value(age) or 99) < 10, 30, 0.5, what="it looks again")
    site.cm.stop("shepherd")
    assert site.cm.run(read).returncode != 0
    fires(prometheus, "ShepherdAbsent", "its end is told")
    site.cm.start("shepherd")
    eventually(lambda: "ShepherdAbsent" not in prometheus.firing(), 40, 0.5, what="it is back")
