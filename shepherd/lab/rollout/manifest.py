"""What the site's administrator writes for the machine: its class, and its Hiera data."""

import json
from dataclasses import dataclass

from shepherd.lab import settings, tokens
from shepherd.lab.addresses import HostNames
from shepherd.lab.rollout.disk import INTERFACE
from shepherd.lab.rollout.machine import PROCESSORS, VLAN
from shepherd.lab.rollout.wheels import MODULES, WHEELS
from shepherd.lab.shell import File

HOME = "/root/rollout"
MANIFEST, HIERA, DATA = f"{HOME}/node.pp", f"{HOME}/hiera.yaml", f"{HOME}/data.json"
MEMORY_MIB, SCRATCH_MIB, GUESTS_MEMORY_MIB = 900, 192, 512
APPARMOR = "shepherd-flock"
NODE: settings.Table = {
    "parent": f"{INTERFACE}.{VLAN}", "link": INTERFACE, "vlan": VLAN, "apparmor": APPARMOR, "cgroup_parent": "",
    "memory_mib": MEMORY_MIB, "scratch_mib": SCRATCH_MIB, "processes": 4000, "docker_s": 120.0, "poll_local_s": 5.0,
    "poll_flock_s": 5.0, "arm_poll_s": 1.0, "leak_check_s": 60.0, "drained_too_long_s": 27.0, "go_wait_s": 15.0,
    "abandoned_s": 180.0,
}  # fmt: skip
APPLY = (
    "puppet", "apply", "--detailed-exitcodes", "--modulepath", MODULES, "--hiera_config", HIERA, "--color=false",
    MANIFEST,
)  # fmt: skip
DERIVED = ("host", "flock_name", "flock_mac", "trusted_keys", "apparmor", "cgroup_parent")
"""What the module finds by itself, or the default."""
CHANGED, NOTHING_TO_DO, CHANGED_AND_FAILED = 2, 0, 6
"""Exit codes of APPLY: all went well, nor was there anything to do; some of it failed."""
ELSEWHERE = "192.0.2.1"
"""No address of the VLAN: settings with it are refused."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the site wants of the machine. `lease_key` and `flock_token` are contents, `wheel` is a path there."""

    names: HostNames
    image_id: str
    lease_key: str
    flock_token: str
    wheel: str
    ensure: str = "present"
    update_guard: bool = False
    flock_address: str = ""
    """Another than the site has for it."""


def files(wish: Wish) -> list[File]:
    """The site's own code and data."""
    node = settings.node_table(wish.names, wish.image_id, PROCESSORS, GUESTS_MEMORY_MIB, "", NODE)
    if wish.flock_address:
        node = {**node, "flock_address": wish.flock_address}
    data = {
        "shepherd::node::ensure": wish.ensure,
        "shepherd::node::update_guard": wish.update_guard,
        "shepherd::node::settings": {name: value for name, value in node.items() if name not in DERIVED},
        "shepherd::node::trusted_keys": {"lease": wish.lease_key},
        "shepherd::node::flock_token": wish.flock_token,
        "shepherd::wheel": wish.wheel,
        "shepherd::pip_options": ["--no-index", "--find-links", WHEELS, "--no-compile"],
    }
    level = {"name": "this site", "path": "data.json", "datadir": ".", "data_hash": "json_data"}
    hiera = {"version": 5, "hierarchy": [level]}
    return [
        File(path=MANIFEST, text="include shepherd::node\n"),
        File(path=HIERA, text=json.dumps(hiera)),
        File(path=DATA, text=json.dumps(data, indent=1), mode=0o600),
    ]


def token_of(site_files: list[File]) -> str:
    """The host's token for the flock pool among the site's files for it."""
    return next(file.text for file in site_files if file.path == tokens.FLOCK_TOKEN)
