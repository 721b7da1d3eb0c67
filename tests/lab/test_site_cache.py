"""The lab's cache: built once, whole or not at all, never trusted when damaged."""

import multiprocessing
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from shepherd.lab import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHEPHERD_LAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def plant(draft: Path) -> Mapping[str, str]:
    (draft / "leaf").write_text("green")
    return {"colour": "green", "suffix": "1.0"}


def test_a_tree_is_built_once_and_found_again() -> None:
    """Ninety seconds of debootstrap on every start would make nobody use the lab."""
    first = cache.provide("tree", "k", plant)
    again = cache.provide("tree", "k", lambda _: pytest.fail("it was built twice"))
    assert first == again
    assert first.name == "tree-k-1.0"
    assert cache.facts(first)["colour"] == "green"


@pytest.mark.parametrize("damage", [lambda p: p.write_text("brown!"), Path.unlink, lambda p: p.chmod(0o600)])
def test_a_damaged_tree_is_built_anew(damage) -> None:
    """A half-deleted rootfs gives failures that nobody connects with the cache."""
    leaf = cache.provide("tree", "k", plant) / "leaf"
    leaf.chmod(0o644)
    os.utime(leaf, ns=(1, 1))
    damage(leaf)
    assert (cache.provide("tree", "k", plant) / "leaf").read_text() == "green"


def test_a_build_that_fails_leaves_no_tree() -> None:
    """An interrupted download must not be taken for a finished rootfs next time."""

    def wilt(draft: Path) -> Mapping[str, str]:
        plant(draft)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        cache.provide("tree", "k", wilt)
    assert cache.find("tree", "k") is None


def test_only_the_newest_images_are_kept() -> None:
    """Every edit of the image's configuration adds a tree; a developer's disk was full of them."""
    kept = []
    for number in range(4):
        tree = cache.provide("docker", cache.digest(str(number)), lambda draft: {"made": str(draft)})
        os.utime(tree.with_name(tree.name + ".json"), (number, number))
        kept.append(tree)
    cache.prune("docker", 2)
    assert [tree.is_dir() for tree in kept] == [False, False, True, True]


def slow_plant(draft: Path) -> Mapping[str, str]:
    with (cache.cache_dir() / "builds").open("a") as log:
        log.write("x")
    time.sleep(0.3)
    return plant(draft)


def build_slowly() -> None:
    cache.provide("tree", "k", slow_plant)


def test_two_labs_at_once_build_one_tree(own_cache: Path) -> None:
    """Two sessions on one machine once built over each other."""
    labs = [multiprocessing.get_context("spawn").Process(target=build_slowly) for _ in range(2)]
    for lab in labs:
        lab.start()
    for lab in labs:
        lab.join(20)
    assert [lab.exitcode for lab in labs] == [0, 0]
    assert (own_cache / "builds").read_text() == "x"
