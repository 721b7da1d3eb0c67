r"""A whole site on one machine: home pool, flock pool, gateway, hosts, foreign pools, and storage to stay away from.

with Site(SiteSpec(hosts=3)) as site:
    site.submit(site.campus, "alice", "executable = /bin/sleep\narguments = 5\nqueue\n")
"""

import functools
import os
import types
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Self, TypeVar

from shepherd.lab import addresses, engine, foreign, guests, pools, services, settings, tokens
from shepherd.lab.addresses import HostNames
from shepherd.lab.booted import BootedNode
from shepherd.lab.bytecode import provide_bytecode
from shepherd.lab.cgroups import Cgroups, choose
from shepherd.lab.eventually import eventually
from shepherd.lab.foreign import ForeignPool
from shepherd.lab.image import Image, copy_data_root, docker_socket, dockerd, provide_image
from shepherd.lab.init import Spec
from shepherd.lab.net import Fabric, Leg, administrators_rules
from shepherd.lab.node import SITE_IN_NODE, SOURCE, SOURCE_IN_NODE, Bind, Node, NodeSpec
from shepherd.lab.packages import provide_packages
from shepherd.lab.pool_queries import PoolQueries
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import Trees, provide_trees
from shepherd.lab.shell import File
from shepherd.lab.state import SiteState, cleanup_leftovers

Thing = TypeVar("Thing")
WRAPPER = f"""#!/bin/sh
PYTHONPATH={SOURCE_IN_NODE}:{SITE_IN_NODE} PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
exec /usr/bin/python3 -m shepherd "$@"
"""
_MAKE_KEY = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
key = Ed25519PrivateKey.generate()
print(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), end="")
print(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), end="")
"""
_END_OF_KEY = "-----END PRIVATE KEY-----\n"


@dataclass(frozen=True, kw_only=True)
class SiteSpec:
    """What to build. `shepherd`, `node` and `gateway` change settings of the daemon (by section), of the
    keepers and of the gateway.

    `remap`: whether the hosts' dockerd maps accounts. `cgroups`: the version that the nodes see; by default the
    machine's, or what SHEPHERD_LAB_CGROUPS says. `booted`: systemd boots the central manager and the hosts, with the
    units that are shipped.
    """

    hosts: int = 3
    cpus: int = 2
    memory_mib: int = 512
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Cpus and MiB of hosts that differ, by the names of their regular startds."""
    shepherd: Mapping[str, settings.Table] = field(default_factory=dict)
    node: settings.Table = field(default_factory=dict)
    gateway: settings.Table = field(default_factory=dict)
    start_keepers: bool = False
    start_shepherd: bool = False
    cgroups: Cgroups = field(default_factory=choose)
    remap: bool = True
    booted: bool = False
    machines: int = 0
    """Hosts that are no nodes of the lab: the site knows their names, and somebody else boots them."""
    foreign: Sequence[ForeignPool] = (foreign.CAMPUS,)
    """The guests; campus is always among them."""
    outside: bool = False
    """Whether there is somebody out on the internet, too: a node with several addresses."""


class Site(PoolQueries):
    """A site that is up while the `with` block runs; everything of it is gone afterwards, whatever happened inside."""

    def __init__(self, spec: SiteSpec | None = None, *, progress: Progress | None = None) -> None:
        self.spec = spec or SiteSpec()
        self.progress = progress or Progress()
        self.state = SiteState(site_id=os.urandom(3).hex())
        self.fabric = Fabric(site_id=self.state.site_id)
        self.everybody = [HostNames(number=n) for n in range(1, self.spec.hosts + self.spec.machines + 1)]
        self.names, self.machines = self.everybody[: self.spec.hosts], self.everybody[self.spec.hosts :]
        self.nodes: dict[str, Node] = {}
        self.image_id = ""

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the site. Idempotent."""
        for node in self.nodes.values():
            node.shut_off()
        self.state.remove()
        self.progress.say(f"site {self.state.site_id} removed")

    def _build(self) -> None:
        for gone in cleanup_leftovers():
            self.progress.say(f"removed what was left of site {gone}, whose lab is gone")
        trees = provide_trees(self.progress)
        image = provide_image(trees, SOURCE / "images/flock", self.progress, remap=self.spec.remap)
        self.image_id = image.image_id
        packages = provide_packages(SOURCE, self.progress)
        python = (
            Bind(source=packages, target=SITE_IN_NODE), *provide_bytecode(trees, SOURCE, packages, self.progress)
        )  # fmt: skip
        eventually(self.state.claim, 10, 0.05, what=f"site {self.state.site_id} is ours")
        with self.progress.step(f"site {self.state.site_id}: networks and nodes"):
            self._make_nodes(trees, image, python)
        with self.progress.step("home pool, flock pool and gateway configured"):
            self._configure_cm()
        with self.progress.step("hosts and campus configured"):
            self._configure_others()
        with self.progress.step(f"{self.spec.hosts} hosts in the home pool"):
            self._start()

    # -- nodes --------------------------------------------------------------------------------------------------------

    def _make_nodes(self, trees: Trees, image: Image, python: tuple[Bind, ...]) -> None:
        self.fabric.build_switch()
        specs = [self._cm_spec(), self._nfs_spec(), *map(self._foreign_spec, self.spec.foreign)]
        specs += [self._outside_spec()] if self.spec.outside else []
        specs += map(self._host_spec, self.names)
        without_systemd = {"nfs", "outside", *(pool.name for pool in self.spec.foreign)}
        for name, legs, run in specs:
            spec = NodeSpec(
                name=name, root=trees.root, legs=legs, services=run, binds=python, cgroups=self.spec.cgroups
            )
            kind = BootedNode if self.spec.booted and name not in without_systemd else Node
            self.nodes[name] = kind(spec=spec, state=self.state, fabric=self.fabric)
        for names in self.names:
            copy_data_root(image.data_root, self.nodes[names.regular].home / "docker")
        for node in self.nodes.values():
            node.plug_in()
        self._each(list(self.nodes.values()), lambda node: node.boot(hold=True))

    def _cm_spec(self) -> tuple[str, tuple[Leg, ...], tuple[Spec, ...]]:
        legs = (
            Leg(segment=addresses.PRIVATE, interface="em1", address=f"{addresses.CM_PRIVATE}/16"),
            Leg(segment=addresses.FLOCK, interface="vlan", address=f"{addresses.CM_FLOCK}/16"),
            Leg(segment=addresses.WAN, interface="wan", address=f"{addresses.CM_WAN}/24"),
        )
        return "cm", legs, (services.condor(), services.flock_condor(), services.gateway(), services.shepherd())

    def _nfs_spec(self) -> tuple[str, tuple[Leg, ...], tuple[Spec, ...]]:
        leg = Leg(segment=addresses.PRIVATE, interface="em1", address=f"{addresses.NFS_PRIVATE}/16")
        return "nfs", (leg,), (services.nfs(),)

    def _foreign_spec(self, pool: ForeignPool) -> tuple[str, tuple[Leg, ...], tuple[Spec, ...]]:
        leg = Leg(segment=addresses.WAN, interface="wan", address=f"{pool.address}/24")
        return pool.name, (leg,), (services.condor(),)

    def _outside_spec(self) -> tuple[str, tuple[Leg, ...], tuple[Spec, ...]]:
        leg = Leg(segment=addresses.WAN, interface="wan", address=f"{addresses.OUTSIDE_WAN[0]}/24")
        return "outside", (leg,), ()

    def _host_spec(self, host: HostNames) -> tuple[str, tuple[Leg, ...], tuple[Spec, ...]]:
        legs = (
            Leg(segment=addresses.PRIVATE, interface="em1", address=f"{host.private_address}/16"),
            Leg(segment=addresses.FLOCK, interface=settings.PARENT),
        )
        docker = dockerd(f"{self.state.cgroup}/{host.regular}", remap=self.spec.remap)
        return host.regular, legs, (services.condor(), docker, services.keeper(enabled=self.spec.start_keepers))

    # -- configuration ------------------------------------------------------------------------------------------------

    def _configure_cm(self) -> None:
        cm = self.cm
        users = pools.LOCAL_USERS if self.spec.booted else {**pools.LOCAL_USERS, **pools.SHEPHERD_USER}
        private, public = self._lease_keys()
        cm.put([
            *pools.everywhere(self.everybody, users), *pools.home_cm_files(), *pools.flock_cm_files(SOURCE),
            *pools.shepherd_files(), File(path="/usr/local/bin/shepherd", text=WRAPPER, mode=0o755),
            File(path="/etc/shepherd/shepherd.toml", text=settings.shepherd_toml(self.image_id, self.spec.shepherd)),
            File(path="/etc/shepherd/gateway.toml", text=settings.gateway_toml(self.spec.gateway)),
            File(path=settings.LEASE_PUBLIC, text=public),
        ])  # fmt: skip
        cm.must(("sh", "-e", "-c", pools.ADD_USERS))
        cm.put([File(path=settings.LEASE_KEY, text=private, mode=0o600, owner="shepherd"), *tokens.shepherd_tokens(cm),
            *tokens.gateway_tokens(cm)])
        cm.must(("sh", "-e", "-c", pools.SHEPHERD_DIRECTORIES + pools.FLOCK_DIRECTORIES))
        if self.spec.booted:
            cm.must(("sh", "-e", "-c", pools.SHIPPED_DIRECTORIES))
        cm.must(("nft", "-f", "-"), given=administrators_rules("wan"))

    def _lease_keys(self) -> tuple[str, str]:
        made = self.cm.must(("python3", "-c", _MAKE_KEY), env={"PYTHONPATH": SITE_IN_NODE})
        private, _, public = made.partition(_END_OF_KEY)
        self._lease_public = public
        return private + _END_OF_KEY, public

    def _configure_others(self) -> None:
        self.nfs.put(pools.everywhere(self.everybody, {}))
        hosts: list[Callable[[], None]] = [functools.partial(self._configure_host, host) for host in self.names]
        self._each([self._configure_foreign, *hosts], lambda work: work())
        if self.spec.outside:
            for address in addresses.OUTSIDE_WAN[1:]:
                self.outside.must(("ip", "address", "add", f"{address}/24", "dev", "wan"))

    def _configure_foreign(self) -> None:
        """One after the other: each is added to the guests whom the flock pool knows."""
        for pool in self.spec.foreign:
            node, guest = self.nodes[pool.name], guests.admit(self.cm, pool.guest_words)
            files = pools.foreign_files(pool.name, pool.address)
            node.put([*pools.everywhere(self.everybody, dict(pool.users)), *files, *guest])
            node.must(("sh", "-e", "-c", pools.ADD_USERS))

    def _configure_host(self, host: HostNames) -> None:
        node, spec = self.host(host.regular), self.spec
        cgroup = "" if spec.booted else node.cgroup
        cpus, memory_mib = spec.sizes.get(host.regular, (spec.cpus, spec.memory_mib))
        node_toml = settings.node_toml(host, self.image_id, cpus, memory_mib, cgroup, spec.node)
        node.put([
            *pools.everywhere(self.everybody, pools.LOCAL_USERS),
            *pools.host_files(cpus, memory_mib, SOURCE), *tokens.host_tokens(self.cm, host),
            File(path="/usr/local/bin/shepherd", text=WRAPPER, mode=0o755),
            File(path="/etc/shepherd/node.toml", text=node_toml),
            File(path=settings.LEASE_PUBLIC, text=self._lease_public),
        ])  # fmt: skip
        node.must(("sh", "-e", "-c", pools.ADD_USERS))

    def _start(self) -> None:
        for node in self.nodes.values():
            for service in node.spec.services:
                if service.enabled:
                    node.start(service.name)
        self._each(self.names, self._make_docker_network)
        eventually(
            lambda: len(self.regular_startds()) == self.spec.hosts, 90, 0.2, what="all hosts are in the home pool"
        )
        eventually(self._flock_pool_up, 60, 0.2, what="the flock pool is up")
        if self.spec.start_shepherd:
            self.cm.start("shepherd")

    def _flock_pool_up(self) -> bool:
        return bool(self.collector_ads(self.cm, "negotiator", pool=self.flock_pool))

    def _make_docker_network(self, host: HostNames) -> None:
        node = self.host(host.regular)
        eventually(lambda: engine.answers(docker_socket(node)), 30, 0.1, what=f"dockerd of {node.name} answers")
        if isinstance(node, BootedNode):
            node.start("network")
        else:
            node.must((services.SHEPHERD, "node", "up"))

    @staticmethod
    def _each(things: Sequence[Thing], work: Callable[[Thing], None]) -> None:
        """Do `work` for all `things`, four at a time; the first failure is raised."""
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(work, things))

    # -- who is who ---------------------------------------------------------------------------------------------------

    @property
    def cm(self) -> Node:
        """Central manager, gateway, both pools' collectors, home schedd, and where the shepherd runs."""
        return self.nodes["cm"]

    @property
    def campus(self) -> Node:
        """The first foreign pool."""
        return self.nodes["campus"]

    @property
    def outside(self) -> Node:
        """Somebody out on the internet."""
        return self.nodes["outside"]

    @property
    def nfs(self) -> Node:
        """Storage on the private network."""
        return self.nodes["nfs"]

    def host(self, name: str) -> Node:
        """A host by its regular name, such as p201."""
        return self.nodes[name]

    @property
    def hosts(self) -> list[Node]:
        """All hosts in order."""
        return [self.nodes[names.regular] for names in self.names]
