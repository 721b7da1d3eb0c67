"""The flock VLAN's gateway: what `shepherd gateway run` needs, and what must be in force."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from shepherd.core.checkup import gateway
from shepherd.model.finding import Finding, Subject
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.ports_checkup import Files, Machine, Services
from shepherd.ports_node import Links
from shepherd.programs.checkup.look import Question
from shepherd.programs.gateway.gateway import ROUTING, RULES

NFTABLES, NFTABLES_FILE = "nftables", "/etc/nftables.conf"
OTHERS = {"ufw": "replaces rules when it starts", "firewalld": "replaces rules when it is reloaded"}
PROGRAM, RECORDER = ("gateway", "run"), ("gateway", "record")
UNIT = "shepherd-gateway.service"
Ask = Callable[[str], str]
"""Why a place does not answer; empty if it does."""


class Drifting(Protocol):
    """The gateway's program, as `programs.gateway.gateway.Gateway` has it."""

    def drift(self) -> Sequence[str]:
        """See there."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What is looked at."""

    links: Links
    program: Drifting
    files: Files
    machine: Machine
    services: Services
    page_problem: Callable[[], str]
    """Why no lease page is believed here; empty if one is."""
    cuts_connections: bool
    """The tool that makes the kernel forget connections is there."""


@dataclass(frozen=True, kw_only=True)
class GatewayCheck:
    """One look at everything."""

    settings: GatewaySettings
    world: World

    def questions(self) -> Iterator[Question]:
        """All questions."""
        privileged = (Subject.PRIVILEGE, Subject.NFT)
        there = (Subject.INTERFACES,)
        yield Question(subject=Subject.PRIVILEGE, look=self._privilege, remedy="call it with sudo")
        yield Question(subject=Subject.NFT, look=self._nft, remedy="apt-get install nftables")
        yield Question(subject=Subject.INTERFACES, look=self._interfaces, remedy="ip link")
        yield Question(subject=Subject.RULES, look=self._rules, remedy=gateway.APPLY, needs=(*privileged, *there))
        yield Question(subject=Subject.NAT_ADDRESS, look=self._nat, remedy="ip address", needs=there)
        yield Question(subject=Subject.CONNTRACK, look=self._tracking, remedy="modprobe nf_conntrack")
        for what, place, ask in self._services():
            look = partial(self._service, what, place, ask)
            remedy = f"{what} {place}: see gateway.toml"
            yield Question(subject=Subject.SERVICES, look=look, remedy=remedy, needs=there)
        yield Question(subject=Subject.OTHER_FIREWALLS, look=self._others, remedy="systemctl status nftables")
        yield Question(subject=Subject.PROGRAM, look=self._program, remedy="systemctl start shepherd-gateway")
        yield Question(subject=Subject.RECORD, look=self._record, remedy="journalctl -u shepherd-gateway")
        yield Question(subject=Subject.STOPS, look=self._stops, remedy="see home_collector in gateway.toml")

    def _privilege(self) -> Iterator[Finding]:
        yield gateway.capability_finding(may=self.world.machine.may_change_network())

    def _nft(self) -> Iterator[Finding]:
        yield gateway.nft_finding(*self.world.machine.nft())

    def _interfaces(self) -> Iterator[Finding]:
        yield from gateway.interface_findings(self.settings, self.world.links.seen())

    def _rules(self) -> Iterator[Finding]:
        yield from gateway.rules_findings(self.world.program.drift(), (RULES, ROUTING))

    def _nat(self) -> Iterator[Finding]:
        yield gateway.nat_finding(self.settings, self.world.links.seen())

    def _tracking(self) -> Iterator[Finding]:
        yield gateway.tracking_finding(self.settings, self.world.machine.tracking())

    def _services(self) -> Iterator[tuple[str, str, Ask]]:
        """Each is a question of its own: a silent one takes no time from the next."""
        settings, tcp = self.settings, self.world.services.tcp_problem
        yield "flock pool", settings.collector, tcp
        for address in settings.dns:
            yield "resolver", address, self.world.services.dns_problem
        for place in settings.squid:
            yield "proxy", place, tcp
        for entry in settings.schedds:
            name, _, place = entry.partition("=")
            yield f"schedd of {name}", place, tcp

    def _service(self, what: str, place: str, ask: Ask) -> Iterator[Finding]:
        yield gateway.service_finding(what, place, ask(place))

    def _stops(self) -> Iterator[Finding]:
        problem = self.world.page_problem() if self.settings.trusted_keys else ""
        yield gateway.stops_finding(self.settings, problem, cuts=self.world.cuts_connections)

    def _others(self) -> Iterator[Finding]:
        yield from gateway.firewall_findings(self._flushers())

    def _flushers(self) -> Iterator[tuple[str, str]]:
        machine = self.world.machine
        lines = [line.split("#")[0] for line in self.world.files.text(NFTABLES_FILE).splitlines()]
        if machine.enabled(f"{NFTABLES}.service") and any("flush ruleset" in line for line in lines):
            yield NFTABLES, f"{NFTABLES_FILE} flushes all rules whenever it is loaded; ours are away until noticed"
        for name, harm in OTHERS.items():
            if machine.enabled(f"{name}.service"):
                yield name, harm

    def _program(self) -> Iterator[Finding]:
        machine = self.world.machine
        yield gateway.program_finding(machine.running(PROGRAM), enabled=machine.enabled(UNIT))

    def _record(self) -> Iterator[Finding]:
        machine, spool = self.world.machine, self.settings.spool
        room = self.world.files.room(spool) if spool else 0
        yield gateway.record_finding(
            self.settings, machine.running(RECORDER), room, is_kept=bool(machine.running(PROGRAM))
        )
