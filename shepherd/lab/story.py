"""What a site's programs said last: for whoever reads why a wait was in vain."""

import shlex
from collections.abc import Iterator, Mapping

from shepherd.lab.booted import BootedNode
from shepherd.lab.node import Node
from shepherd.lab.pools import FLOCK_CONFIG, FLOCK_LOG
from shepherd.lab.site import Site

SHEPHERD_LINES, KEEPER_LINES, NEGOTIATOR_LINES = 40, 12, 60


def of_site(site: Site) -> str:
    """The status, the last lines of the shepherd's log, those of each keeper's, and what guests' jobs wait for."""
    status = site.cm.run(("shepherd", "-s"))
    parts = [status.stdout + status.stderr, _last(site.cm, "shepherd", SHEPHERD_LINES)]
    parts += [_last(host, "keeper", KEEPER_LINES) for host in site.hosts]
    return "\n".join([*parts, *_guests(site)])


def _guests(site: Site) -> Iterator[str]:
    """The foreign pool's queue, the lent slots, and how the flock pool's negotiator brought them together."""
    slots = ("condor_status", "-af:t", "Name", "State", "Activity", "RemoteUser", "Cpus", "Memory", "Disk")
    negotiator = ("tail", "-n", str(NEGOTIATOR_LINES), f"{FLOCK_LOG}/NegotiatorLog")
    yield _said(site.campus, "condor_q", "-all", "-nobatch")
    yield _said(site.cm, *slots, env={"CONDOR_CONFIG": FLOCK_CONFIG})
    yield _said(site.cm, *negotiator)


def _said(node: Node, *argv: str, env: Mapping[str, str] | None = None) -> str:
    answer = node.run(argv, env=env)
    return f"-- {shlex.join(argv)} on {node.name} --\n{answer.stdout}{answer.stderr}"


def _last(node: Node, program: str, lines: int) -> str:
    if isinstance(node, BootedNode):
        return f"-- {program} of {node.name} --\n{node.journal(program, lines)}"
    return _said(node, "tail", "-n", str(lines), f"/var/log/{program}.log")
