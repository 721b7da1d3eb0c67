"""The settings files of the lab's shepherd and keepers: complete, fast, and changeable key by key."""

import json
from collections.abc import Mapping

from shepherd.lab.addresses import (
    CM_FLOCK,
    CM_PRIVATE,
    CM_WAN,
    FLOCK_NET,
    FLOCK_PORT,
    HOME_PORT,
    NFS_PORT,
    NFS_PRIVATE,
    SITE_NET,
    HostNames,
)
from shepherd.lab.pools import GATEWAY_CONFIG

Table = Mapping[str, object]
POOL = "home.lab"
NETWORK, PARENT = "macvlan2512", "em1f"
LEASE_KEY, LEASE_PUBLIC = "/etc/shepherd/keys/lease.key", "/etc/shepherd/lease.pub"
CYCLE_S = 5.0
FAST_TIMERS: Table = {
    "cycle_s": CYCLE_S, "look_s": 1.0, "renew_s": 5.0, "lease_s": 60.0, "ad_period_s": 15.0, "young_collector_s": 20.0,
    "graceful_s": 10.0, "fast_s": 5.0, "kill_s": 5.0,
}  # fmt: skip


def shepherd_toml(image_id: str, changes: Mapping[str, Table]) -> str:
    """The daemon's settings; `changes` are merged in section by section."""
    sections: dict[str, Table] = {
        "home": {
            "name": POOL, "collector": f"{CM_PRIVATE}:{HOME_PORT}", "schedds": ["cm"],
            "schedd_identities": ["condor@family"],
        },
        "flock": {"collector": f"{CM_FLOCK}:{FLOCK_PORT}", "image": image_id},
        "policy": {"kind": "threshold", "idle_jobs_threshold": 1, "reserve": 0.0},
        "timers": FAST_TIMERS,
        "lease": {"key": LEASE_KEY, "pages": 4},
    }  # fmt: skip
    for name, table in changes.items():
        sections[name] = {**sections.get(name, {}), **table}
    return "\n".join(f"[{name}]\n{_lines(table)}" for name, table in sections.items())


def node_toml(host: HostNames, image_id: str, cpus: int, memory_mib: int, cgroup: str, changes: Table) -> str:
    """A keeper's settings."""
    return _lines(node_table(host, image_id, cpus, memory_mib, cgroup, changes))


def node_table(host: HostNames, image_id: str, cpus: int, memory_mib: int, cgroup: str, changes: Table) -> Table:
    """The same as data."""
    return {
        "host": host.regular, "pool": POOL, "trusted_keys": [LEASE_PUBLIC], "images": [image_id],
        "flock_name": host.flocking, "flock_address": host.flock_address, "flock_mac": host.flock_mac,
        "flock_collector": f"{CM_FLOCK}:{FLOCK_PORT}", "flock_pool": f"{CM_PRIVATE}:{FLOCK_PORT}", "scratch_mib": 4096,
        "leak_targets": [f"{CM_PRIVATE}:{HOME_PORT}", f"{NFS_PRIVATE}:{NFS_PORT}"], "leak_check_s": 10.0,
        "network": NETWORK, "parent": PARENT, "subnet": FLOCK_NET, "gateway": CM_FLOCK, "cgroup_parent": cgroup,
        "poll_local_s": 2.0, "poll_flock_s": 2.0, "arm_poll_s": 0.5, "report_s": 15.0, "trace_s": 2.0,
        "environment": [
            "_CONDOR_TRUST_DOMAIN=flock.lab",
            "_CONDOR_PRIVATE_NETWORK_NAME=flock.lab", f"_CONDOR_NUM_CPUS={cpus}", f"_CONDOR_MEMORY={memory_mib}",
            "_CONDOR_UPDATE_INTERVAL=15", "_CONDOR_MASTER_UPDATE_INTERVAL=15",
        ],
        **changes,
    }  # fmt: skip


def gateway_toml(changes: Table) -> str:
    """The gateway's settings. The lab's internet is a network for documentation."""
    table: Table = {
        "vlan": "vlan", "outside": ["wan"], "nat_address": CM_WAN, "site_networks": [SITE_NET],
        "subnet": FLOCK_NET, "gateway": CM_FLOCK, "collector": f"{CM_FLOCK}:{FLOCK_PORT}", "check_s": 1.0,
        "home_collector": f"{CM_PRIVATE}:{HOME_PORT}", "pool": POOL, "trusted_keys": [LEASE_PUBLIC],
        "condor_config": GATEWAY_CONFIG,
        **changes,
    }  # fmt: skip
    return _lines(table)


def _lines(table: Table) -> str:
    """JSON's scalars and lists are TOML's as well, for what is used here."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
