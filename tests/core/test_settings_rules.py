"""Settings that are well-formed and still wrong."""

import math

import pytest

from shepherd.core.settings.daemon import daemon_problems, watchdog_problems
from shepherd.core.settings.node import node_problems
from tests.core.sound_settings import DAEMON, DIGEST, NODE, daemon, node


def test_the_defaults_contradict_nothing() -> None:
    """A release whose own defaults were refused."""
    assert daemon_problems(DAEMON) == []
    assert node_problems(NODE) == []


DAEMON_FAULTS = [
    ("home", {"name": ""}, "home.name"),
    ("home", {"name": "a\nb"}, "home.name"),
    ("home", {"collector": "cm:99999"}, "home.collector"),
    ("home", {"schedds": ()}, "home.schedds"),
    ("home", {"schedds": ("a", "A")}, "home.schedds"),
    ("home", {"schedd_identities": ()}, "home.schedd_identities"),
    ("home", {"schedd_identities": (" ",)}, "home.schedd_identities"),
    ("home", {"collector": "cm:9619"}, "flock.collector"),
    ("flock", {"collector": ""}, "flock.collector"),
    ("flock", {"collector": "cm:9619 other"}, "flock.collector"),
    ("flock", {"image": "guest:latest"}, "flock.image"),
    ("flock", {"image": DIGEST.upper()}, "flock.image"),
    ("flock", {"image": DIGEST + "0"}, "flock.image"),
    ("hosts", {"regular": "p("}, "hosts.regular"),
    ("hosts", {"regular": "p(?P<a>.*)"}, "hosts.flock"),
    ("hosts", {"flock": "f"}, "hosts.flock"),
    ("hosts", {"flock": "f{"}, "hosts.flock"),
    ("hosts", {"flock": "f{}"}, "hosts.flock"),
    ("hosts", {"flock": "f{rest.real}"}, "hosts.flock"),
    ("hosts", {"flock": "f{rest!r}"}, "hosts.flock"),
    ("hosts", {"flock": "f{rest:>{rest}}"}, "hosts.flock"),
    ("hosts", {"pairs": {"p1": "f1", "p2": "F1"}}, "hosts.pairs"),
    ("hosts", {"pairs": {"p1": "p1"}}, "hosts.pairs.p1"),
    ("hosts", {"pairs": {"p1": "p2", "P2": "f2"}}, "hosts.pairs.p1"),
    ("hosts", {"pairs": {"p1": ""}}, "hosts.pairs.p1"),
    ("hosts", {"exclude": ("p1", "p1")}, "hosts.exclude"),
    ("policy", {"idle_jobs_threshold": -1}, "policy.idle_jobs_threshold"),
    ("policy", {"lend_per_cycle": 0}, "policy.lend_per_cycle"),
    ("policy", {"reclaim_per_cycle": -1}, "policy.reclaim_per_cycle"),
    ("policy", {"idle_reserve": -1}, "policy.idle_reserve"),
    ("policy", {"arming_at_once": 0}, "policy.arming_at_once"),
    ("policy", {"reserve": 1.01}, "policy.reserve"),
    ("policy", {"reserve": -0.1}, "policy.reserve"),
    ("policy", {"lend_share": 0.0}, "policy.lend_share"),
    ("policy", {"lend_share": 1.1}, "policy.lend_share"),
    ("policy", {"quiet_s": -1.0}, "policy.quiet_s"),
    ("policy", {"stuck_s": math.inf}, "policy.stuck_s"),
    ("policy", {"stuck_s": 59.0}, "policy.stuck_s"),
    ("policy", {"wait_target_s": -1.0}, "policy.wait_target_s"),
    ("hosts", {"always_lend": ("p1", "p1")}, "hosts.always_lend"),
    ("hosts", {"always_lend": ("p1",), "exclude": ("p1",)}, "hosts.always_lend"),
    ("hosts", {"maintenance": ("Tue 8-12 *",)}, "hosts.maintenance"),
    ("hosts", {"zone": "Atlantis/Poseidonis"}, "hosts.zone"),
    ("policy", {"reserve": math.nan}, "policy.reserve"),
    ("policy", {"cooling_s": -1.0}, "policy.cooling_s"),
    ("policy", {"lend_gpus": True}, "policy.lend_gpus"),
    ("timers", {"cycle_s": 0.0}, "timers.cycle_s"),
    ("timers", {"query_s": math.inf}, "timers.query_s"),
    ("timers", {"graceful_s": -1.0}, "timers.graceful_s"),
    ("timers", {"look_s": 301.0}, "timers.look_s"),
    ("timers", {"look_s": 0.4}, "timers.look_s"),
    ("timers", {"switch_poll_s": 11.0}, "timers.switch_poll_s"),
    ("timers", {"stale_factor": 0.9}, "timers.stale_factor"),
    ("timers", {"young_collector_s": 299.0}, "timers.young_collector_s"),
    ("timers", {"start_deadline_s": 60.0}, "timers.start_deadline_s"),
    ("timers", {"renew_s": 301.0}, "timers.renew_s"),
    ("timers", {"graceful_s": 870.0}, "timers.graceful_s"),
    ("timers", {"query_s": 840.0}, "timers.query_s"),
    ("lease", {"key": "lease.key"}, "lease.key"),
    ("lease", {"pages": 0}, "lease.pages"),
    ("lease", {"pages": 5000}, "lease.pages"),
    ("flockoff", {"path": ""}, "flockoff.path"),
    ("paths", {"state": "var"}, "paths.state"),
    ("paths", {"tools": "bin"}, "paths.tools"),
    ("paths", {"intents": "/var/lib/shepherd"}, "paths.intents"),
]


@pytest.mark.parametrize(("table", "fields", "key"), DAEMON_FAULTS)
def test_a_contradiction_is_named_by_its_key(table: str, fields: dict[str, object], key: str) -> None:
    """Each of these once started, and went wrong hours later in a way that named no setting."""
    problems = daemon_problems(daemon(**{table: fields}))
    assert key in {problem.key for problem in problems}
    assert all(problem.problem and problem.remedy for problem in problems)


NODE_FAULTS: list[tuple[dict[str, object], str]] = [
    ({"host": ""}, "host"),
    ({"pool": " home"}, "pool"),
    ({"flock_name": "f_1"}, "flock_name"),
    ({"flock_name": "f" * 64}, "flock_name"),
    ({"flock_name": "P220"}, "flock_name"),
    ({"trusted_keys": ()}, "trusted_keys"),
    ({"trusted_keys": ("a.pub",)}, "trusted_keys"),
    ({"trusted_keys": ("/a", "/a")}, "trusted_keys"),
    ({"images": ()}, "images"),
    ({"images": (DIGEST, "latest")}, "images"),
    ({"images": (DIGEST, DIGEST)}, "images"),
    ({"flock_address": "10.28.0.1"}, "flock_address"),
    ({"flock_address": "10.27.0.0"}, "flock_address"),
    ({"flock_address": "10.27.255.255"}, "flock_address"),
    ({"flock_address": "10.27.0.1"}, "flock_address"),
    ({"flock_address": "f220"}, "flock_address"),
    ({"gateway": "10.28.0.1"}, "gateway"),
    ({"subnet": "10.27.0.1/16"}, "subnet"),
    ({"subnet": "10.27.0.0"}, "subnet"),
    ({"network": ""}, "network"),
    ({"parent": ""}, "parent"),
    ({"flock_collector": "cm-flock:9619"}, "flock_collector"),
    ({"flock_collector": "10.27.0.1"}, "flock_collector"),
    ({"flock_collector": "10.27.0.1:0"}, "flock_collector"),
    ({"flock_mac": "02:42"}, "flock_mac"),
    ({"flock_mac": "01:00:5e:00:00:01"}, "flock_mac"),
    ({"flock_mac": "00:00:00:00:00:00"}, "flock_mac"),
    ({"token": "token"}, "token"),
    ({"run_dir": "run"}, "run_dir"),
    ({"condor_config": "condor_config"}, "condor_config"),
    ({"collector": "cm:"}, "collector"),
    ({"docker": "tcp://127.0.0.1:2375"}, "docker"),
    ({"environment": ("NUM_CPUS",)}, "environment"),
    ({"environment": ("A=1\nB=2",)}, "environment"),
    ({"poll_local_s": 0.0}, "poll_local_s"),
    ({"skew_s": math.nan}, "skew_s"),
    ({"poll_flock_s": 61.0}, "poll_flock_s"),
    ({"arm_poll_s": 25.0}, "arm_poll_s"),
    ({"drained_too_long_s": 40.0}, "drained_too_long_s"),
    ({"go_wait_s": 20.0}, "drained_too_long_s"),
    ({"memory_mib": -1}, "memory_mib"),
    ({"memory_mib": 4000, "scratch_mib": 4000}, "memory_mib"),
    ({"memory_percent": 101}, "memory_percent"),
    ({"shm_mib": 0}, "shm_mib"),
]


@pytest.mark.parametrize(("fields", "key"), NODE_FAULTS)
def test_a_hosts_contradiction_is_named_by_its_key(fields: dict[str, object], key: str) -> None:
    """A keeper that starts with these prepares containers that never come up."""
    problems = node_problems(node(**fields))
    assert key in {problem.key for problem in problems}
    assert all(problem.problem and problem.remedy for problem in problems)


def test_every_contradiction_is_found_at_once() -> None:
    """An administrator mended one line a restart, eleven times."""
    wrong = daemon(policy={"reserve": 2.0, "lend_per_cycle": 0}, timers={"renew_s": 600.0})
    assert [problem.key for problem in daemon_problems(wrong)] == [
        "policy.lend_per_cycle",
        "policy.reserve",
        "timers.renew_s",
    ]


def test_a_watchdog_that_bites_before_a_look_is_over_is_refused() -> None:
    """With a look every five minutes, systemd killed the daemon every two, and nothing was ever renewed."""
    slow = daemon(timers={"look_s": 300.0})
    assert list(watchdog_problems(DAEMON, 120.0)) == []
    assert list(watchdog_problems(slow, None)) == []
    [problem] = watchdog_problems(slow, 120.0)
    assert "WatchdogSec=720" in problem.remedy
