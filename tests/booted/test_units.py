"""The shipped units, started by systemd on a site that lends: everything works within their sandboxes."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.lab.booted import UNITS, BootedNode
from tests.booted.conftest import TEXTFILE, booted
from tests.faults.breaking import containers_first
from tests.faults.scene import HOME_S, TIMERS, Scene

pytestmark = [pytest.mark.real, pytest.mark.large("shipped units", sample=1)]

NET_ADMIN = 1 << 12
CAROL = "carol"


def capabilities(pid: int) -> int:
    """What a process may do beyond its account, effectively, as a bit set."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("CapEff:")]
    return int(line.split()[1], 16)


def test_a_site_under_its_units_lends_and_reclaims(scene: Scene) -> None:
    """Started by hand it lent hosts; started by systemd it could not list a rule."""
    scene.lend()
    scene.guests(count=4)
    burst = scene.local(6, seconds=1)
    scene.eventually(scene.all_home, 60, "all hosts are at home for the burst")
    scene.eventually(lambda: scene.done(burst) == 6, 60, "the burst is done")
    failed = {node.name: node.must(("systemctl", "--failed", "--plain", "--no-legend")) for node in nodes(scene)}
    assert {name: said for name, said in failed.items() if said.strip()} == {}


def nodes(scene: Scene) -> Iterator[BootedNode]:
    return (booted(scene, name) for name in ("cm", "p201", "p202"))


def test_systemd_of_the_nodes_understands_every_word(cm: BootedNode) -> None:
    """A directive of the newest systemd was ignored by an older one, and the other way round."""
    units = [name for name in cm.must(("ls", "/etc/systemd/system")).split() if name.startswith("shepherd")]
    services = [name for name in units if name.endswith((".service", ".timer"))]
    assert len(services) >= len(set(UNITS.values())) - 1
    done = cm.run(("systemd-analyze", "verify", "--man=no", *services))
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_the_daemon_has_no_power_of_its_own(cm: BootedNode) -> None:
    """Whoever takes over the daemon must find nothing there: no capability, no secret of its own, nothing to write."""
    pid = cm.main_pid("shepherd")
    assert capabilities(pid) == 0
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert cm.run(("cat", "/etc/shepherd/keys/lease.key"), user="shepherd").returncode != 0
    assert capabilities(cm.main_pid("gateway")) == NET_ADMIN
    assert Path(f"/proc/{cm.main_pid('gateway')}").stat().st_uid != 0


def test_figures_are_shown_within_the_sandbox_and_gone_with_the_daemon(scene: Scene, cm: BootedNode) -> None:
    """It could not listen, nor write where node_exporter reads; and a killed daemon's last file was read for a week."""
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9641/metrics', timeout=5).read().decode())"
    page = ("/usr/bin/python3", "-IS", "-c", ask)
    read = ("cat", TEXTFILE)
    scene.eventually(lambda: "shepherd_blind 0.0" in cm.must(page), 30, "the page is served")
    scene.eventually(lambda: "shepherd_blind 0.0" in cm.must(read, user=CAROL), 30, "anybody reads the file")
    os.kill(cm.main_pid("shepherd"), signal.SIGKILL)
    scene.eventually(lambda: cm.run(read).returncode != 0, 5, "the file is gone with the daemon")
    scene.eventually(lambda: cm.run(read).returncode == 0, 60, "it is back with the next one")


def test_the_gateway_hears_the_shepherd_within_its_sandbox(scene: Scene, cm: BootedNode) -> None:
    """It had neither an address family to ask by nor a token that its account could read, and banned nobody."""
    show = ("systemctl", "show", "-p", "StatusText", "--value", "shepherd-gateway")
    scene.eventually(lambda: "0 addresses banned" in (said := cm.must(show)) and "no page" not in said, 30, "it hears")
    cm.must(("shepherd", "ban", "guest", "campus", "a letter"))
    scene.eventually(lambda: "1 addresses banned" in cm.must(show), 20, "the guest is cut off")
    cm.must(("shepherd", "unban", "guest", "campus", "a mistake"))
    scene.eventually(lambda: "0 addresses banned" in cm.must(show), 20, "the guest is let go")


def test_the_daemon_sees_the_file_in_everybodys_tmp(scene: Scene, cm: BootedNode) -> None:
    """With a /tmp of its own the daemon went on lending while the file lay in everybody else's."""
    scene.lend()
    cm.must(("sh", "-c", "echo enough > /tmp/flockoff"), user=CAROL)
    scene.eventually(lambda: f"by {CAROL}: enough" in scene.status(), 10, "who and why are shown")
    scene.eventually(scene.all_home, 60, "all hosts are at home")
    cm.must(("systemd-tmpfiles", "--clean"))
    assert cm.run(("test", "-e", "/tmp/flockoff")).returncode == 0
    cm.must(("rm", "/tmp/flockoff"))


def test_who_is_in_the_group_orders_and_reads(cm: BootedNode) -> None:
    """With a mask of 077 nobody but root could ask what the shepherd does."""
    cm.must(("usermod", "-aG", "shepherd", CAROL))
    assert "Active Regular Compute Node" in cm.must(("shepherd", "-s"), user=CAROL)
    cm.must(("shepherd", "flockoff", "by the group"), user=CAROL)
    refused = cm.run(("shepherd", "flockon"), user="dave")
    assert refused.returncode == 2
    assert "may not order" in refused.stderr


def test_a_daemon_that_hangs_is_killed_by_its_watchdog_and_comes_back(cm: BootedNode, scene: Scene) -> None:
    """A daemon that hung for a night was `active (running)` all the time."""
    drop_in = "/run/systemd/system/shepherd.service.d/soon.conf"
    cm.write(drop_in, "[Service]\nWatchdogSec=20\n")
    cm.must(("systemctl", "daemon-reload"))
    cm.restart("shepherd")
    before = cm.status("shepherd")
    cm.kill("shepherd", signal.SIGSTOP)
    scene.eventually(lambda: cm.status("shepherd")["pid"] not in {0, before["pid"]}, 60, "another daemon runs")
    assert cm.status("shepherd")["starts"] == before["starts"] + 1
    cm.must(("rm", drop_in))
    cm.must(("systemctl", "daemon-reload"))
    cm.restart("shepherd")


def test_a_daemon_with_bad_settings_stays_down_and_says_why(cm: BootedNode, scene: Scene) -> None:
    """It was started again every five seconds for a weekend, and the one line that mattered scrolled away."""
    settings = "/etc/shepherd/shepherd.toml"
    good = cm.read(settings)
    cm.write(settings, good.replace("[policy]\n", "[policy]\nidle_jobs = 3\n"))
    assert cm.run(("systemctl", "restart", "shepherd")).returncode != 0
    scene.eventually(lambda: cm.status("shepherd")["state"] == "failed", 20, "it has failed for good")
    assert "policy.idle_jobs" in cm.journal("shepherd")
    cm.write(settings, good)
    cm.restart("shepherd")


@pytest.mark.limit(400)
def test_a_keeper_that_is_stopped_for_good_ends_its_lend_by_the_lease(scene: Scene, host: BootedNode) -> None:
    """Who stops the keeper wants the host back: at the latest when its lease lapses, and until then it works."""
    scene.lend()
    cluster, before = scene.guests(count=4), containers_first(scene)
    host.stop("keeper")
    assert containers_first(scene) == before
    began_s = time.monotonic()
    scene.eventually(lambda: scene.is_home(host.name), HOME_S, "p201 comes home by its lease")
    assert time.monotonic() - began_s < HOME_S
    assert scene.running(cluster) >= 1
    host.start("keeper")
    scene.eventually(lambda: scene.is_lent(host.name), 90, "p201 is lent again")


def test_a_host_without_its_keeper_still_comes_home_for_local_work(scene: Scene, host: BootedNode) -> None:
    """The shepherd asks the container's own HTCondor; the keeper is only the last rung."""
    scene.lend()
    host.stop("keeper")
    burst = scene.local(6, seconds=1)
    scene.eventually(lambda: scene.done(burst) == 6, TIMERS["lease_s"], "the burst is done before any lease has lapsed")
    host.start("keeper")


def test_the_network_is_made_anew_before_the_keeper(scene: Scene, host: BootedNode) -> None:
    """After a boot the keeper was there first, and refused every lend for want of a network."""
    host.stop("keeper")
    host.must(("shepherd", "node", "down"))
    host.must(("systemctl", "stop", "shepherd-network"))
    host.start("keeper")
    assert host.show("network")["ActiveState"] == "active"
    assert "nothing to do" in host.must(("shepherd", "node", "up"))
    scene.lend()


def test_the_daily_audit_fails_as_long_as_something_does_not_hold(scene: Scene, host: BootedNode) -> None:
    """A wall fell in March, and was missed in May: nobody had looked."""
    scene.lend()
    host.must(("systemctl", "start", "shepherd-audit.service"), timeout_s=120)
    host.must(("chmod", "0644", "/etc/shepherd/flock-token"))
    assert host.run(("systemctl", "start", "shepherd-audit.service"), timeout_s=120).returncode != 0
    assert "shepherd-audit.service" in host.must(("systemctl", "--failed", "--plain", "--no-legend"))
    assert "FAILS" in host.journal("shepherd-audit.service")
    host.must(("chmod", "0600", "/etc/shepherd/flock-token"))
    host.must(("systemctl", "start", "shepherd-audit.service"), timeout_s=120)
    host.must(("systemctl", "start", "shepherd-audit.timer"))
    [timer] = json.loads(host.must(("systemctl", "list-timers", "--output=json", "shepherd-audit.timer")))
    assert timer["next"]
    host.must(("systemctl", "stop", "shepherd-audit.timer"))


def test_a_killed_master_is_back_at_once(scene: Scene, host: BootedNode) -> None:
    """The packaged unit waits a minute: nobody accepted work on the host meanwhile."""
    killed_s = int(time.time())
    os.kill(host.main_pid("condor"), signal.SIGKILL)
    this = f'Machine == "{host.name}" && DaemonStartTime > {killed_s}'  # the killed one's ad outlives it
    scene.eventually(
        lambda: scene.site.collector_ads(scene.site.cm, "slots", constraint=this), 45, "another startd of p201 is there"
    )
    scene.eventually(scene.all_home, 15, "p201 accepts work again")


def test_the_gateways_bar_is_there_before_anything_can_fail(cm: BootedNode) -> None:
    """A router with wrong settings let guests through: the bar was the last thing that it put up."""
    settings = "/etc/shepherd/gateway.toml"
    good = cm.read(settings)
    cm.stop("gateway")
    cm.must(("sh", "-c", "while ip rule del priority 100 2>/dev/null; do :; done"))
    cm.write(settings, good + "dnss = []\n")
    assert cm.run(("systemctl", "start", "shepherd-gateway")).returncode != 0
    assert "prohibit" in cm.must(("ip", "rule"))
    cm.write(settings, good)
    cm.must(("systemctl", "reset-failed", "shepherd-gateway"))
    cm.start("gateway")
