"""What the programs say when something is wrong, read from their code: sentences with `…` for what is filled in."""

import ast
import pathlib
import re
from collections.abc import Iterator, Mapping

from tests.house import sources

Sayers = Mapping[str, tuple[str, ...]]
"""By file below shepherd/, the functions whose sentences are shown; none: all of the file."""

PROBLEMS: Sayers = {
    "core/switch/homecoming.py": ("late",),
    "programs/exposing.py": ("problem",),
    "programs/observe.py": ("_snapshot",),
    "programs/quarantines.py": ("problem", "_with_room"),
    "programs/rivals.py": ("other_instance", "copied", "unknown_key"),
    "programs/shepherd.py": ("_problems",),
    "programs/silencer.py": ("problem", "_silent", "_fold"),
    "programs/stops.py": ("problem", "_with_room", "tick", "_ended"),
    "programs/trace/anchor.py": ("_take",),
}
"""`Problem:` lines of `shepherd -s`."""
DOUBTS: Sayers = {
    "core/plausible.py": (),
    "programs/observe.py": ("_ask_in_turn", "_queue", "_doubt_young"),
}
"""Why a source is not believed."""
STATES: Sayers = {
    "core/switch/state.py": (),
}
"""Why a host is in neither list."""
OBSTACLES: Sayers = {
    "core/policy/obstacle.py": (),
    "core/stop/bans.py": ("why_not_lent",),
    "core/stop/quarantine.py": ("sentence",),
    "core/maintenance.py": ("sentence",),
}
"""Why a local host cannot be lent."""
GIVEN_UP: Sayers = {
    "core/switch/move.py": (
        "_granted", "_drain_ordered", "_go_given", "_restart_ordered", "_home", "_humans_wish", "_trouble",
    ),
    "core/switch/leases.py": ("_revocation",),
}  # fmt: skip
"""Why a lend was given up, or never came about."""
KEEPERS: Sayers = {
    "core/container/drift.py": ("engine_problem", "drift"),
    "core/container/leaks.py": ("judge",),
    "core/container/record.py": ("moved",),
    "core/keeper/decide.py": (),
    "core/keeper/network.py": ("problem",),
    "programs/keeper/checks.py": ("silent_targets",),
    "programs/node_network.py": ("_conflict",),
}
"""What a keeper complains of."""
TROUBLE = re.compile(r"problem|trouble|no_room")
SILENT_CALLS = frozenset({"join", "_log", "log", "Entry"})
"""Calls whose words are shown to nobody, or hold others together."""


def sentences(sayers: Sayers) -> set[str]:
    """All of them."""
    return {said for file, functions in sayers.items() for said in of_file(file, functions)}


def of_file(file: str, functions: tuple[str, ...]) -> Iterator[str]:
    tree = sources.tree(sources.PACKAGE / file)
    found = [node for node in ast.walk(tree) if isinstance(node, sources.Function)]
    assert set(functions) <= {one.name for one in found}, file
    if not functions:
        yield from (said for node in tree.body if isinstance(node, ast.Assign) for said in within(node))
    for one in found:
        if not functions or one.name in functions:
            yield from (said for statement in spoken(one) for said in within(statement))


def troubles(path: pathlib.Path) -> Iterator[str]:
    """Sentences of a file that become a `problem`: assigned to one, or what a function of that name answers."""
    for node in ast.walk(sources.tree(path)):
        match node:
            case ast.FunctionDef(name="problem"):
                yield from (said for statement in spoken(node) for said in within(statement))
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if TROUBLE.search(name):
                yield from within(value)


def spoken(function: sources.Function) -> list[ast.stmt]:
    """Its body without the docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def within(node: ast.AST) -> Iterator[str]:
    """Sentences somewhere in a piece of code; a word alone is none."""
    match node:
        case ast.Constant(value=str(text)):
            yield from [text] if len(text.split()) > 1 else []
        case ast.JoinedStr():
            yield from [template(node)] if len(template(node).split()) > 1 else []
            yield from (said for part in node.values if isinstance(part, ast.FormattedValue) for said in within(part))
        case ast.Call(func=ast.Attribute(attr=name)) if name in SILENT_CALLS:
            return
        case _:
            yield from (said for child in ast.iter_child_nodes(node) for said in within(child))


def template(node: ast.JoinedStr) -> str:
    """`f"{gone} of {before} vanished"` -> "… of … vanished"."""
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return re.sub(r"…+", "…", text)
