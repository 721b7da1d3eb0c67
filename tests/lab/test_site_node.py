"""A node behaves like a machine with systemd: services, restarts, leftovers, reboots."""

import signal
import time
from pathlib import Path

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.node import WRONG_CLOCK, alive
from shepherd.lab.site import Site

pytestmark = pytest.mark.real


def test_a_killed_master_is_restarted_and_leaves_no_daemon_behind(site: Site) -> None:
    """An orphaned shared_port once kept the port, and the new master's startd could not be commanded."""
    host = site.host("p201")
    before = host.pids("condor_", containers=False)
    host.kill("condor", signal.SIGKILL)
    eventually(lambda: host.status("condor")["starts"] == 2, 15, what="condor was started again")
    assert not [pid for pid in before if alive(pid)]
    eventually(lambda: "p201" in site.regular_startds() and host.pids("condor_startd"), 30, what="p201 is back")


def test_a_stopped_service_stays_stopped(site: Site) -> None:
    """A scenario that takes a host off must not find it running again by itself."""
    host = site.host("p202")
    host.stop("condor")
    assert host.status("condor")["state"] == "inactive"
    assert host.status("condor")["members"] == []
    host.start("condor")
    eventually(lambda: "p202" in site.regular_startds(), 30, what="p202 is back")


def test_a_reboot_kills_everything_and_keeps_only_files(site: Site) -> None:
    """A lock or nonce that survived a reboot would hide the bugs that reboots cause."""
    host = site.host("p202")
    boot = host.read("/proc/sys/kernel/random/boot_id")
    pids = host.pids(".")
    host.write("/etc/kept", "yes")
    host.write("/run/lost", "yes")
    host.write("/tmp/lost", "yes")
    host.reboot()
    assert not [pid for pid in pids if alive(pid)]
    assert host.read("/proc/sys/kernel/random/boot_id") != boot
    assert host.read("/etc/kept") == "yes"
    assert host.run(("ls", "/run/lost", "/tmp/lost")).stdout == ""
    eventually(lambda: "p202" in site.regular_startds(), 60, what="p202 is back")


def test_what_a_nodes_root_does_to_its_devices_stays_in_the_node(site: Site) -> None:
    """A machine whose /dev/null had lost its mode let no container with accounts of its own begin."""
    host, ours = site.host("p202"), Path("/dev/null").stat().st_mode
    host.must(("chmod", "600", "/dev/null"))
    try:
        assert Path("/dev/null").stat().st_mode == ours
    finally:
        host.must(("chmod", "666", "/dev/null"))
    assert "character special" in host.must(("stat", "--format=%F", "/dev/null"))


def test_a_service_can_be_given_a_wrong_clock(site: Site) -> None:
    """Hosts' clocks do run wrong; the machine's own must never be touched to show it."""
    host = site.host("p203")
    host.change_environment("keeper", {"LD_PRELOAD": WRONG_CLOCK, "FAKETIME": "+3600"})
    host.start("keeper")
    eventually(lambda: host.status("keeper")["pid"], 5, what="the keeper runs")
    pid = host.status("keeper")["pid"]
    environment = host.must(("cat", f"/proc/{pid}/environ")).split("\0")
    host.stop("keeper")
    assert "FAKETIME=+3600" in environment
    ahead = host.must(("date", "+%s"), env={"LD_PRELOAD": WRONG_CLOCK, "FAKETIME": "+3600"})
    assert 3590 < int(ahead) - time.time() < 3610


def test_a_command_past_its_deadline_is_killed_inside_the_node(site: Site) -> None:
    """A forgotten sleep on a node would count as a process of a guest or hold a file open."""
    host = site.host("p203")
    with pytest.raises(Exception, match="no answer within"):
        host.run(("sleep", "4711"), timeout_s=0.5)
    eventually(lambda: not host.pids("sleep 4711"), 5, what="the command is gone")
