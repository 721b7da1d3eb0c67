"""A host that is lent: what its keeper needs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from shepherd.core.checkup import daemon, host, pool, startd
from shepherd.core.checkup.tokens import no_token_files, token_files, token_findings
from shepherd.core.container.drift import engine_problem
from shepherd.model.checkup import Version
from shepherd.model.finding import Finding, State, Subject
from shepherd.model.node_settings import NodeSettings
from shepherd.ports import Clock
from shepherd.ports_checkup import Files, ImageStore, Machine, Services, WayOut, Witness
from shepherd.ports_node import Engine
from shepherd.programs.checkup.look import Look, Question
from shepherd.programs.checkup.names import names_in
from shepherd.programs.checkup.token_files import every_token

ROOT = 0
GUARD = "/usr/local/libexec/shepherd/startd-guard"
COLLECTOR_HOST = "COLLECTOR_HOST"
TOKEN_DIRECTORIES = ("SEC_TOKEN_DIRECTORY", "SEC_TOKEN_SYSTEM_DIRECTORY")
SPOOL_LOG = "SHEPHERD_SPOOL_LOG"
USUAL_TOKENS = "/etc/condor/tokens.d"
UP = "shepherd node up"


class Checks(Protocol):
    """The keeper's own look at the host, as `keeper_checks.Checks` has it."""

    def silent_targets(self) -> str:
        """See there."""


class Network(Protocol):
    """The host's side of the flock VLAN, as `NodeNetwork` has it."""

    def problem(self) -> str:
        """See there."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What is looked at."""

    clock: Clock
    home: Witness
    flock: Witness
    """The flock pool's collector as this host sees it."""
    files: Files
    machine: Machine
    services: Services
    way_out: WayOut
    images: ImageStore | None
    """None: images are not fetched from anywhere."""
    engine: Engine
    network: Network
    checks: Checks
    bindings: Callable[[], Version]
    trusted_keys: Callable[[], Sequence[str]]
    """Ids of the keys in the files of the settings; raises SettingsError."""
    is_root: bool


@dataclass(frozen=True, kw_only=True)
class Node:
    """One look at everything."""

    settings: NodeSettings
    world: World
    guard_source: str
    """The guard of this release."""

    def questions(self) -> Iterator[Question]:
        """All questions, in the order in which they are best mended."""
        yield from self._of_machine()
        yield from self._of_docker()
        yield from self._of_network()
        yield from self._of_condor()
        yield from self._of_pools()

    def _of_machine(self) -> Iterator[Question]:
        looks: tuple[tuple[Subject, Look], ...] = (
            (Subject.KERNEL, lambda: [host.kernel_finding(self.world.machine.kernel())]),
            (Subject.NAMESPACES, self._namespaces),
            (Subject.SECCOMP, lambda: [host.seccomp_finding(is_there=self.world.machine.filters_calls())]),
            (Subject.LANDLOCK, lambda: [host.landlock_finding(self.world.machine.landlock())]),
            (Subject.APPARMOR, self._apparmor),
            (Subject.CGROUPS, lambda: [host.cgroups_finding(self.world.machine.cgroups())]),
            (Subject.MEMORY, self._memory),
        )
        yield Question(subject=Subject.PRIVILEGE, look=self._privilege, remedy="call it with sudo")
        for subject, look in looks:
            yield Question(subject=subject, look=look, remedy="boot another kernel")
        remedy, needs = "apt-get install iproute2 nftables", (Subject.PRIVILEGE,)
        yield Question(subject=Subject.LINKS, look=self._links, remedy=remedy, needs=needs)

    def _of_docker(self) -> Iterator[Question]:
        remedy = "systemctl start docker; see docker in node.toml"
        yield Question(subject=Subject.DOCKERD, look=self._dockerd, remedy=remedy, needs=(Subject.PRIVILEGE,))
        yield Question(subject=Subject.IMAGE, look=self._image, remedy=remedy, needs=(Subject.DOCKERD,))

    def _of_network(self) -> Iterator[Question]:
        needs = (Subject.PRIVILEGE, Subject.DOCKERD)
        yield Question(subject=Subject.NETWORK, look=self._network, remedy=UP, needs=needs)
        after = (Subject.NETWORK,)
        yield Question(subject=Subject.WAY_OUT, look=self._way_out, remedy=UP, needs=after)
        yield Question(subject=Subject.LEAK_TARGETS, look=self._leak_targets, remedy="see leak_targets")

    def _of_condor(self) -> Iterator[Question]:
        privileged = (Subject.PRIVILEGE,)
        yield Question(subject=Subject.RUN_DIR, look=self._run_dir, remedy="see run_dir", needs=privileged)
        yield Question(subject=Subject.GUARD, look=self._guard, remedy="see the guard's mode")
        yield Question(subject=Subject.BINDINGS, look=self._bindings, remedy="install the wheel `htcondor` beside us")
        known, remedy = (Subject.BINDINGS,), "condor_config_val -verbose STARTD"
        yield Question(subject=Subject.NAMES, look=self._names, remedy="mend /etc/resolv.conf")
        yield Question(subject=Subject.STARTD, look=self._startd, remedy=remedy, needs=known)
        yield Question(subject=Subject.BACKOFF, look=self._backoff, remedy=remedy, needs=known)
        needs = (*known, *privileged)
        yield Question(subject=Subject.SPOOL, look=self._spool, remedy="see spool in node.toml", needs=needs)
        remedy = f"systemctl status {self.settings.condor_service}"
        yield Question(subject=Subject.DROP_IN, look=self._drop_in, remedy=remedy)

    def _of_pools(self) -> Iterator[Question]:
        tokens, remedy = (Subject.TOKENS,), "systemctl start condor on the central manager"
        known = (Subject.BINDINGS, Subject.PRIVILEGE)
        there = (Subject.HOME_COLLECTOR,)
        yield Question(subject=Subject.TOKENS, look=self._tokens, remedy="see SEC_TOKEN_SYSTEM_DIRECTORY", needs=known)
        yield Question(
            subject=Subject.HOME_COLLECTOR, look=self._collector, remedy=remedy, needs=known, blames=tokens
        )
        yield Question(subject=Subject.CLOCK, look=self._clock, remedy=remedy, needs=there)
        yield Question(subject=Subject.HOME_RIGHTS, look=self._rights, remedy=remedy, needs=there)
        yield Question(subject=Subject.TRUSTED_KEYS, look=self._trust, remedy="see trusted_keys", needs=there)
        yield Question(subject=Subject.KEEPER, look=self._keeper, remedy=remedy, needs=(*there, Subject.RUN_DIR))
        yield Question(subject=Subject.FLOCK_COLLECTOR, look=self._flock_pool, remedy="see flock_pool")
        needs = (Subject.FLOCK_COLLECTOR, *known)
        yield Question(subject=Subject.FLOCK_TOKEN, look=self._flock_token, remedy="see token", needs=needs)

    # -- machine ------------------------------------------------------------------------------------------------------

    def _privilege(self) -> Iterator[Finding]:
        yield host.privilege_finding(is_root=self.world.is_root, why="ask dockerd, netfilter and the keeper's files")

    def _namespaces(self) -> Iterator[Finding]:
        yield host.namespaces_finding(self.world.machine.user_namespaces(), self.settings.profile)

    def _apparmor(self) -> Iterator[Finding]:
        yield host.apparmor_finding(self.settings.apparmor, self.world.machine.apparmor())

    def _links(self) -> Iterator[Finding]:
        yield host.links_finding(self.world.machine.links_problem(vlan=bool(self.settings.link)))

    def _memory(self) -> Iterator[Finding]:
        machine = self.world.machine
        yield host.memory_finding(self.settings, machine.memory_mib(), machine.swap_mib())

    def _dockerd(self) -> Iterator[Finding]:
        facts = self.world.engine.facts()
        yield host.dockerd_finding(facts, engine_problem(self.settings, facts))
        yield host.storage_finding(facts.storage)
        yield host.live_restore_finding(is_on=facts.live_restore)

    def _image(self) -> Iterator[Finding]:
        images = self.settings.images
        problem = self.world.engine.image_problem(frozenset(images))
        lacking = self.world.images.lacks(images) if problem and self.world.images else ""
        yield host.image_finding(problem, self.settings.registry, lacking)

    # -- network ------------------------------------------------------------------------------------------------------

    def _network(self) -> Iterator[Finding]:
        settings = self.settings
        good = f"{settings.parent}, {settings.network} and the host guard are as the settings have them"
        yield host.clause_finding(Subject.NETWORK, self.world.network.problem(), good, UP)

    def _way_out(self) -> Iterator[Finding]:
        settings = self.settings
        found = self.world.way_out.answerer(
            settings.parent, settings.gateway, settings.flock_mac, settings.flock_address
        )
        yield host.way_out_finding(settings.gateway, found)

    def _leak_targets(self) -> Iterator[Finding]:
        problem = self.world.checks.silent_targets()
        good = f"{', '.join(self.settings.leak_targets) or 'none'} answer this host"
        yield host.clause_finding(Subject.LEAK_TARGETS, problem, good, "see leak_targets in node.toml")

    # -- HTCondor -----------------------------------------------------------------------------------------------------

    def _run_dir(self) -> Iterator[Finding]:
        yield host.run_dir_finding(self.settings.run_dir, self.world.files.seen(self.settings.run_dir))

    def _spool(self) -> Iterator[Finding]:
        path, files = self.settings.spool, self.world.files
        configured = self.world.home.parameters((SPOOL_LOG,)).get(SPOOL_LOG, "")
        yield host.spool_finding(path, files.seen(path), files.room(path), configured)

    def _guard(self) -> Iterator[Finding]:
        files = self.world.files
        source = files.seen(self.guard_source, digest=True)
        digest = source.digest if source else ""
        yield startd.guard_finding(GUARD, files.seen(GUARD, digest=True), self.guard_source, digest)

    def _bindings(self) -> Iterator[Finding]:
        yield daemon.bindings_finding(self.world.bindings())

    def _names(self) -> Iterator[Finding]:
        settings = self.settings
        registry = settings.registry.partition("/")[0]
        yield from names_in(self.world.services, (settings.collector, settings.flock_pool, registry))

    def _startd(self) -> Iterator[Finding]:
        machine, configured = self.world.machine, self.world.home.parameters(("STARTD",)).get("STARTD", "")
        running = machine.running_startds()
        holder = machine.holder(f"{self.settings.run_dir}/share/host.lock")
        yield startd.startd_finding(configured, GUARD, [pid for pid in running if pid != holder])

    def _backoff(self) -> Iterator[Finding]:
        yield startd.backoff_finding(self.world.home.parameters(startd.BACKOFF))

    def _drop_in(self) -> Iterator[Finding]:
        unit = self.settings.condor_service
        seen = self.world.machine.unit(f"{unit}.service", ("Restart", "RestartUSec", "KillMode"))
        yield startd.drop_in_finding(seen, unit)

    # -- pools --------------------------------------------------------------------------------------------------------

    def _tokens(self) -> Iterator[Finding]:
        known = self.world.home.parameters(TOKEN_DIRECTORIES)
        directory = next((known[name] for name in TOKEN_DIRECTORIES if known.get(name)), USUAL_TOKENS)
        names = token_files(self.world.files.names(directory))
        yield from no_token_files(directory, names)
        paths = [f"{directory}/{name}" for name in names]
        yield from every_token(paths, self.world.files, ROOT, self.world.clock.wall_s())

    def _token(self, subject: Subject, path: str) -> Iterator[Finding]:
        seen, text = self.world.files.seen(path), self.world.files.text(path)
        yield from token_findings(subject, path, seen, text, uid=ROOT, now_s=self.world.clock.wall_s())

    def _collector(self) -> Iterator[Finding]:
        configured = self.world.home.parameters((COLLECTOR_HOST,)).get(COLLECTOR_HOST, COLLECTOR_HOST)
        address = self.settings.collector or configured
        yield pool.collector_finding(Subject.HOME_COLLECTOR, address, self.world.home.about(), young_s=0.0)

    def _clock(self) -> Iterator[Finding]:
        yield pool.clock_finding(self.world.home.about().ahead_s, self.settings.skew_s, "this host's")

    def _rights(self) -> Iterator[Finding]:
        found = self.world.home.authority(pool.NEEDED_BY_KEEPER)
        yield pool.rights_finding(Subject.HOME_RIGHTS, pool.NEEDED_BY_KEEPER, found, "home pool")

    def _trust(self) -> Iterator[Finding]:
        yield from startd.trust_findings(self.world.trusted_keys(), self.world.home.page_keys(self.settings.host))

    def _keeper(self) -> Iterator[Finding]:
        pid = self.world.machine.holder(f"{self.settings.run_dir}/keeper.lock")
        now_s = self.world.clock.wall_s() + self.world.home.about().ahead_s
        report = self.world.home.keeper(self.settings.host)
        yield startd.keeper_finding(report, pid, now_s=now_s, report_s=self.settings.report_s)

    def _flock_pool(self) -> Iterator[Finding]:
        place = self.settings.flock_pool
        if place:
            yield startd.flock_pool_finding(place, self.world.services.tcp_problem(place))

    def _flock_token(self) -> Iterator[Finding]:
        path = self.settings.token
        found = list(self._token(Subject.FLOCK_TOKEN, path))
        yield from found
        token = self.world.files.text(path).strip()
        if all(one.state is not State.WRONG for one in found) and self.settings.flock_pool:
            rights = [*pool.NEEDED_BY_CONTAINER, *pool.CONTAINER_SURPLUS]
            authority = self.world.flock.authority(rights, token)
            yield from pool.container_token_findings(self.settings.flock_name, authority, self.settings.flock_pool)
