"""The gateway put together: settings in, a loop with real edges out. Names every edge the gateway uses."""

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import shepherd
from shepherd.core.firewall.gateway import MARK, gateway_rules
from shepherd.core.settings.gateway import gateway_problems
from shepherd.edges.clock import SystemClock
from shepherd.edges.conntrack.cut import Conntrack
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.htcondor.stop_link import StopLink
from shepherd.edges.kept_file import KeptFile
from shepherd.edges.log import make_log
from shepherd.edges.netlink import legs
from shepherd.edges.netlink_routing import PolicyRouting
from shepherd.edges.nft import Nft
from shepherd.edges.recorder_process import RecorderProcess
from shepherd.edges.settings_file import read_gateway_settings, vlan_in
from shepherd.edges.signing import PageVerifier
from shepherd.edges.sysctl import ProcSys
from shepherd.edges.systemd import Notifier
from shepherd.edges.trial import KernelTrial
from shepherd.errors import ShepherdError, UsageError
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.trial import Outcome, Packet
from shepherd.ports import Log
from shepherd.programs import flow_wiring
from shepherd.programs.flow.watchman import FlowWatchman, Recorded
from shepherd.programs.gateway.gateway import Gateway
from shepherd.programs.gateway.loop import GatewayLoop
from shepherd.programs.gateway.stops import GatewayStops, page_problem
from shepherd.programs.gateway.stops import Parts as StopParts
from shepherd.programs.serve import Signals, serve
from shepherd.programs.steady import Steady

NFT_S = 20.0
"""Deadline of one call of nft."""
TRIAL_S = 30.0
"""Deadline of the trial of one packet, `explain flow`."""
QUESTION_S = 5.0
"""Deadline of one question to the home collector. Then the worker process is killed."""


def bar(path: Path) -> None:
    """Whatever else is wrong with the settings, nothing is forwarded from the VLAN that they name unless rules of ours
    have marked it: a router that boots with wrong settings would let guests through. Raises nothing."""
    with contextlib.suppress(ShepherdError):
        PolicyRouting().bar(vlan_in(path), MARK)


class GatewayProgram:
    """One gateway and the means to reload it. Raises SettingsError if the settings are wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = make_log()
        self._settings = read_gateway_settings(path, gateway_problems)
        self._link: StopLink | None = None

    def rules(self) -> str:
        """The rules of the settings, for nft."""
        return gateway_rules(self._settings)

    @property
    def vlan(self) -> str:
        """Name of the VLAN's interface."""
        return self._settings.vlan

    def explain(self, packet: Packet) -> Outcome:
        """What the rules in force do with a packet. Raises CommandFailed, UsageError."""
        world = legs()
        if packet.interface not in {leg.interface for leg in world}:
            raise UsageError(f"there is no interface {packet.interface} with an IPv4 address that is up")
        return KernelTrial(TRIAL_S).run(world, Nft(NFT_S).everything(), [packet], trace=True)

    def apply(self) -> tuple[str, ...]:
        """Bring everything into force once; what was changed."""
        return self._gateway(self._settings, self._stops(self._settings)).apply()

    def run(self) -> None:
        """Serve until TERM."""
        signals, watchdog = Signals(), Notifier(os.environ)
        signals.install()
        self._log("gateway started", vlan=self._settings.vlan, version=shepherd.__version__)
        watchman = FlowWatchman(RecorderProcess(self._path), self._log)
        loop = self._steady(self._loop(self._settings), watchman, watchdog)

        def reload() -> Steady:
            settings = read_gateway_settings(self._path, gateway_problems)
            old, gateway = self._link, self._loop(settings)
            gateway.tick()
            if old is not None:
                in_thread(old.close)
            self._settings = settings
            watchman.want(wanted=bool(settings.spool))
            return self._steady(gateway, watchman, watchdog)

        watchman.want(wanted=bool(self._settings.spool))
        try:
            serve(loop, signals=signals, watchdog=watchdog, log=self._log, reload=reload)
        finally:
            watchman.stop()

    def record(self, buffer_bytes: int, say: Callable[[str], None]) -> None:
        """Record connections until standard input ends, and say each turn how it is. Raises CommandFailed, and
        UsageError if the settings want none recorded."""
        if not self._settings.spool:
            raise UsageError(f"{self._path}: spool is empty: no connections are recorded")
        flow_wiring.record(self._settings, buffer_bytes, say)

    def _steady(self, gateway: GatewayLoop, watchman: FlowWatchman, watchdog: Notifier) -> Steady:
        return Steady(Recorded(gateway, watchman), watchdog, self._log)

    def _gateway(self, settings: GatewaySettings, stops: GatewayStops | None = None) -> Gateway:
        return Gateway(settings, Nft(NFT_S), PolicyRouting(), ProcSys(), self._log, stops)

    def _loop(self, settings: GatewaySettings) -> GatewayLoop:
        """Rules and stops. Raises SettingsError if a trusted key cannot be read."""
        stops = self._stops(settings)
        return GatewayLoop(self._gateway(settings, stops), stops, SystemClock())

    def _stops(self, settings: GatewaySettings) -> GatewayStops | None:
        """None if the settings name no key. Raises SettingsError if one cannot be read."""
        self._link = link_of(settings) if settings.trusted_keys else None
        return stops_of(settings, self._link, self._log) if self._link is not None else None


def stops_of(settings: GatewaySettings, link: StopLink, log: Log) -> GatewayStops:
    """The reading of pages. Raises SettingsError."""
    verifier = PageVerifier.from_files([Path(file) for file in settings.trusted_keys])
    parts = StopParts(
        pages=link,
        verifier=verifier,
        filter=Nft(NFT_S),
        flows=Conntrack(NFT_S),
        kept=KeptFile(Path(settings.state, "stops.json")),
        clock=SystemClock(),
        background=in_thread,
        log=log,
    )
    return GatewayStops(settings, parts)


def page_problem_of(settings: GatewaySettings) -> str:
    """Why no lease page is believed here now; empty if one is. Raises SettingsError."""
    verifier, link = PageVerifier.from_files([Path(file) for file in settings.trusted_keys]), link_of(settings)
    try:
        return page_problem(settings, link, verifier)
    finally:
        link.close()


def link_of(settings: GatewaySettings) -> StopLink:
    """Questions to the home collector."""
    worker = WorkerProcess(
        collector=settings.home_collector,
        condor_config=settings.condor_config,
        name="home collector",
        setting="home_collector",
    )
    return StopLink(home=worker, within_s=QUESTION_S)


def in_thread(work: Callable[[], None]) -> None:
    """`errand.Background`: a thread that no exit waits for."""
    threading.Thread(target=work, daemon=True).start()
