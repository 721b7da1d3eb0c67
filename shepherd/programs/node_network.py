"""`shepherd node up` and `down`, and the keeper's look at the same: a host's side of the flock VLAN."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shepherd.core.container.spec import network_spec
from shepherd.core.firewall.host_guard import TABLE, cut_rules, guard_rules
from shepherd.core.keeper import network
from shepherd.errors import CommandFailed, Refused
from shepherd.model.network import HostSeen, LinkSeen, NetworkStep
from shepherd.model.node_settings import NodeSettings
from shepherd.ports_gateway import Filter, KernelSettings
from shepherd.ports_node import AddressProbe, Links, NetworkEngine

FAMILY, NOBODYS = "netdev", "00:00:00:00:00:00"


@dataclass
class Switch:
    """Whether the container is cut off. One for all that look after a host's network."""

    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class NodeNetwork:
    """One host's network. Every method asks anew; nothing is remembered."""

    settings: NodeSettings
    links: Links
    engine: NetworkEngine
    rules: Filter
    kernel: KernelSettings
    probe: AddressProbe
    switch: Switch = field(default_factory=Switch)

    def problem(self) -> str:
        """Why no container may be started here now; empty if one may. Changes nothing."""
        seen = self._seen()
        return network.problem(self.settings, seen) or self._conflict(seen)

    def up(self) -> Iterator[NetworkStep]:
        """Bring everything into order, telling each step when it is done; none if all was in order.

        Raises Refused with the remedy: before anything is changed, or at last if somebody else has the container's
        address; CommandFailed, Unavailable.
        """
        seen = self._seen()
        if reason := network.refusal(self.settings, seen):
            raise Refused(reason)
        for step in network.steps_up(self.settings, seen):
            self._take_up(step)
            yield step
        if conflict := self._conflict(seen):
            raise Refused(conflict)

    def mend(self) -> None:
        """`up`, told to nobody. Raises as it."""
        for _ in self.up():
            pass

    def hold_guard(self) -> None:
        """Load the host guard's rules unless they are in force. Raises CommandFailed, Unavailable."""
        links = tuple(self.links.seen())
        if self._is_guarded and self.rules.listing(TABLE, FAMILY) != self._meant(links):
            self.rules.load(self._guard(links))

    def cut(self) -> None:
        """Let nothing of the container pass. Raises CommandFailed if that is not so then; Unavailable."""
        self.switch.cut = True
        self.hold_guard()
        if self.rules.listing(TABLE, FAMILY) != self._meant(tuple(self.links.seen())):
            raise CommandFailed("the container could not be cut off: other rules than ours are in force")

    def uncut(self) -> None:
        """The usual rules again, or none. Raises CommandFailed, Unavailable."""
        self.switch.cut = False
        self.hold_guard()
        if not self.settings.guard and self.rules.listing(TABLE, FAMILY):
            self._take(NetworkStep.REMOVE_GUARD)

    @property
    def _is_guarded(self) -> bool:
        return self.settings.guard or self.switch.cut

    def down(self) -> Iterator[NetworkStep]:
        """Remove what is ours, telling each step when it is done. Raises Refused while a container is there."""
        seen = self._seen()
        if seen.network and seen.network.containers:
            raise Refused(f"a container is on {self.settings.network}: the host is lent; `shepherd flockoff` first")
        for step in network.steps_down(self.settings, seen):
            self._take(step)
            yield step

    def _conflict(self, seen: HostSeen) -> str:
        """Who has the container's address while no container is here: also one with its hardware address, on a host
        whose settings were copied."""
        if seen.network and seen.network.containers:
            return ""
        address = self.settings.flock_address
        holder = self.probe.holder(self.settings.parent, address)
        if not holder:
            return ""
        return f"{address} is {holder}'s on the flock VLAN already; give one of the two another address"

    def _seen(self) -> HostSeen:
        settings, guard, links = self.settings, self.rules.listing(TABLE, FAMILY), tuple(self.links.seen())
        return HostSeen(
            links=links,
            engine=self.engine.facts().version,
            network=self.engine.network(settings.network),
            ipv6_on_parent=self.kernel.read(self._ipv6_off) == "0",
            guard_loaded=bool(guard),
            guard_in_force=bool(guard) and guard == self._meant(links),
        )

    def _meant(self, links: Sequence[LinkSeen]) -> str:
        return self.rules.canonical(self._guard(links), TABLE, FAMILY, (self.settings.parent,))

    def _guard(self, links: Sequence[LinkSeen]) -> str:
        if self.switch.cut:
            return cut_rules(self.settings)
        parent = next((link for link in links if link.name == self.settings.parent), None)
        return guard_rules(self.settings, parent.mac if parent else NOBODYS)

    @property
    def _ipv6_off(self) -> str:
        return f"net/ipv6/conf/{self.settings.parent}/disable_ipv6"

    def _take_up(self, step: NetworkStep) -> None:
        """Take a step. Another `node up`, or the keeper's, may take it in the same moment: that is no failure."""
        try:
            self._take(step)
        except CommandFailed:
            if step in network.steps_up(self.settings, self._seen()):
                raise

    def _take(self, step: NetworkStep) -> None:
        settings = self.settings
        acts: Mapping[NetworkStep, Callable[[], None]] = {
            NetworkStep.MAKE_VLAN: lambda: self.links.make_vlan(settings.parent, settings.link, settings.vlan),
            NetworkStep.RAISE_PARENT: lambda: self.links.bring_up(settings.parent),
            NetworkStep.SILENCE_IPV6: self._silence_ipv6,
            NetworkStep.LOAD_GUARD: lambda: self.rules.load(self._guard(self.links.seen())),
            NetworkStep.MAKE_NETWORK: lambda: self.engine.make_network(network_spec(settings)),
            NetworkStep.REMAKE_NETWORK: self._remake,
            NetworkStep.REMOVE_NETWORK: lambda: self.engine.remove_network(settings.network),
            NetworkStep.REMOVE_GUARD: lambda: self.rules.load(f"delete table {FAMILY} {TABLE}\n"),
            NetworkStep.REMOVE_VLAN: lambda: self.links.remove(settings.parent),
        }
        acts[step]()

    def _silence_ipv6(self) -> None:
        if self.kernel.read(self._ipv6_off) is not None:
            self.kernel.write(self._ipv6_off, "1")

    def _remake(self) -> None:
        self.engine.remove_network(self.settings.network)
        self.engine.make_network(network_spec(self.settings))
