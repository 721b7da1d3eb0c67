"""The keeper put together: settings in, a loop with real edges out. Names every edge the keeper uses."""

import contextlib
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import shepherd
from shepherd.core.container.record import from_json
from shepherd.core.container.spec import FIRST_SLOT_UID, LEAK_CHECK_UID, TRACE, with_share
from shepherd.core.firewall.pilot_guard import BANNED, TABLE, pilot_rules
from shepherd.core.keeper import lend as lends
from shepherd.core.lease import memory as memories
from shepherd.core.lease.judge import Here
from shepherd.core.settings.forms import Problem
from shepherd.core.settings.node import node_problems
from shepherd.core.trace import lines
from shepherd.edges.arp import ArpProbe
from shepherd.edges.clock import SystemClock
from shepherd.edges.docker.engine import DockerEngine
from shepherd.edges.evidence.store import EvidenceDirectory
from shepherd.edges.htcondor.flock_tokens import FlockTokens
from shepherd.edges.htcondor.keeper_link import KeeperLink
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.htcondor.tool import Tools
from shepherd.edges.job_files import HostJobFiles
from shepherd.edges.kernel.jobs import ContainerJobs
from shepherd.edges.kernel.processes import HostKernel, memory_mib
from shepherd.edges.log import make_log
from shepherd.edges.netlink import Netlink
from shepherd.edges.nft import Nft
from shepherd.edges.reach import NetworkReach
from shepherd.edges.run_dir import HostRunDir
from shepherd.edges.secret_file import read_login
from shepherd.edges.settings_file import read_node_settings
from shepherd.edges.shield import NamespaceShield, NoShield
from shepherd.edges.signing import PageVerifier
from shepherd.edges.site_logger import SiteLogger
from shepherd.edges.sysctl import ProcSys
from shepherd.edges.systemd import Notifier
from shepherd.edges.trace_spool.memory import FileMemory
from shepherd.edges.trace_spool.writer import Spooling, TraceSpool
from shepherd.errors import CommandFailed, LeaseRefused, SettingsError, ShepherdError
from shepherd.model.container import Profile
from shepherd.model.host import HostName, Nonce
from shepherd.model.node_settings import NodeSettings
from shepherd.model.syslog import logger_address
from shepherd.ports import Log
from shepherd.ports_node import NodeFile, Shield
from shepherd.programs.flow_wiring import host_flows, log_shipper
from shepherd.programs.keeper.bans import BanWatch
from shepherd.programs.keeper.checks import Checks
from shepherd.programs.keeper.drain import DrainWatch
from shepherd.programs.keeper.evidence import Evidence
from shepherd.programs.keeper.keeper import Keeper, Parts
from shepherd.programs.keeper.pages import PageReader, Trust
from shepherd.programs.keeper.quarantine import KeeperQuarantine, Means
from shepherd.programs.keeper.report import Reporter
from shepherd.programs.keeper.trace import Recorder, Recording
from shepherd.programs.keeper.yard import Yard
from shepherd.programs.node_audit import NodeAudit
from shepherd.programs.node_network import NodeNetwork, Switch
from shepherd.programs.serve import Signals, serve
from shepherd.programs.steady import Steady
from shepherd.programs.trace.log_shipper import LogShipper

QUESTION_S = 20.0
"""Deadline of one question to, or report for, the home collector. Then the worker process is killed."""
NFT_S = 10.0
"""Deadline of one call of nft."""
FIXED = {
    "run_dir": "restart the keeper when nothing is lent here",
    **dict.fromkeys(("spool", "logger", "logger_ca_file"), "restart the keeper"),
}
"""Settings that cannot change by reload, and how they can."""
CONDORS_GROUP = "condor"
"""HTCondor's master hands segments out by its own account."""
LOCAL_S = 5.0
"""The same for this host's own startd: a process of its own asks it, so that a stopped startd delays no page."""


class Node:
    """One running keeper and the means to reload it. Whatever is lent stays lent over reload and restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log: Log = make_log()
        self._settings = settings_in(path)
        self._watchdog = Notifier(os.environ)
        self._links: tuple[KeeperLink, ...] = ()
        self._recorder: Recorder | None = None
        self._switch = Switch()
        self._quarantine: KeeperQuarantine | None = None

    @property
    def network(self) -> NodeNetwork:
        """This host's side of the flock VLAN."""
        return network_of(self._settings)

    @property
    def audit(self) -> NodeAudit:
        """A look at everything that must hold here. Raises CommandFailed if the keeper's record cannot be read."""
        settings = self._settings
        run_dir = run_dir_of(settings)
        text = run_dir.read(NodeFile.LEND)
        return NodeAudit(
            settings=settings,
            engine=docker_of(settings),
            checks=checks_of(settings),
            tokens=tokens_of(settings),
            lend=lends.from_json(text).lend if text else None,
            made=from_json(run_dir.read(NodeFile.SPEC)),
        )

    def run(self) -> None:
        """Serve until TERM. Raises SettingsError, and CommandFailed if the run directory cannot be used."""
        signals = Signals()
        signals.install()
        run_dir = run_dir_of(self._settings)
        run_dir.prepare()
        claim = run_dir.claim()
        self._log("keeper started", host=self._settings.host, version=shepherd.__version__)
        try:
            serve(self._loop(), signals=signals, watchdog=self._watchdog, log=self._log, reload=self._reload)
        finally:
            if self._quarantine is not None:
                self._quarantine.let_go()
            os.close(claim)

    def _loop(self) -> Steady:
        settings, host = self._settings, HostName(self._settings.host)
        verifier = PageVerifier.from_files([Path(file) for file in settings.trusted_keys])
        run_dir = run_dir_of(settings)
        link = link_of(settings, "home collector", QUESTION_S, "collector")
        local = link_of(settings, "own startd", LOCAL_S)
        here = Here(
            host=host, pool=settings.pool, nonce=sound_nonce(run_dir, self._log), images=frozenset(settings.images),
            skew_s=settings.skew_s,
        )  # fmt: skip
        trust = Trust(verifier=verifier, key_ids=verifier.key_ids)
        pages = PageReader(here=here, trust=trust, source=link, run_dir=run_dir, background=in_thread, log=self._log)
        quarantine = self._quarantine_of(settings, run_dir, pages)
        parts = Parts(
            clock=SystemClock(),
            kernel=HostKernel(run_dir.lock),
            run_dir=run_dir,
            pages=pages,
            yard=Yard(
                settings,
                docker_of(settings),
                checks_of(settings, self._switch),
                run_dir,
                tokens_of(settings),
                in_thread,
                job_files_of(settings),
                lambda: read_login(Path(settings.registry_login)) if settings.registry_login else None,
                quarantine.spared,
            ),
            quarantine=quarantine,
            drain=DrainWatch(host, local, in_thread),
            bans=BanWatch(run_dir=run_dir, jobs=guest_jobs(), background=in_thread, log=self._log),
            reporter=Reporter(link, settings.report_s, in_thread, self._log),
            recorder=self._recorder_with(settings),
            log=self._log,
            jitter=lambda: random.uniform(0.8, 1.1),
            version=shepherd.__version__,
        )
        for old in self._links:
            in_thread(old.close)
        self._links, self._quarantine = (link, local), quarantine
        return Steady(Keeper(settings, parts), self._watchdog, self._log)

    def _recorder_with(self, settings: NodeSettings) -> Recorder:
        """The one writer of this process's spool."""
        if self._recorder is None:
            self._recorder = Recorder(settings, recording_of(settings, self._log), in_thread)
        self._recorder.adopt(settings)
        return self._recorder

    def _quarantine_of(self, settings: NodeSettings, run_dir: HostRunDir, pages: PageReader) -> KeeperQuarantine:
        means = Means(
            kernel=HostKernel(run_dir.lock),
            run_dir=run_dir,
            network=network_of(settings, self._switch),
            evidence=evidence_of(settings, self._log),
            pages=pages,
            clock=SystemClock(),
            background=in_thread,
            log=self._log,
            records=self._recorder_with(settings).note,
        )
        return KeeperQuarantine(settings, means)

    def _reload(self) -> Steady:
        """New settings in force, or SettingsError and everything as it was."""
        old, new = self._settings, settings_in(self._path)
        for key, remedy in FIXED.items():
            if getattr(new, key) != getattr(old, key):
                raise SettingsError(file=str(self._path), key=key, problem="cannot change by reload", remedy=remedy)
        self._settings = new
        try:
            return self._loop()
        except ShepherdError:
            self._settings = old
            raise


def settings_in(path: Path) -> NodeSettings:
    """A host's settings, with its share of this host's memory. Raises SettingsError."""
    return with_share(read_node_settings(path, problems_here), memory_mib())


def problems_here(settings: NodeSettings) -> list[Problem]:
    """Everything that is wrong with the settings of a keeper on this very host."""
    return node_problems(with_share(settings, memory_mib()))


def docker_of(settings: NodeSettings) -> DockerEngine:
    """This host's dockerd."""
    return DockerEngine(settings.docker, settings.docker_s)


def evidence_store_of(settings: NodeSettings) -> EvidenceDirectory:
    """Where this host's evidence lies."""
    return EvidenceDirectory(
        Path(settings.evidence), size_mib=settings.evidence_mib, memory_mib=settings.evidence_memory_mib
    )


def evidence_of(settings: NodeSettings, log: Log) -> Evidence:
    """This host's evidence of quarantined containers."""
    return Evidence(settings, docker_of(settings), evidence_store_of(settings), SystemClock(), log)


def network_of(settings: NodeSettings, switch: Switch | None = None) -> NodeNetwork:
    """This host's side of the flock VLAN. `switch`: says whether the container is cut off."""
    return NodeNetwork(
        settings=settings,
        links=Netlink(),
        engine=docker_of(settings),
        rules=Nft(NFT_S),
        kernel=ProcSys(),
        probe=ArpProbe(),
        switch=switch or Switch(cut=is_quarantined(settings)),
    )


def is_quarantined(settings: NodeSettings) -> bool:
    """Whether the keeper cuts a container off just now: nobody else may put the usual rules in its place."""
    with contextlib.suppress(CommandFailed):
        return bool(run_dir_of(settings).read(NodeFile.QUARANTINE))
    return False


def checks_of(settings: NodeSettings, switch: Switch | None = None) -> Checks:
    """Everything that must hold here for a lend."""
    reach = NetworkReach(LEAK_CHECK_UID)
    return Checks(settings, docker_of(settings), reach, network_of(settings, switch), shield_of(settings))


def shield_of(settings: NodeSettings) -> Shield:
    """What is added to a container. The talk's have nothing of it."""
    if settings.profile is Profile.TALK:
        return NoShield()
    return NamespaceShield(jobs_rules(settings), TABLE, NFT_S)


def jobs_rules(settings: NodeSettings) -> str:
    """What holds for jobs in a container: for each slot's account, and for the leak check's right after them."""
    return pilot_rules(FIRST_SLOT_UID, LEAK_CHECK_UID + 1 - FIRST_SLOT_UID, settings.flock_collector)


def guest_jobs() -> ContainerJobs:
    """Jobs in this host's container: accounts are the image's, rules ours."""
    return ContainerJobs(first_uid=FIRST_SLOT_UID, table=TABLE, banned=BANNED, nft_s=NFT_S)


def run_dir_of(settings: NodeSettings) -> HostRunDir:
    """The run directory that the settings name."""
    return HostRunDir(Path(settings.run_dir))


def job_files_of(settings: NodeSettings) -> HostJobFiles:
    """Where containers' startds write about jobs."""
    return HostJobFiles(Path(settings.run_dir, TRACE), settings.trace_mib)


def recording_of(settings: NodeSettings, log: Log) -> Recording:
    """The spool of this host, and all that is written there."""
    place = Path(settings.spool)
    spooling = Spooling(source=settings.host, what="jobs", group=CONDORS_GROUP, spool_bytes=settings.spool_mib << 20)
    return Recording(
        spool=TraceSpool(place, spooling, lines, SystemClock().wall_s),
        files=job_files_of(settings),
        memory=FileMemory(place.with_name("recorder")),
        flows=host_flows(settings.host, settings.flock_address, place),
        clock=SystemClock(),
        log=log,
        shipper=shipper_of(settings),
    )


def shipper_of(settings: NodeSettings) -> LogShipper | None:
    """Who sends the container's logs to the site's logger, if there is one."""
    if not settings.logger:
        return None
    logger = SiteLogger(logger_address(settings.logger), settings.logger_ca_file, wall_s=SystemClock().wall_s)
    return log_shipper(settings.host, logger.send)


def tokens_of(settings: NodeSettings) -> FlockTokens:
    """This host's tokens for the flock pool."""
    tools = Tools(condor_config=settings.condor_config)
    place = Path(settings.run_dir, "minting")
    return FlockTokens(Path(settings.token), settings.flock_pool, settings.token_s, tools, place)


def link_of(settings: NodeSettings, name: str, within_s: float, setting: str = "") -> KeeperLink:
    """Questions by a worker process of their own. `setting`: the key that says where the other side is."""
    worker = WorkerProcess(
        collector=settings.collector, condor_config=settings.condor_config, name=name, setting=setting
    )
    return KeeperLink(home=worker, host=HostName(settings.host), within_s=within_s)


def sound_nonce(run_dir: HostRunDir, log: Log) -> Nonce:
    """This boot's nonce; another one if what was remembered under it is damaged, so that no lease counts twice."""
    nonce = run_dir.nonce()
    try:
        memories.from_json(run_dir.read(NodeFile.SEEN) or memories.to_json(memories.Memory(nonce=nonce)), nonce)
        lends.from_json(run_dir.read(NodeFile.LEND) or lends.to_json(lends.Record()))
    except LeaseRefused as refused:
        log("what was remembered is damaged: all leases so far are worthless", problem=str(refused))
        return run_dir.renew_nonce()
    return nonce


def in_thread(work: Callable[[], None]) -> None:
    """`errand.Background`: a thread that no exit waits for."""
    threading.Thread(target=work, daemon=True).start()
