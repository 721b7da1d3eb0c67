"""What a site's programs said last: for whoever reads why a wait was in vain."""

from shepherd.lab.booted import BootedNode
from shepherd.lab.node import Node
from shepherd.lab.site import Site

SHEPHERD_LINES, KEEPER_LINES = 40, 12


def of_site(site: Site) -> str:
    """The status, the last lines of the shepherd's log, and those of each keeper's."""
    status = site.cm.run(("shepherd", "-s"))
    parts = [status.stdout + status.stderr, _last(site.cm, "shepherd", SHEPHERD_LINES)]
    return "\n".join([*parts, *(_last(host, "keeper", KEEPER_LINES) for host in site.hosts)])


def _last(node: Node, program: str, lines: int) -> str:
    if isinstance(node, BootedNode):
        return f"-- {program} of {node.name} --\n{node.journal(program, lines)}"
    said = node.run(("tail", "-n", str(lines), f"/var/log/{program}.log"))
    return f"-- {program} of {node.name} --\n{said.stdout}{said.stderr}"
