"""A flock container started by hand, without keeper and shepherd: what the lab itself is tested with."""

import json
import time
from collections.abc import Sequence

from shepherd.core.container.profiles import CAPABILITIES
from shepherd.lab import engine
from shepherd.lab.addresses import HostNames
from shepherd.lab.eventually import eventually
from shepherd.lab.image import docker_socket
from shepherd.lab.node import Node
from shepherd.lab.rootfs import REMAPPED_ROOT
from shepherd.lab.settings import NETWORK
from shepherd.lab.site import Site
from shepherd.lab.tokens import FLOCK_TOKEN

SHARE = "/run/shepherd/share"


def container_config(
    image: str, names: HostNames, entry: Sequence[str], environment: Sequence[str]
) -> dict[str, object]:
    """What dockerd is asked for: as the keeper does it."""
    address = {"IPAMConfig": {"IPv4Address": names.flock_address}, "MacAddress": names.flock_mac}
    return {
        "Image": image,
        "Hostname": names.flocking,
        "Entrypoint": list(entry),
        "Env": list(environment),
        "HostConfig": {
            "CapDrop": ["ALL"],
            "CapAdd": sorted(CAPABILITIES),
            "SecurityOpt": ["no-new-privileges"],
            "Binds": [f"{SHARE}:/run/flock:ro"],
            "NetworkMode": NETWORK,
        },
        "NetworkingConfig": {"EndpointsConfig": {NETWORK: address}},
    }


def start_container(site: Site, node: Node, entry: Sequence[str], environment: Sequence[str] = ()) -> str:
    """Start a container on a host and return its id."""
    names = next(names for names in site.names if names.regular == node.name)
    share(node)
    config = container_config(site.image_id, names, entry, environment)
    made = json.loads(engine.ask(docker_socket(node), "POST", "/containers/create", config))
    engine.ask(docker_socket(node), "POST", f"/containers/{made['Id']}/start")
    return str(made["Id"])


def share(node: Node) -> None:
    """Let the container's root read what is shared with it, as the keeper does."""
    node.must(("mkdir", "-p", SHARE))
    node.must(("sh", "-c", f"chgrp -R {REMAPPED_ROOT} {SHARE} && chmod -R u=rwX,g=rX,o= {SHARE}"))


def remove_container(node: Node, ident: str) -> None:
    """Kill and remove a container."""
    engine.ask(docker_socket(node), "DELETE", f"/containers/{ident}?force=1")


def output(node: Node, ident: str) -> str:
    """What a container has printed, once it has ended."""
    engine.ask(docker_socket(node), "POST", f"/containers/{ident}/wait")
    return engine.ask(docker_socket(node), "GET", f"/containers/{ident}/logs?stdout=1&stderr=1")


def lend(site: Site, node: Node, lease: str) -> str:
    """Move a host to the flock herd with the bare sequence of commands; returns the container's id."""
    flocking = next(names.flocking for names in site.names if names.regular == node.name)
    until_s = time.clock_gettime(time.CLOCK_BOOTTIME) + 600
    control = {"phase": "go", "lease": lease, "until_boottime_s": until_s, "graceful_s": 10, "fast_s": 5, "serial": 1}
    share(node)
    node.write(f"{SHARE}/control", "".join(f"{k}={v}\n" for k, v in control.items()), 0o600)
    node.must(("cp", "-a", FLOCK_TOKEN, f"{SHARE}/token"))
    share(node)
    environment = [
        f"_CONDOR_COLLECTOR_HOST={site.flock_pool}", "_CONDOR_TRUST_DOMAIN=flock.lab", "_CONDOR_NUM_CPUS=2",
        "_CONDOR_PRIVATE_NETWORK_NAME=flock.lab", "_CONDOR_MEMORY=512", "_CONDOR_USER_JOB_WRAPPER=",
    ]  # fmt: skip
    entry = ("/usr/local/libexec/shepherd/flock-init", "--lease", lease)
    ident = start_container(site, node, entry, environment)
    order(site, "condor_drain", "-restart-on-completion", "-reason", f"shepherd:{lease}", f"slot1@{node.name}")
    # `-restart-on-completion` acts at the startd's next update, which may come right after the drain
    eventually(lambda: slot_state(site, node) in {"Drained", ""}, 20, what=f"{node.name} is drained, or gone already")
    if slot_state(site, node):
        order(site, "condor_restart", "-daemon", "startd", "-fast", "-name", f"slot1@{node.name}")
    eventually(lambda: flocking in site.flocking_startds(), 30, what=f"{flocking} is in the flock pool")
    return ident


def order(site: Site, *argv: str) -> str:
    """One of HTCondor's commands, as the shepherd gives it."""
    return site.cm.must(argv, user="shepherd", env={"CONDOR_CONFIG": "/etc/shepherd/condor_config"})


def slot_state(site: Site, node: Node) -> str:
    """State of a host's regular slot, or nothing if it has none."""
    ads = site.collector_ads(site.cm, "slots", constraint=f'Name == "slot1@{node.name}"')
    return str(ads[0]["State"]) if ads else ""
