"""Which regular startd and which flocking startd are one host."""

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from shepherd.model.host import HostName, HostPair
from shepherd.model.settings import HostSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Collision:
    """Machines that would share one name; none of them is paired."""

    name: str
    hosts: tuple[str, ...]
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pairing:
    """Every machine of the home pool, in exactly one of these (all sorted)."""

    pairs: tuple[HostPair, ...]
    unmanaged: tuple[str, ...]
    """No rule and no table names them."""
    excluded: tuple[HostPair, ...]
    """Pinned local by the settings; without a flocking name where neither rule nor table has one."""
    collisions: tuple[Collision, ...]


def pair_hosts(machines: Iterable[str], settings: HostSettings) -> Pairing:
    """Pair the machines of the home pool with their flocking names.

    Names are compared without regard to case, as HTCondor does. The table wins over the rule.

    Raises:
        ValueError: the rule is none; `settings_rules` finds that before.
    """
    known = sorted(set(machines))
    table = {regular.casefold(): flock for regular, flock in settings.pairs.items()}
    named = {m: table.get(m.casefold()) or name_by_rule(m, settings.regular, settings.flock) for m in known}
    pinned = {machine for machine in known if is_excluded(machine, settings)} if settings.exclude else set()
    wanted = {machine: name for machine, name in named.items() if name is not None and machine not in pinned}
    collisions = collisions_of(wanted, known)
    clashing = {host for collision in collisions for host in collision.hosts}
    return Pairing(
        pairs=tuple(_pair(machine, name) for machine, name in wanted.items() if machine not in clashing),
        unmanaged=tuple(machine for machine, name in named.items() if name is None and machine not in pinned),
        excluded=tuple(_pair(machine, named[machine]) for machine in sorted(pinned)),
        collisions=collisions,
    )


def _pair(machine: str, name: str | None) -> HostPair:
    return HostPair(host=HostName(machine), flock_name=name or "")


def is_excluded(machine: str, settings: HostSettings) -> bool:
    """Whether a machine is pinned local."""
    return bool(settings.exclude) and any(may_be_one(machine.casefold(), name.casefold()) for name in settings.exclude)


def is_pinned_out(machine: str, settings: HostSettings) -> bool:
    """Whether a machine is to be lent before others."""
    return any(may_be_one(machine.casefold(), name.casefold()) for name in settings.always_lend)


def may_be_one(machine: str, other: str) -> bool:
    """Whether two names may mean one machine: a name without a domain stands for it in any domain.

    Pinning too much costs a guest a host; pinning too little lends what a person wanted kept.
    """
    short = "." not in machine or "." not in other
    return machine == other or (short and machine.partition(".")[0] == other.partition(".")[0])


def name_by_rule(machine: str, regular: str, template: str) -> str | None:
    """The template filled from the groups of a match of the *whole* name; None if it does not match."""
    matched = re.fullmatch(regular, machine)
    return template.format(**matched.groupdict(default="")) if matched else None


def collisions_of(wanted: Mapping[str, str], known: Iterable[str]) -> tuple[Collision, ...]:
    """Two hosts for one flocking name, or a flocking name that a machine of the home pool has."""
    hosts_by_name: dict[str, list[str]] = defaultdict(list)
    for machine, name in wanted.items():
        hosts_by_name[name.casefold()].append(machine)
    regular = {machine.casefold(): machine for machine in known}
    found = []
    for name, hosts in sorted(hosts_by_name.items()):
        if len(hosts) > 1:
            why = f"{', '.join(hosts)} would all be {wanted[hosts[0]]} in the flock pool"
        elif name in regular:
            why = f"{hosts[0]} would be {wanted[hosts[0]]}, which is a machine of the home pool"
        else:
            continue
        found.append(Collision(name=wanted[hosts[0]], hosts=tuple(hosts), why=why))
    return tuple(found)
