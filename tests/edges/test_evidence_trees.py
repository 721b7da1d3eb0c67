"""Evidence taken of hostile containers' files: trees made by hand."""

import contextlib
import json
import os
import stat
from pathlib import Path

import pytest

from tests.edges.evidence_seen import MIB, index, sink_in, taken


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    return tree


def test_links_out_of_the_tree_are_noted_and_not_followed(tmp_path: Path, tree: Path) -> None:
    """A guest's link to /etc/shadow brought the host's own secrets into the evidence."""
    secret = tmp_path / "secret"
    secret.write_text("the host's own")
    (tree / "link").symlink_to(secret)
    (tree / "directory").symlink_to(tmp_path)
    (tree / "kept").write_text("the guest's")
    found = taken(tmp_path, tree, sink_in(tmp_path))
    assert found["//kept"] == b"the guest's"
    assert b"the host's own" not in b"".join(found.values())
    names = [json.loads(row) for row in found["all names in /"].splitlines()]
    assert {"link": str(secret), "directory": str(tmp_path)}.items() <= {
        row["path"]: row.get("target") for row in names
    }.items()


@pytest.mark.limit(20)
def test_pipes_and_devices_are_noted_and_not_opened(tmp_path: Path, tree: Path) -> None:
    """Opening a FIFO waited for a writer, who was frozen."""
    os.mkfifo(tree / "pipe")
    (tree / "null").symlink_to("/dev/null")
    with contextlib.suppress(PermissionError):
        os.mknod(tree / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    found = taken(tmp_path, tree, sink_in(tmp_path))
    assert set(found) == {"all names in /"}
    assert b"pipe" in found["all names in /"]


def test_a_sparse_file_of_a_terabyte_takes_what_it_holds(tmp_path: Path, tree: Path) -> None:
    """A file of a terabyte without content filled the disk."""
    with (tree / "sparse").open("wb") as file:
        file.truncate(1 << 40)
        file.seek(1 << 39)
        file.write(b"here")
    found = taken(tmp_path, tree, sink_in(tmp_path))
    assert found["//sparse"].strip(b"\0") == b"here"
    assert len(found["//sparse"]) <= 2 * MIB
    [row] = [row for row in index(tmp_path) if row.get("what") == "//sparse"]
    assert row["size_there"] == 1 << 40


def test_names_that_print_nothing_or_lie_are_escaped(tmp_path: Path, tree: Path) -> None:
    """A name with an escape sequence cleared the officer's terminal."""
    for name in (b"new\nline", b"\x1b[2J", b"\xff\xfe", "r\u202etl".encode(), b'"}{"', b"-rf"):
        Path(os.fsdecode(os.fsencode(tree) + b"/" + name)).write_bytes(name)
    found = taken(tmp_path, tree, sink_in(tmp_path))
    assert len(found) == 7
    assert all(what.isprintable() for what in found)
    assert sorted(os.listdir(tmp_path / "take1")) == ["000001", *(f"{n:06d}" for n in range(2, 8)), "index.jsonl"]


def test_a_deep_tree_ends(tmp_path: Path, tree: Path) -> None:
    """A tree of hundreds of levels ended the recording by recursion."""
    here = os.open(tree, os.O_RDONLY)
    for _ in range(150):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert set(taken(tmp_path, tree, sink_in(tmp_path))) == {"all names in /"}


def test_space_and_time_are_bounded_and_what_is_lost_is_said(tmp_path: Path, tree: Path) -> None:
    """A partial copy looked like a whole one."""
    (tree / "small").write_bytes(b"s" * 1000)
    (tree / "large").write_bytes(b"l" * 8 * MIB)
    found = taken(tmp_path, tree, sink_in(tmp_path, size_bytes=2 * MIB))
    assert found["//small"] == b"s" * 1000
    assert MIB < len(found["//large"]) < 2 * MIB
    told = [str(row["lost"]) for row in index(tmp_path) if "lost" in row]
    assert any("//large: only" in one for one in told), told
    [row] = [row for row in index(tmp_path) if row.get("what") == "//large"]
    assert row["part"] == "space is over"


def test_when_time_is_over_nothing_more_is_taken(tmp_path: Path, tree: Path) -> None:
    """A container full of files kept its host frozen for an hour."""
    (tree / "file").write_text("x")
    assert taken(tmp_path, tree, sink_in(tmp_path, seconds=0.0)) == {}
    assert index(tmp_path)[-1] == {"end": True}
    assert "time is over" in str(index(tmp_path)[0]["lost"])
