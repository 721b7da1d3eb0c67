"""Names of machines, asked of the system's resolver."""

from collections.abc import Iterable, Iterator

from shepherd.core.checkup.pool import host_of, names_findings
from shepherd.model.finding import Finding
from shepherd.ports_checkup import Services


def names_in(services: Services, addresses: Iterable[str]) -> Iterator[Finding]:
    """This machine's own name, and those in addresses; empty ones are left out."""
    own, slowest_s = services.name_problem("")
    unresolved = {}
    for name in sorted({host_of(address) for address in addresses if address}):
        problem, took_s = services.name_problem(name)
        slowest_s = max(slowest_s, took_s)
        if problem:
            unresolved[name] = problem
    yield from names_findings(own, unresolved, slowest_s)
