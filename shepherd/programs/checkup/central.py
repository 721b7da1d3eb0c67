"""The central manager: what `shepherd run` needs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from shepherd.core.checkup import daemon, listening, pool
from shepherd.core.checkup.tokens import no_token_files, token_files
from shepherd.core.metrics.gauges import late_s
from shepherd.core.monitoring.names import sample_of
from shepherd.core.naming import pair_hosts
from shepherd.errors import CommandFailed, PoolUnavailable
from shepherd.model.checkup import Authority, QueueSeen, Version
from shepherd.model.finding import Finding, Subject, ok
from shepherd.model.host import HostPair
from shepherd.model.settings import PolicyKind, Settings
from shepherd.ports import Clock, Pool
from shepherd.ports_checkup import Files, Listening, Machine, MonitoringAccount, Orders, Services, Witness
from shepherd.programs.checkup.look import Question
from shepherd.programs.checkup.names import names_in
from shepherd.programs.checkup.token_files import every_token

COLLECTOR_HOST = "COLLECTOR_HOST"
UNIT, DASHBOARD_UNIT = "shepherd.service", "shepherd-web.service"
FIGURES, SOURCES = "/metrics", "/sources"
"""What the daemon and the dashboard are asked for."""
TOKEN_DIRECTORY = "SEC_TOKEN_DIRECTORY"  # noqa: S105 - a setting's name


AS_DAEMON = (Subject.ACCOUNT, Subject.BINDINGS)
"""Whatever a pool says is about whoever asks."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom the daemon runs as."""

    now: str
    """The user who asks."""
    daemon: str
    """Empty: nobody knows."""
    uid: int
    """The daemon's."""
    home: str
    """Its home directory."""
    may_look: bool = True
    """Whether whoever asks is root, or may look at everything that is the daemon's."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What is looked at. `bindings`: version of HTCondor's bindings; raises CommandFailed."""

    clock: Clock
    pool: Pool
    home: Witness
    flock: Witness
    orders: Orders
    files: Files
    machine: Machine
    services: Services
    listening: Listening
    bindings: Callable[[], Version]
    key_id: Callable[[str], str]
    """Id of the private key in a file; raises SettingsError."""
    daemon_pid: Callable[[str], int | None]
    """Process that writes the ledger below a state directory; None: nobody. Raises LedgerUnavailable."""
    monitoring: MonitoringAccount | None


@dataclass
class Central:
    """One look at everything. The questions share what the first of them learn."""

    settings: Settings
    world: World
    account: Account
    version: str
    """Ours."""
    _bindings_version: Version = ()
    _key_id: str = ""
    _key_is_fine: bool = False
    _pairs: tuple[HostPair, ...] = ()
    _hosts: frozenset[str] = frozenset()
    _reachable: str = ""
    """A host whose startd was heard lately; empty while all are lent."""

    def before(self) -> Iterator[Question]:
        """What only root can look at, and whether we are."""
        yield Question(subject=Subject.ACCOUNT, look=self._account, remedy="call it with sudo")
        ours = (Subject.ACCOUNT,)
        file, state = self.settings.flockoff.path, self.settings.paths.state
        yield Question(
            subject=Subject.FLOCKOFF,
            look=self._flockoff,
            remedy=f"can {state} and the directory of {file} be read?",
            needs=ours,
        )
        yield Question(subject=Subject.LEASE_KEY, look=self._lease_key_file, remedy="see lease.key", needs=ours)
        if self.world.monitoring is not None:
            remedy = "is it up, and are address, CA and password in [icinga] right?"
            yield Question(subject=Subject.MONITORING, look=self._monitoring, remedy=remedy, needs=ours)

    def questions(self) -> Iterator[Question]:
        """What is looked at as the daemon's user."""
        yield from self._here()
        yield from self._at_home()
        yield from self._in_flock()

    def _here(self) -> Iterator[Question]:
        yield Question(subject=Subject.BINDINGS, look=self._bindings, remedy="install the wheel `htcondor` beside us")
        yield Question(subject=Subject.NAMES, look=self._names, remedy="mend /etc/resolv.conf")
        yield Question(subject=Subject.TOOLS, look=self._tools, remedy="mend HTCondor's installation")
        yield Question(subject=Subject.STATE, look=self._state, remedy="see paths.state")
        yield Question(subject=Subject.INTENTS, look=self._intents, remedy="see paths.intents")
        yield Question(subject=Subject.RECORD, look=self._record, remedy="see [trace]")
        yield Question(subject=Subject.TOKENS, look=self._tokens, remedy=f"see {TOKEN_DIRECTORY}", needs=AS_DAEMON)
        yield Question(subject=Subject.LEASE_KEY, look=self._lease_key, remedy="see `shepherd key --help`")
        ours = (Subject.ACCOUNT,)
        yield Question(subject=Subject.METRICS, look=self._metrics, remedy="see metrics.listen", needs=ours)
        yield Question(subject=Subject.DASHBOARD, look=self._dashboard, remedy="see web.listen")

    def _at_home(self) -> Iterator[Question]:
        collector, there = Subject.HOME_COLLECTOR, (Subject.HOME_COLLECTOR,)
        remedy = "see home.collector in shepherd.toml"
        looks = (
            (Subject.CLOCK, self._clock), (Subject.HOME_RIGHTS, self._home_rights),
            (Subject.HOME_SURPLUS, self._home_surplus), (Subject.SCHEDDS, self._schedds),
            (Subject.QUEUES, self._queues), (Subject.HOSTS, self._host),
        )  # fmt: skip
        yield Question(
            subject=collector,
            look=self._home_collector,
            remedy="systemctl start condor there",
            needs=AS_DAEMON,
            blames=(Subject.TOKENS,),
        )
        for subject, look in looks:
            yield Question(subject=subject, look=look, remedy=remedy, needs=there)
        pages = (*there, Subject.LEASE_KEY)
        yield Question(subject=Subject.PAGES, look=self._pages, remedy=remedy, needs=pages)
        if self.world.monitoring is not None:
            asked = (Subject.HOSTS, Subject.MONITORING)
            remedy = "is it up, and are address, CA and password in [icinga] right?"
            yield Question(subject=Subject.MONITORING, look=self._checks, remedy=remedy, needs=asked)
        known, remedy = (Subject.HOSTS,), "see home.collector in shepherd.toml"
        yield Question(subject=Subject.KEEPERS, look=self._keepers, remedy=remedy, needs=known)
        orders = (Subject.HOSTS, Subject.HOME_RIGHTS, Subject.TOOLS)
        yield Question(subject=Subject.HOME_ORDERS, look=self._home_orders, remedy=remedy, needs=orders)

    def _in_flock(self) -> Iterator[Question]:
        collector, there = Subject.FLOCK_COLLECTOR, (Subject.FLOCK_COLLECTOR,)
        remedy = "see flock.collector in shepherd.toml"
        yield Question(
            subject=collector,
            look=self._flock_collector,
            remedy="systemctl start shepherd-flock-pool there",
            needs=AS_DAEMON,
            blames=(Subject.TOKENS,),
        )
        looks = (
            (Subject.NEGOTIATOR, self._negotiator, there),
            (Subject.TRUST_DOMAIN, self._trust_domain, (*there, Subject.HOME_COLLECTOR)),
            (Subject.FLOCK_RIGHTS, self._flock_rights, there),
            (Subject.FLOCK_SURPLUS, self._flock_surplus, there),
        )
        for subject, look, needs in looks:
            yield Question(subject=subject, look=look, remedy=remedy, needs=needs)
        orders = (Subject.FLOCK_RIGHTS, Subject.TOOLS)
        yield Question(subject=Subject.FLOCK_ORDERS, look=self._flock_orders, remedy=remedy, needs=orders)

    # -- here ---------------------------------------------------------------------------------------------------------

    def _account(self) -> Iterator[Finding]:
        yield daemon.account_finding(self.account.now, self.account.daemon)

    def _record(self) -> Iterator[Finding]:
        yield from daemon.record_findings(self.settings.trace)

    def _bindings(self) -> Iterator[Finding]:
        self._bindings_version = self.world.bindings()
        yield daemon.bindings_finding(self._bindings_version)

    def _names(self) -> Iterator[Finding]:
        yield from names_in(self.world.services, (self.settings.home.collector, self.settings.flock.collector))

    def _tools(self) -> Iterator[Finding]:
        version, said = self.world.orders.version()
        yield daemon.tools_finding(version, said, self.settings.paths.tools)

    def _flockoff(self) -> Iterator[Finding]:
        path = self.settings.flockoff.path
        directory = str(PurePosixPath(path).parent)
        is_there = self.world.files.seen(directory) is not None
        pid = self.world.daemon_pid(self.settings.paths.state)
        same = self.world.machine.sees_same(pid, directory) if pid and is_there else None
        enabled = self.world.machine.enabled(UNIT)
        yield daemon.flockoff_finding(path, pid, is_there=is_there, same=same, enabled=enabled)

    def _state(self) -> Iterator[Finding]:
        path, files = self.settings.paths.state, self.world.files
        yield daemon.state_finding(path, files.seen(path), files.room(path), self.account.uid)

    def _intents(self) -> Iterator[Finding]:
        path = self.settings.paths.intents
        yield daemon.intents_finding(path, self.world.files.seen(path))

    def _tokens(self) -> Iterator[Finding]:
        known = self.world.home.parameters((TOKEN_DIRECTORY,))
        directory = known.get(TOKEN_DIRECTORY) or f"{self.account.home}/.condor/tokens.d"
        names, now_s = token_files(self.world.files.names(directory)), self.world.clock.wall_s()
        yield from no_token_files(directory, names)
        yield from every_token([f"{directory}/{name}" for name in names], self.world.files, self.account.uid, now_s)

    def _lease_key_file(self) -> Iterator[Finding]:
        """The file. A key that is root's is read now, the daemon's own as the daemon."""
        path = self.settings.lease.key
        try:
            seen = self.world.files.seen(path)
        except CommandFailed:
            if self.account.may_look:
                raise
            yield daemon.unseen_finding(Subject.LEASE_KEY, path, self.account.now)
            return
        handed_over = self.world.machine.credentials(UNIT)
        if problem := daemon.lease_key_problem(path, seen, self.account.uid, handed_over):
            yield problem
            return
        self._key_is_fine = True
        if seen is not None and seen.uid == 0:
            self._key_id = self.world.key_id(path)

    def _lease_key(self) -> Iterator[Finding]:
        path = self.settings.lease.key
        if self._key_is_fine:
            self._key_id = self._key_id or self.world.key_id(path)
            yield daemon.lease_key_finding(path, self._key_id)

    def _metrics(self) -> Iterator[Finding]:
        listen, textfile = self.settings.metrics.listen, self.settings.metrics.textfile
        if not listen:
            yield ok(Subject.METRICS, f"nobody listens, as metrics.listen says; {textfile or 'no file'} is written")
            return
        seen, pid = self.world.listening.seen(listen, FIGURES), self.world.daemon_pid(self.settings.paths.state)
        late = late_s(self.settings.timers)
        yield listening.metrics_finding(listen, seen, pid, late, self.world.clock.wall_s())

    def _dashboard(self) -> Iterator[Finding]:
        listen = self.settings.web.listen
        seen, enabled = self.world.listening.seen(listen, SOURCES), self.world.machine.enabled(DASHBOARD_UNIT)
        yield listening.web_finding(listen, seen, enabled=enabled)

    def _pages(self) -> Iterator[Finding]:
        if not self._key_id:
            yield daemon.unseen_finding(Subject.PAGES, self.settings.lease.key, self.account.now)
            return
        yield daemon.pages_finding(self._key_id, self.world.home.page_keys(""))

    def _monitoring(self) -> Iterator[Finding]:
        if self.world.monitoring is not None:
            yield daemon.monitoring_finding(self.world.monitoring.address, self.world.monitoring.lacking())

    def _checks(self) -> Iterator[Finding]:
        if (monitoring := self.world.monitoring) is not None:
            asked = sample_of(self._pairs, self.settings.icinga)
            unseen = monitoring.unseen([name for names in asked.values() for name in names])
            yield daemon.checks_finding(monitoring.address, asked, unseen)

    # -- home ---------------------------------------------------------------------------------------------------------

    def _home_collector(self) -> Iterator[Finding]:
        seen, address = self.world.home.about(), self.settings.home.collector
        address = address or self.world.home.parameters((COLLECTOR_HOST,)).get(COLLECTOR_HOST, COLLECTOR_HOST)
        young_s = self.settings.timers.young_collector_s
        yield pool.collector_finding(Subject.HOME_COLLECTOR, address, seen, young_s)
        older = daemon.bindings_finding(self._bindings_version, seen.version)
        if older.remedy:
            yield older

    def _clock(self) -> Iterator[Finding]:
        yield pool.clock_finding(self.world.home.about().ahead_s, pool.SHEPHERD_CLOCK_S, "ours")

    def _home_rights(self) -> Iterator[Finding]:
        found = self.world.home.authority(pool.NEEDED_AT_HOME)
        yield pool.rights_finding(Subject.HOME_RIGHTS, pool.NEEDED_AT_HOME, found, "home pool")

    def _home_surplus(self) -> Iterator[Finding]:
        found = self.world.home.authority(pool.SURPLUS)
        yield pool.surplus_finding(Subject.HOME_SURPLUS, pool.SURPLUS, found, "home pool")

    def _schedds(self) -> Iterator[Finding]:
        home = self.settings.home
        yield from pool.schedd_findings(home.schedds, home.schedd_identities, self.world.home.schedds())

    def _queues(self) -> Iterator[Finding]:
        """Of the schedds that are there; `threshold` only asks the collector how many jobs are idle."""
        home, there = self.settings.home, self.world.home.schedds()
        for name in home.schedds if self.settings.policy.kind is not PolicyKind.THRESHOLD else ():
            if there.get(name) in home.schedd_identities:
                yield pool.queue_finding(name, self._queue(name))

    def _queue(self, name: str) -> QueueSeen:
        try:
            return self.world.home.queue(name, self.settings.home.schedd_identities)
        except PoolUnavailable:
            return QueueSeen(problem="no answer in time")

    def _host(self) -> Iterator[Finding]:
        """Those that are lent have no startd in the home pool, but a master."""
        startds, masters = self.world.pool.regular_startds(None), self.world.pool.regular_masters(None)
        named = {str(pair.host) for pair in pair_hosts(map(str, masters), self.settings.hosts).pairs}
        pairing = pair_hosts({*map(str, startds), *named}, self.settings.hosts)
        self._pairs = pairing.pairs
        self._hosts = frozenset(pair.host for pair in pairing.pairs)
        ready = {name: seen for name, seen in startds.items() if name in self._hosts and not seen.draining}
        self._reachable = max(ready, key=lambda name: ready[name].heard_at_s, default="")
        yield pool.host_finding(pairing)

    def _keepers(self) -> Iterator[Finding]:
        found = {str(host): report for host, report in self.world.pool.keepers(None).items()}
        yield from pool.keeper_findings(self._hosts, found, self.version)

    def _home_orders(self) -> Iterator[Finding]:
        if not self._reachable:
            yield pool.no_order_finding(Subject.HOME_ORDERS)
        else:
            slot = self.world.home.slot(self._reachable)
            problem = self.world.orders.problem(slot, self.settings.home.collector)
            yield pool.order_finding(Subject.HOME_ORDERS, f"the startd of {self._reachable}", problem)

    # -- flock --------------------------------------------------------------------------------------------------------

    def _flock_collector(self) -> Iterator[Finding]:
        seen, young_s = self.world.flock.about(), self.settings.timers.young_collector_s
        yield pool.collector_finding(Subject.FLOCK_COLLECTOR, self.settings.flock.collector, seen, young_s)

    def _negotiator(self) -> Iterator[Finding]:
        yield pool.negotiator_finding(self.world.flock.negotiators(), self.settings.flock.collector)

    def _flock(self) -> Authority:
        return self.world.flock.authority([*pool.NEEDED_IN_FLOCK, *pool.SURPLUS])

    def _trust_domain(self) -> Iterator[Finding]:
        home = self.world.home.authority(["READ"]).trust_domain
        yield pool.trust_domain_finding(home, self._flock().trust_domain)

    def _flock_rights(self) -> Iterator[Finding]:
        yield pool.rights_finding(Subject.FLOCK_RIGHTS, pool.NEEDED_IN_FLOCK, self._flock(), "flock pool")

    def _flock_surplus(self) -> Iterator[Finding]:
        yield pool.surplus_finding(Subject.FLOCK_SURPLUS, pool.SURPLUS, self._flock(), "flock pool")

    def _flock_orders(self) -> Iterator[Finding]:
        names: Sequence[str] = sorted(self.world.pool.flock_startds(None))
        for name in names[:1]:
            problem = self.world.orders.problem(self.world.flock.slot(name), self.settings.flock.collector)
            yield pool.order_finding(Subject.FLOCK_ORDERS, f"the startd of {name}", problem)
