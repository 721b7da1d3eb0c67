"""A real Prometheus, and its tool, read the page of a simulated daemon over a real socket."""

import dataclasses
import json
import pathlib
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator

import pytest

from shepherd.edges.metrics_http import MetricsServer
from shepherd.lab.command import run
from shepherd.lab.eventually import eventually
from shepherd.lab.prometheus import Machine, Server
from shepherd.model.figures import Figures
from shepherd.model.metrics import METRICS, Kind
from shepherd.sim import faults
from shepherd.views.metrics import page, textfile
from tests.metrics.shown import chosen, expressions, names, series
from tests.sim.test_alerts import SPEC as WATCHED
from tests.sim.test_scenarios import SPEC, burst, lent_site

pytestmark = [pytest.mark.real, pytest.mark.limit(120)]
WITH_ICINGA = dataclasses.replace(SPEC, icinga=WATCHED.icinga)


def free_port() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Daemon:
    """A fake site's shepherd whose figures are moved to now, and served."""

    def __init__(self) -> None:
        self.figures = lived()
        self._lock = threading.Lock()
        self.server = MetricsServer("127.0.0.1:0", self.page, lambda *_, **__: None)

    def page(self, accept: str) -> tuple[str, bytes]:
        with self._lock:
            return page(self.figures, accept)


def lived() -> Figures:
    """After lends and reclaims, with a monitoring and without trouble; the simulated clock moved to the real one."""
    site = lent_site(WITH_ICINGA)
    burst(site)
    site.run(200)
    figures, ahead_s = site.shepherds[-1].metering.figures(), time.time() - site.pools.wall_s()
    rows = [
        row._replace(value=row.value + ahead_s) if row.name.endswith("_timestamp_seconds") and row.value else row
        for row in figures.rows
    ]
    return Figures(rows=rows, counts=figures.counts, times=figures.times)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    made.server.close()


@pytest.fixture(scope="module")
def prometheus(programs: pathlib.Path, daemon: Daemon) -> Iterator[Server]:
    """It scrapes the daemon each second."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="prometheus-"))
    made = Server(
        ground=Machine(), programs=str(programs), folder=str(folder), port=free_port(), log=folder / "prometheus.log"
    )
    for name, text in made.files(daemon.server.port).items():
        (folder / name).write_text(text)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def test_a_real_prometheus_has_every_series_that_is_shown(prometheus: Server, daemon: Daemon) -> None:
    """It refused the whole page for one line, and `up` was 0 for a month."""
    eventually(lambda: prometheus.value("up") == 1, 20, what="the page is taken")
    found = prometheus.ask("query", query='{job="shepherd", __name__=~"shepherd_.+", __name__!~".+_created"}')["result"]
    assert {one["metric"]["__name__"] for one in found} <= names().keys()
    assert len(found) == len(series(daemon.figures)) > 150
    [told] = prometheus.ask("query", query="shepherd_reclaims_done_total > 0")["result"]
    assert (told["metric"]["reason"], told["value"][1]) == ("local_work", "2")
    p95 = prometheus.value("histogram_quantile(0.95, shepherd_reclaim_latency_seconds_bucket)")
    assert p95 is not None
    assert 1 < p95 < 60


def test_its_metadata_are_those_of_the_table(prometheus: Server) -> None:
    """The help of one metric stood at another."""
    eventually(lambda: prometheus.value("up") == 1, 20, what="the page is taken")
    told = {name: about[0] for name, about in prometheus.ask("metadata").items() if name.startswith("shepherd_")}
    shown = {m.full_name.removesuffix("_total"): m for m in METRICS.values()}
    for name, about in told.items():
        metric = shown.get(name.removesuffix("_total"))
        if metric is not None:
            assert (about["type"], about["help"]) == (metric.kind.value, metric.help)
    assert len(told) >= len(METRICS) - 3


@pytest.mark.parametrize("panel", expressions())
def test_every_panel_of_the_dashboard_is_answered(prometheus: Server, panel: str) -> None:
    """A panel said "no data", and so it did when there was something to see."""
    text = chosen(expressions()[panel])
    answer = eventually(lambda: prometheus.ask("query", query=text), 20, what="it is answered")
    assert answer["resultType"] == "vector"
    assert eventually(lambda: prometheus.ask("query", query=text)["result"], 20, what="there is something to see"), text


def test_a_pool_that_is_well_alarms_nobody_and_a_dead_daemon_does(prometheus: Server, daemon: Daemon) -> None:
    """The rules had been written for another release, and fired all night."""
    eventually(lambda: prometheus.value("up") == 1, 20, what="the page is taken")
    states = {one["labels"]["alertname"]: one["state"] for one in prometheus.ask("alerts")["alerts"]}
    assert states == {}
    good = daemon.figures
    late = [r._replace(value=r.value - 90) if r.name == "last_look_timestamp_seconds" else r for r in good.rows]
    daemon.figures = Figures(rows=late, counts=good.counts, times=good.times)
    eventually(lambda: prometheus.firing() == {"ShepherdSilent"}, 20, what="its silence is told")
    daemon.figures = good


def test_its_tool_finds_no_fault_with_the_page(programs: pathlib.Path, daemon: Daemon) -> None:
    """Names that Prometheus's own rules refuse are renamed later, with all dashboards."""
    done = run((str(programs / "promtool"), "check", "metrics"), timeout_s=30, given=textfile(daemon.figures).decode())
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_openmetrics_is_spoken_to_who_asks_for_it(daemon: Daemon) -> None:
    """The next Prometheus asks for it first."""
    kind, body = daemon.page("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
    assert kind.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    counters = [metric.full_name for metric in METRICS.values() if metric.kind is Kind.COUNTER]
    assert all(f"# TYPE {name.removesuffix('_total')} counter".encode() in body for name in counters)


def test_faults_of_the_simulator_reach_the_figures() -> None:
    """The page was of a site without faults only, so it never had a gap in it."""
    site = lent_site(WITH_ICINGA)
    faults.silence_home(site)
    site.run(60)
    told = json.dumps(series(site.shepherds[-1].metering.figures()))
    assert "hosts{" not in told
