"""The gateway's loop: the rules of the settings are in the kernel, or nothing passes."""

from collections.abc import Iterator, Mapping

from shepherd.core.firewall import sysctls
from shepherd.core.firewall.gateway import FILLED, MARK, TABLE, gateway_rules
from shepherd.errors import CommandFailed, Refused, ShepherdError
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.ports import Log
from shepherd.ports_gateway import Filter, KernelSettings, Routing
from shepherd.programs.gateway.stops import GatewayStops

ROUTING, RULES = "routing policy", "rules"


class Gateway:
    """Keeps rules and kernel settings as they are meant. Rules stay when the program ends."""

    def __init__(
        self,
        settings: GatewaySettings,
        rules: Filter,
        routing: Routing,
        kernel: KernelSettings,
        log: Log,
        stops: GatewayStops | None = None,
    ) -> None:
        """`stops`: who fills the sets of bans and quarantines; None: nobody does."""
        self._settings, self._filter, self._kernel, self._log = settings, rules, kernel, log
        self._routing, self._stops = routing, stops
        self._rules = gateway_rules(settings)
        self._meant = ""
        self._undone = 0
        """Changes by strangers that were undone."""

    def tick(self) -> float:
        """Compare, mend; seconds until the next look. Raises CommandFailed, Unavailable, Refused: then the VLAN is
        closed."""
        try:
            self.apply()
        except ShepherdError:
            self.close()
            raise
        return self._settings.check_s

    @property
    def check_s(self) -> float:
        """How often the rules are looked at."""
        return self._settings.check_s

    def apply(self) -> tuple[str, ...]:
        """Bring all into force: the bar, then the rules, then forwarding. What was changed, in words; idempotent."""
        self._refuse_other_routers()
        return (
            *self._apply_routing(),
            *self._apply_rules(),
            *self._apply_kernel(sysctls.opened(self._settings)),
        )

    def drift(self) -> tuple[str, ...]:
        """What is not as it is meant, in words; nothing is changed."""
        found = self._filter.listing(TABLE)
        wrong = (RULES,) if found != self._canonical() else ()
        barred = self._routing.is_barred(self._settings.vlan, MARK)
        open_settings = (name for name, _ in self._wrong(sysctls.opened(self._settings)))
        return (*(() if barred else (ROUTING,)), *wrong, *open_settings)

    def close(self) -> None:
        """Nothing passes any more, whatever the rules. Raises nothing: without the interface nothing passes either."""
        is_router = self._settings.routes_for_others or self._kernel.read(sysctls.FORWARDS_ALL) == "1"
        for name, value in sysctls.closed(self._settings, is_router=is_router).items():
            try:
                self._kernel.write(name, value)
            except CommandFailed as exc:
                self._log("the VLAN cannot be closed", problem=exc.diagnosis())

    def sentence(self) -> str:
        """What it is doing, for `systemctl status`."""
        return f"the rules are in force, {self._undone} changes by others undone"

    def _refuse_other_routers(self) -> None:
        ours = self._settings.routes_for_others
        if not ours and not self._meant and self._kernel.read(sysctls.FORWARDS_ALL) == "1":
            raise Refused(
                "this machine forwards between all its networks already (net.ipv4.conf.all.forwarding = 1: Docker, or "
                "a router); set routes_for_others = true to leave that alone, or turn it off"
            )

    def _canonical(self) -> str:
        self._meant = self._meant or self._filter.canonical(self._rules, TABLE)
        return self._meant

    def _apply_routing(self) -> Iterator[str]:
        if not self._routing.is_barred(self._settings.vlan, MARK):
            self._routing.bar(self._settings.vlan, MARK)
            yield ROUTING

    def _apply_rules(self) -> Iterator[str]:
        first, meant = not self._meant, self._canonical()
        found = self._filter.listing(TABLE)
        if found == meant:
            if self._stops is not None and self._stops.mend():
                yield RULES
            return
        again = "".join(self._again(name) for name in FILLED if f'"{name}"' in found)
        self._filter.load(self._rules + again + (self._stops.text() if self._stops is not None else ""))
        if not first:
            self._undone += 1
            self._log("rules were changed by somebody else, and are as they were", gone=not found)
        yield RULES

    def _again(self, name: str) -> str:
        """What a set holds now, for nft."""
        kept = self._filter.elements(TABLE, name)
        return "".join(f"add element inet {TABLE} {name} {{ {one} }}\n" for one in sorted(kept))

    def _apply_kernel(self, meant: Mapping[str, str]) -> Iterator[str]:
        for name, value in self._wrong(meant):
            self._kernel.write(name, value)
            self._log("kernel setting", name=name.replace("/", "."), value=value)
            yield name

    def _wrong(self, meant: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        return ((name, value) for name, value in meant.items() if self._kernel.read(name) != value)
