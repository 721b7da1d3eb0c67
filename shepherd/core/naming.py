"""Which regular startd and which flocking startd are one host."""

import dataclasses
import functools
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
    return bool(settings.exclude) and _is_among(machine.casefold(), settings.exclude)


def is_pinned_out(machine: str, settings: HostSettings) -> bool:
    """Whether a machine is to be lent before others."""
    return bool(settings.always_lend) and _is_among(machine.casefold(), settings.always_lend)


def _is_among(machine: str, names: tuple[str, ...]) -> bool:
    """Whether it may be one of these: a name without a domain stands for it in any domain. Asked of each host at each
    look.

    Pinning too much costs a guest a host; pinning too little lends what a person wanted kept.
    """
    whole, bare, first = _sorted_out(names)
    host, dot, _ = machine.partition(".")
    return (machine in whole or host in bare) if dot else host in first


@functools.lru_cache(maxsize=8)
def _sorted_out(names: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """All, those without a domain, and what all begin with."""
    whole = frozenset(name.casefold() for name in names)
    bare = frozenset(name for name in whole if "." not in name)
    return whole, bare, frozenset(name.partition(".")[0] for name in whole)


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
