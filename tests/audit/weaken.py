"""Taking one wall away from a site that is up, and putting it back."""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator

from shepherd.core.container.profiles import CAPABILITIES
from shepherd.edges.proc_mount import hide_processes
from shepherd.lab import settings
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import LENT, NODE, container, host_of, in_container
from shepherd.lab.command import must
from shepherd.lab.eventually import eventually
from shepherd.lab.node import SITE_IN_NODE, SOURCE, SOURCE_IN_NODE, Node
from shepherd.lab.pools import FLOCK_CONFIG, FLOCK_CONFIG_D
from shepherd.lab.rootfs import REMAPPED_ROOT
from shepherd.lab.settings import LEASE_KEY, Table
from shepherd.lab.site import Site
from shepherd.model.container import INSIDE

UNWATCHED: Table = {"leak_check_s": 3600.0}
"""The keeper would notice and end the lend."""
FLUX_S = 25.0
ANEW = "delete table inet shepherd\n"
SETTINGS, COMMAND = "/etc/shepherd/node.toml", "/usr/local/bin/shepherd"
WEAKER = f"""#!/bin/sh
PYTHONPATH={SOURCE_IN_NODE}:{SITE_IN_NODE} PYTHONDONTWRITEBYTECODE=1 SHEPHERD_WEAKER='{{walls}}'
export PYTHONPATH PYTHONDONTWRITEBYTECODE SHEPHERD_WEAKER
exec /usr/bin/python3 {SOURCE_IN_NODE}/tests/audit/weaker_shepherd.py "$@"
"""
OUTSIDE = "/usr/local/libexec/shepherd/flock-job-outside"
Weaken = Callable[[Guests], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def without_table(enter: Callable[[tuple[str, ...]], list[str]], family: str, name: str) -> Iterator[None]:
    """Take a table of rules away, and bring it back. `enter`: the command line that runs one in its namespace."""
    rules = must(enter(("nft", "list", "table", family, name)))
    must(enter(("nft", "delete", "table", family, name)))
    try:
        yield
    finally:
        must(enter(("nft", "-f", "-")), given=rules)


def no_pilot_guard(guests: Guests) -> contextlib.AbstractContextManager[None]:
    """Without the rules in the container's own network."""
    return without_table(lambda argv: in_container(guests.site, guests.host, argv), "inet", "shepherd_pilot")


@contextlib.contextmanager
def no_host_guard(guests: Guests) -> Iterator[None]:
    """Without the rules on the VLAN interfaces of both hosts: each would stop what the other lets through."""
    with contextlib.ExitStack() as stack:
        for host in (guests.host, guests.neighbour):
            stack.enter_context(without_table(host_of(guests.site, host).argv, "netdev", "shepherd_guard"))
        yield


@contextlib.contextmanager
def lenient_gateway(guests: Guests) -> Iterator[None]:
    """A gateway that refuses nothing, without the program that would bring the rules back. It still translates
    addresses: without that no job of the foreign pool could start."""
    cm = guests.site.cm
    cm.stop("gateway")
    rules = cm.must(("nft", "list", "table", "inet", "shepherd"))
    lenient = re.sub(r"\bdrop\b|\breject\b.*", "accept", rules)
    try:
        cm.must(("nft", "-f", "-"), given=ANEW + lenient)
        yield
    finally:
        cm.must(("nft", "-f", "-"), given=ANEW + rules)
        cm.start("gateway")


@contextlib.contextmanager
def seen_processes(guests: Guests) -> Iterator[None]:
    """With a /proc that shows everybody's processes."""
    first = container(guests.site, guests.host)
    must(["mount", "-N", str(first), "-o", "remount,hidepid=0", "/proc"])
    try:
        yield
    finally:
        hide_processes(first)


@contextlib.contextmanager
def no_requirements(guests: Guests) -> Iterator[None]:
    """A flock collector that believes every container about every other. It alone is told: a flocking startd that has
    read its configuration anew leaves its ad behind when it ends."""
    cm, env = guests.site.cm, {"CONDOR_CONFIG": FLOCK_CONFIG}
    weaker = f"{FLOCK_CONFIG_D}/99-weaker.conf"
    cm.write(weaker, "COLLECTOR_REQUIREMENTS = True\n")
    cm.must(("condor_reconfig",), env=env)
    try:
        yield
    finally:
        cm.must(("rm", weaker))
        cm.must(("condor_reconfig",), env=env)


@contextlib.contextmanager
def nothing(guests: Guests) -> Iterator[None]:
    """Everything stands. Somebody who signs for the shepherd upsets it for a while: its reserve seems to be gone."""
    yield
    time.sleep(FLUX_S)
    eventually(lambda: len(guests.site.flocking_startds()) == LENT, 120, 0.3, what="both hosts are lent as before")


def lease_key(site: Site) -> str:
    """The shepherd's own: with it the same page lends."""
    return site.cm.read(LEASE_KEY)


def condor(**changes: str) -> Weaken:
    """HTCondor in the container told otherwise."""
    environment = [f"_CONDOR_{name}={value}" for name, value in changes.items()]

    @contextlib.contextmanager
    def weaken(guests: Guests) -> Iterator[None]:
        words = "".join(f'"{one}", ' for one in environment)
        with told_otherwise(guests, changed(guests, {}).replace("environment = [", f"environment = [{words}")):
            yield

    return weaken


def keeper(**changes: int | str) -> Weaken:
    """The keeper told otherwise."""

    @contextlib.contextmanager
    def weaken(guests: Guests) -> Iterator[None]:
        with told_otherwise(guests, changed(guests, changes)):
            yield

    return weaken


def told_otherwise(guests: Guests, text: str) -> contextlib.AbstractContextManager[None]:
    """The host lent by a keeper with these settings."""
    return lent_anew(guests, SETTINGS, text, 0o644)


def container_with(**walls: object) -> Weaken:
    """The host lent in a container with other walls than the profile says."""
    return lambda guests: lent_anew(guests, COMMAND, WEAKER.replace("{walls}", json.dumps(walls)), 0o755)


def container_without(capability: str) -> Weaken:
    """The host lent, if that is possible, in a container with one capability less than the profile gives."""
    text = WEAKER.replace("{walls}", json.dumps({"cap_add": sorted({*CAPABILITIES} - {capability})}))
    return lambda guests: lent_anew(guests, COMMAND, text, 0o755, at_least=LENT - 1)


@contextlib.contextmanager
def lent_anew(guests: Guests, path: str, text: str, mode: int, *, at_least: int = LENT) -> Iterator[None]:
    """The host lent with another file, and at the end with its own again."""
    node = host_of(guests.site, guests.host)
    before = node.read(path)
    try:
        put_and_lend(guests, node, path, text, mode, at_least)
        yield
    finally:
        put_and_lend(guests, node, path, before, mode, LENT)


@contextlib.contextmanager
def writable_lease(guests: Guests) -> Iterator[None]:
    """The keeper's words to PID 1 on a file system that is writable, and the container's own: each would do."""
    into = ["nsenter", f"--target={container(guests.site, guests.host)}", "--mount", "--", "sh", "-ec"]
    must([*into, f"mount -o remount,bind,rw {INSIDE}; chown {REMAPPED_ROOT} {INSIDE}/control"])
    try:
        yield
    finally:
        must([*into, f"chown 0 {INSIDE}/control; mount -o remount,bind,ro {INSIDE}"])


def wrapper(ours: str, instead: str) -> Weaken:
    """The job wrapper of the running container with a piece of its text replaced."""

    @contextlib.contextmanager
    def weaken(guests: Guests) -> Iterator[None]:
        text = (SOURCE / "images/flock/job_outside.py").read_text(encoding="utf-8")
        assert text.count(ours) == 1, f"{ours} is not what the job wrapper says"
        first = container(guests.site, guests.host)
        into = ["nsenter", f"--target={first}", "--user", "--mount", "--pid", "--setuid=0", "--setgid=0"]
        into += ["--", "sh", "-ec"]
        must([*into, f"cat >/run/weaker; mount --bind /run/weaker {OUTSIDE}"], given=text.replace(ours, instead))
        try:
            yield
        finally:
            must([*into, f"umount {OUTSIDE}; rm /run/weaker"])

    return weaken


def both(first: Weaken, second: Weaken) -> Weaken:
    """Two walls of which each would do."""

    @contextlib.contextmanager
    def weaken(guests: Guests) -> Iterator[None]:
        with first(guests), second(guests):
            yield

    return weaken


def changed(guests: Guests, changes: Table) -> str:
    """The host's settings with changes."""
    site = guests.site
    names = next(names for names in site.names if names.flocking == guests.host)
    node = host_of(site, guests.host)
    spec = site.spec
    table: Table = {**NODE, **UNWATCHED, **changes}
    return settings.node_toml(names, site.image_id, spec.cpus, spec.memory_mib, node.cgroup, table)


def put_and_lend(guests: Guests, node: Node, path: str, text: str, mode: int, at_least: int) -> None:
    """Take the hosts home, change a file of one keeper's, lend again until so many are lent."""
    site = guests.site
    site.cm.must(("shepherd", "flockoff", "other settings"), user="shepherd")
    eventually(lambda: not site.flocking_startds(), 120, 0.3, what="all hosts are home")
    node.write(path, text, mode)
    node.restart("keeper")
    site.cm.must(("shepherd", "flockon"), user="shepherd")
    eventually(lambda: len(site.flocking_startds()) >= at_least, 120, 0.3, what="the hosts are lent again")
