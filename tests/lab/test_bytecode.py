"""Compiling for the nodes, beside other labs that begin."""

import threading

import pytest

from shepherd.lab import bytecode, cache
from shepherd.lab.node import SOURCE
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import provide_trees

pytestmark = [pytest.mark.real, pytest.mark.limit(120)]
KEY = "0123456789ab"
CHANGING = ("dev", "run", "tmp")


def test_while_nodes_programs_are_compiled_their_tree_stays_as_it_is() -> None:
    """Another lab found a compiler's semaphore in it, took the tree for damaged, and removed it below living nodes."""
    trees = provide_trees(Progress())
    before = {name: cache.fingerprint(trees.root / name) for name in CHANGING}
    seen: list[dict[str, str]] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.append({name: cache.fingerprint(trees.root / name) for name in CHANGING})

    looking = threading.Thread(target=look)
    looking.start()
    try:
        made = bytecode.compiled("trial", KEY, trees, SOURCE / "shepherd", bytecode.PROJECT, "", Progress())
    finally:
        over.set()
        looking.join()
    try:
        assert any(made.rglob("*.pyc"))
    finally:
        cache.discard(made)
    assert len(seen) > 10
    assert all(one == before for one in seen)
