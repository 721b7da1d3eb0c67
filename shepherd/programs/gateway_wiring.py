"""The gateway put together: settings in, a loop with real edges out. Names every edge the gateway uses."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import shepherd
from shepherd.core.firewall.gateway import MARK, gateway_rules
from shepherd.core.gateway_rules import gateway_problems
from shepherd.edges.log import make_log
from shepherd.edges.netlink import legs
from shepherd.edges.netlink_routing import PolicyRouting
from shepherd.edges.nft import Nft
from shepherd.edges.recorder_process import RecorderProcess
from shepherd.edges.settings_file import read_gateway_settings, vlan_in
from shepherd.edges.sysctl import ProcSys
from shepherd.edges.systemd import Notifier
from shepherd.edges.trial import KernelTrial
from shepherd.errors import ShepherdError, UsageError
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.trial import Outcome, Packet
from shepherd.programs import flow_wiring
from shepherd.programs.flow_watchman import FlowWatchman, Recorded
from shepherd.programs.gateway import Gateway
from shepherd.programs.serve import Signals, serve
from shepherd.programs.steady import Steady

NFT_S = 20.0
"""Deadline of one call of nft."""
TRIAL_S = 30.0


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
        return self._gateway(self._settings).apply()

    def run(self) -> None:
        """Serve until TERM."""
        signals, watchdog = Signals(), Notifier(os.environ)
        signals.install()
        self._log("gateway started", vlan=self._settings.vlan, version=shepherd.__version__)
        watchman = FlowWatchman(RecorderProcess(self._path), self._log)
        loop = self._steady(self._gateway(self._settings), watchman, watchdog)

        def reload() -> Steady:
            settings = read_gateway_settings(self._path, gateway_problems)
            gateway = self._gateway(settings)
            gateway.apply()
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

    def _steady(self, gateway: Gateway, watchman: FlowWatchman, watchdog: Notifier) -> Steady:
        return Steady(Recorded(gateway, watchman), watchdog, self._log)

    def _gateway(self, settings: GatewaySettings) -> Gateway:
        return Gateway(settings, Nft(NFT_S), PolicyRouting(), ProcSys(), self._log)
