"""Entering a node of a site that another process keeps up."""

from collections.abc import Sequence

from shepherd.errors import BadInput
from shepherd.lab.node import command_in_node
from shepherd.lab.state import RUN_DIR, start_ticks


def enter_argv(site: str, node: str, argv: Sequence[str], *, user: str | None) -> list[str]:
    """The machine's command line that runs `argv` on a node. Raises BadInput if there is no such node, or several."""
    notes = [path for path in sorted(RUN_DIR.glob(f"{site or '*'}/{node}.pid")) if path.read_text().strip()]
    pids = [pid for pid, started in (map(int, n.read_text().split()) for n in notes) if start_ticks(pid) == started]
    if len(pids) != 1:
        up = ", ".join(sorted(path.name for path in RUN_DIR.glob("*"))) or "none"
        raise BadInput(f"{len(pids)} running nodes are called {node}; sites: {up}; choose with --site")
    return command_in_node(pids[0], argv, user=user)
