"""The arrows of the design, enforced: who may import whom, and the one home of each foreign package.

A new folder or file directly under shepherd/ must be given its arrows here first.
"""

import ast
import pathlib
import sys
from collections.abc import Iterator

import pytest

from tests.house import sources

EVERYTHING = ("",)
PORTS = ("ports", "ports_node", "ports_gateway", "ports_guest", "ports_checkup", "ports_trace", "ports_stop")
MAY_IMPORT = {
    "errors": (),
    "model": ("model", "errors"),
    "core": ("model", "errors", "core"),
    "ports": ("model", "errors"),
    "ports_node": ("model", "errors"),
    "ports_gateway": ("model", "errors"),
    "ports_guest": ("model", "errors"),
    "ports_checkup": ("model", "errors"),
    "ports_trace": ("model", "errors"),
    "ports_stop": ("model", "errors"),
    "edges": ("model", "errors", *PORTS, "edges"),
    "programs": ("model", "errors", "core", *PORTS, "programs"),
    "programs.guard": (),
    "programs.guest_wiring": EVERYTHING,
    "programs.node_wiring": EVERYTHING,
    "programs.flow_wiring": EVERYTHING,
    "programs.gateway_wiring": EVERYTHING,
    "programs.image_wiring": EVERYTHING,
    "programs.checkup_wiring": EVERYTHING,
    "programs.wiring": EVERYTHING,
    "programs.trace_wiring": EVERYTHING,
    "programs.collect_wiring": EVERYTHING,
    "programs.metrics_wiring": EVERYTHING,
    "views": ("model", "errors", "ports", "views"),
    "sim": (
        "model", "errors", "core", "ports", "ports_node", "ports_guest", "ports_trace", "ports_stop", "programs", "sim",
    ),
    "lab": EVERYTHING,
    "lab.init": (),
    "cli": EVERYTHING,
    "__main__": ("cli",),
    "__init__": (),
}
"""Layer, or a module with arrows of its own, and the parts of shepherd that it may name."""

WIRED_ONLY_BY = {
    "edges": (
        "cli", "lab", "programs.wiring", "programs.node_wiring", "programs.gateway_wiring", "programs.image_wiring",
        "programs.guest_wiring", "programs.checkup_wiring", "programs.trace_wiring", "programs.flow_wiring",
        "programs.collect_wiring", "programs.metrics_wiring",
    ),
    "programs.trace_wiring": ("cli", "lab", "programs.wiring"),
    "programs.flow_wiring": ("lab", "programs.node_wiring", "programs.gateway_wiring"),
    "programs.wiring": ("cli", "lab", "programs.checkup_wiring"),
    "programs.node_wiring": ("cli", "lab", "programs.checkup_wiring"),
    "programs.checkup_wiring": ("cli", "lab"),
    "programs.gateway_wiring": ("cli", "lab", "programs.checkup_wiring"),
    "programs.collect_wiring": ("programs.wiring", "cli", "lab"),
    "programs.metrics_wiring": ("programs.wiring",),
    "programs.image_wiring": ("cli", "lab"),
    "programs.guest_wiring": ("cli", "lab"),
}
"""Concrete parts are chosen in one place; whoever else names them could not run in the simulator."""

SHARED_EDGES = (
    "edges.day_files", "edges.network_namespace", "edges.nft", "edges.proc_mount", "edges.secret_file", "edges.tool",
    "edges.unix_user", "edges.writer_lock",
)  # fmt: skip
"""Questions to the system that several edges ask, and what two records on disk share."""

SOLE_HOMES = {
    "circus": ("programs.supervise",),
    "classad2": ("edges.htcondor", "lab"),
    "cryptography": ("edges.signing", "edges.trace_store"),
    "docker": ("edges.docker",),
    "htcondor2": ("edges.htcondor", "lab"),
    "matplotlib": ("edges.plots",),
    "prometheus_client": ("views.metrics",),
    "psutil": ("lab",),
    "pydantic": ("edges.settings",),
    "pyroute2": ("edges.netlink", "lab"),
    "requests": ("edges.icinga", "edges.docker", "edges.registry"),
    "rich": ("views", "cli", "lab"),
    "sqlite3": ("edges.day_files", "edges.ledger", "edges.trace_store", "views.queries"),
    "starlette": ("views.web",),
    "structlog": ("edges.log",),
    "urllib3": ("edges.icinga",),
    "uvicorn": ("views.web",),
}
"""Foreign package -> its homes; `edges.ledger` stands for edges/ledger.py and edges/ledger_*.py."""

PURE_STDLIB = {
    "__future__", "abc", "base64", "binascii", "bisect", "collections", "contextlib", "copy",
    "dataclasses", "datetime", "decimal", "difflib", "enum", "fnmatch", "fractions", "functools", "hashlib",
    "heapq", "hmac", "ipaddress", "itertools", "json", "math", "operator", "re", "statistics",
    "string", "struct", "textwrap", "types", "typing", "unicodedata", "zlib", "zoneinfo",
}  # fmt: skip
PURE_NAMES = {"email.utils", "pathlib.PurePath", "pathlib.PurePosixPath", "urllib.parse"}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "now", "utcnow", "today"}
STDLIB_ONLY = ("shepherd/programs/guard.py", "shepherd/lab/init.py", "images/flock/init.py")
"""These run where nothing of ours is installed: `python3 -IS`, or as PID 1."""


def dotted(path: pathlib.Path) -> str:
    """Name of a module below the package: edges/icinga.py -> edges.icinga."""
    parts = path.relative_to(sources.PACKAGE).with_suffix("").parts
    return ".".join(parts if len(parts) == 1 or parts[-1] != "__init__" else parts[:-1])


def within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(p in {"", module} or module.startswith(p + ".") for p in prefixes)


def at_home(module: str, homes: tuple[str, ...]) -> bool:
    return within(module, homes) or any(module.startswith(home + "_") for home in homes)


def layer(module: str) -> str:
    """The longest entry of MAY_IMPORT that holds for `module`; empty when there is none."""
    parts = module.split(".")
    prefixes = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((prefix for prefix in prefixes if prefix in MAY_IMPORT), "")


def imports(tree: ast.Module, here: str) -> Iterator[str]:
    """Absolute dotted names that a module imports, relative ones resolved against `here`."""
    stem = ("shepherd", *here.split("."))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (*(stem[: -node.level] if node.level else ()), *filter(None, [node.module]))
            yield from (".".join((*base, alias.name)) for alias in node.names)


def family(module: str) -> str:
    """An edge is a folder, or files that share their first word: edges.ledger_writer -> ledger."""
    edge = module.split(".")[1]
    return edge if (sources.PACKAGE / "edges" / edge).is_dir() else edge.partition("_")[0]


def breaches(module: str, tree: ast.Module) -> Iterator[str]:
    if not layer(module):
        yield f"{module}: no arrows declared for this layer"
        return
    for name in imports(tree, module):
        top, _, rest = name.partition(".")
        if top == "shepherd":
            yield from own_breaches(module, rest)
        else:
            yield from foreign_breaches(module, top, name)
    if layer(module) in {"model", "core"}:
        yield from impure_calls(module, tree)


def own_breaches(module: str, name: str) -> Iterator[str]:
    if not within(name, MAY_IMPORT[layer(module)]):
        yield f"{module} must not import shepherd.{name}"
    for part, wirers in WIRED_ONLY_BY.items():
        outside = not within(module, (*wirers, part))
        if within(name, (part,)) and outside:
            yield f"{module} must not name shepherd.{name}; {' and '.join(wirers)} may"
    if sibling_breach(module, name):
        yield f"{module} must not import another edge, shepherd.{name}"


def sibling_breach(module: str, name: str) -> bool:
    """Whether one edge imports another: the two could no longer hang, or be replaced, one at a time."""
    both = within(module, ("edges",)) and name.startswith("edges.")
    return both and not within(name, SHARED_EDGES) and family(module) != family(name)


def foreign_breaches(module: str, top: str, name: str) -> Iterator[str]:
    if top in SOLE_HOMES:
        if not at_home(module, SOLE_HOMES[top]):
            yield f"{module} must not import {top}; its home is {', '.join(SOLE_HOMES[top])}"
    elif top not in sys.stdlib_module_names:
        yield f"{module} imports {top}, which has no home declared"
    elif layer(module) in {"model", "core"} and not pure(top, name):
        yield f"{module} is pure and must not import {name}"


def pure(top: str, name: str) -> bool:
    return top in PURE_STDLIB or within(name, tuple(PURE_NAMES))


def impure_calls(module: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=called) | ast.Attribute(attr=called) if called in IMPURE_CALLS:
                yield f"{module}:{node.lineno} is pure and must not call {called}()"


def test_every_import_follows_an_arrow() -> None:
    """A core that could read the clock or the pool decided otherwise in replay than in life."""
    found = [
        breach
        for path in sources.python_files("shepherd")
        for breach in breaches(dotted(path), sources.tree(path))
    ]
    assert found == []


def test_what_runs_before_anything_is_installed_imports_only_the_stdlib() -> None:
    """An upgrade of a package took the guard of every host with it, and with it the local pool."""
    foreign = [
        f"{sources.name(path)} must not import {name}"
        for path in sources.python_files()
        if sources.name(path) in STDLIB_ONLY
        for name in imports(sources.tree(path), "x")
        if not stdlib(name)
    ]
    assert foreign == []


def stdlib(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("core.policy", "import time", "is pure"),
        ("core.policy", "import shepherd.edges.clock", "must not import shepherd.edges.clock"),
        ("core.policy", "def f(x): return x.now()", "must not call now()"),
        ("model.host", "from pathlib import Path", "is pure"),
        ("programs.daemon", "from shepherd.edges import clock", "must not import"),
        ("programs.daemon", "from shepherd.programs import wiring", "must not name"),
        ("sim.world", "from shepherd.programs import wiring", "must not name"),
        ("edges.docker", "from shepherd.edges import netlink", "another edge"),
        ("edges.docker", "import shepherd.edges.netlink", "another edge"),
        ("edges.netlink", "import docker", "its home is edges.docker"),
        ("views.text", "import sqlite3", "its home is"),
        ("views.text", "from .. import core", "must not import shepherd.core"),
        ("edges.icinga", "import httpx", "no home declared"),
        ("novelty.x", "import os", "no arrows declared"),
    ],
)
def test_a_forbidden_import_is_named(module: str, source: str, breach: str) -> None:
    """A check of arrows that sees nothing is green for ever."""
    found = list(breaches(module, ast.parse(source)))
    assert any(breach in line for line in found), found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.policy", "from shepherd.model.host import Host"),
        ("model.settings", "from pathlib import PurePosixPath"),
        ("edges.ledger_schema", "import sqlite3"),
        ("edges.ledger_writer", "from shepherd.errors import LedgerUnavailable"),
        ("edges.ledger_writer", "from shepherd.edges import ledger_schema"),
        ("edges.ledger_writer", "from shepherd.edges.ledger_schema import MIGRATIONS"),
        ("edges.htcondor.reader", "import htcondor2"),
        ("programs.wiring", "from shepherd.edges import clock"),
        ("views.queries", "import sqlite3"),
    ],
)
def test_an_arrow_of_the_design_is_let_through(module: str, source: str) -> None:
    """A check of arrows that refuses the design itself is switched off within a week."""
    assert list(breaches(module, ast.parse(source))) == []
