"""A foreign schedd that lies in every attribute, and silent masters."""

import json
import signal
import statistics
import time
from collections.abc import Iterator

import pytest

from shepherd.lab import tokens
from tests.faults.breaking import daemons, oldest_sign_of_life_s, regular_pid, send, shown, stopped
from tests.faults.scene import Scene

pytestmark = pytest.mark.real

TOKEN = "/etc/condor/tokens.d/liar"
JOBS = """executable = /bin/sleep
arguments = 4
request_memory = 32
+UidDomain = "home.lab"
+FileSystemDomain = "home.lab"
+AcctGroup = "group_local"
+AcctGroupUser = "carol"
+AccountingGroup = "group_local.carol@home.lab"
+ScheddName = "cm"
+SubmitterTag = ""
+SubmitterGlobalJobId = "cm#1.0#1"
requirements = regexp("^p2", Machine) || true
rank = regexp("^p2", Machine)
queue {count}
"""
SUBMITTER = {
    "MyType": "Submitter", "Name": "carol@home.lab", "ScheddName": "cm", "Machine": "cm", "SubmitterTag": "",
    "ScheddIpAddr": "<10.1.0.1:9618>", "MyAddress": "<10.1.0.1:9618>", "AuthenticatedIdentity": "condor@family",
    "IdleJobs": 5000, "RunningJobs": 0, "WeightedIdleJobs": 5000, "HeldJobs": 0, "FlockedJobs": 0,
}  # fmt: skip
SCHEDD = {**SUBMITTER, "MyType": "Scheduler", "Name": "cm", "TotalIdleJobs": 5000}


def classad(attributes: dict[str, object]) -> str:
    """For condor_advertise."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in attributes.items())


@pytest.fixture
def liar(scene: Scene) -> Iterator[Scene]:
    """p202 holds a token with which a foreign schedd was once let into the home pool."""
    host = scene.site.host("p202")
    text = tokens.home_token(scene.site.cm, "condor", ("ADVERTISE_SCHEDD", "ADVERTISE_MASTER", "READ"))
    host.write(TOKEN, text, mode=0o600)
    yield scene
    host.must(("rm", "-f", TOKEN))


def lie(scene: Scene, command: str, attributes: dict[str, object]) -> None:
    """Tell the home collector what the real schedd would tell it."""
    env = {"_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY": "/dev/null", "_CONDOR_SEC_TOKEN_DIRECTORY": "/run/liar"}
    host = scene.site.host("p202")
    host.must(("sh", "-c", f"mkdir -p /run/liar && cp -p {TOKEN} /run/liar/"))
    host.must(("condor_advertise", "-tcp", command, "-"), env=env, given=classad(attributes))


@pytest.mark.large("orders and words of people", sample=1)
def test_demand_that_a_foreign_schedd_invents_moves_no_host(liar: Scene) -> None:
    """A guest kept all hosts at home, and the hosts' owners waiting, by claiming to be the site's own schedd."""
    scene = liar
    scene.lend()
    until_s = time.monotonic() + 15
    while time.monotonic() < until_s:
        lie(scene, "UPDATE_SUBMITTOR_AD", SUBMITTER)
        lie(scene, "UPDATE_SCHEDD_AD", SCHEDD)
        queue = shown(scene)["queue"]
        assert queue["idle_jobs"] == 0, scene.status()
        assert queue["missing_schedds"] == []
        time.sleep(1)
    assert shown(scene)["queue"]["refused_submitters"] >= 1
    assert scene.all_lent()
    scene.site.cm.run(("condor_advertise", "INVALIDATE_SUBMITTOR_ADS", "-"), given=classad(SUBMITTER))


@pytest.mark.large("orders and words of people", sample=1)
def test_jobs_that_lie_in_every_attribute_start_in_containers_only(scene: Scene) -> None:
    """Thousands of foreign jobs claimed to be the site's own; none may count, and none may reach a regular slot."""
    campus = scene.site.campus
    cluster = scene.site.submit(campus, "alice", JOBS.format(count=2000))
    try:
        time.sleep(8)
        assert scene.running(cluster) == 0
        assert shown(scene)["queue"]["idle_jobs"] == 0
        scene.lend()
        scene.eventually(lambda: scene.running(cluster) == 4, 60, "they run in the containers")
        burst = scene.local(5, seconds=1)
        scene.eventually(lambda: scene.done(burst) == 5, 60, "local jobs get the hosts all the same")
        scene.eventually(lambda: shown(scene)["queue"]["idle_jobs"] == 0, 20, "foreign jobs that wait do not count")
    finally:
        campus.run(("condor_rm", "-all"), timeout_s=60)
        campus.run(("condor_rm", "-all", "-forcex"), timeout_s=60)


@pytest.mark.large("orders and words of people", sample=1)
def test_a_regular_master_that_never_answers_holds_up_no_other_host(scene: Scene) -> None:
    """One host's condor_master hung in a system call, and the whole site's lending waited for it."""
    host = scene.site.host("p201")
    silent = daemons(host, "condor", "condor_master") + daemons(host, "condor", "condor_shared_port")
    with stopped(silent):
        scene.flockon()
        scene.eventually(lambda: scene.is_lent("p202"), 60, "the other host is lent")
        assert oldest_sign_of_life_s(scene, 8) < 10
        scene.flockoff("home")
        scene.eventually(lambda: scene.is_home("p202"), 30, "the other host is at home")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_flocking_master_that_never_answers_keeps_its_host_a_ladder_at_most(scene: Scene) -> None:
    """The container's master was stopped; orders to it waited for ever, and so did the local jobs."""
    scene.lend()
    scene.guests()
    host = scene.site.host("p201")
    inside = host.pids("condor_master|condor_shared_port", containers=True)
    with stopped(inside):
        scene.flockoff("home")
        assert oldest_sign_of_life_s(scene, 5) < 10
        scene.eventually(lambda: regular_pid(scene, "p201"), 20, "p201 has its own startd")
    scene.eventually(scene.all_home, 30, "all hosts are at home")


@pytest.mark.limit(900)
@pytest.mark.parametrize("times", [
    pytest.param(4, id="four", marks=pytest.mark.large("orders and words of people", sample=1)),
    pytest.param(20, id="twenty", marks=pytest.mark.large("twenty lends", sample=0)),
])  # fmt: skip
def test_many_lends_in_a_short_time_cost_no_more_each(scene: Scene, times: int) -> None:
    """condor_master doubles its restart delay each time and writes letters; after ten a host was away for hours."""
    took_s: list[float] = []
    for _ in range(times):
        scene.lend()
        began_s = time.monotonic()
        scene.flockoff("home")
        scene.eventually(scene.all_home, 30, "all hosts are at home")
        took_s.append(time.monotonic() - began_s)
    few = max(1, times // 4)
    assert statistics.median(took_s[-few:]) < 2 * statistics.median(took_s[:few]), took_s
    for host in scene.site.hosts:
        assert "obituary" not in host.read("/var/log/condor/MasterLog").lower()


@pytest.mark.large("orders and words of people", sample=1)
def test_a_killed_shared_port_server_of_a_lent_host_changes_nothing(scene: Scene) -> None:
    """The regular master's other daemons die and come back while the guard waits; no lend may end of it."""
    scene.lend()
    cluster = scene.guests()
    send(daemons(scene.site.host("p201"), "condor", "condor_shared_port"), signal.SIGKILL)
    time.sleep(8)
    assert scene.running(cluster) == 1
    assert scene.all_lent()
