"""The file for node_exporter: whole at any moment, readable, gone at the end."""

import os
import threading
from pathlib import Path

import pytest

from shepherd.edges.metrics_file import MetricsFile
from shepherd.errors import Unavailable


@pytest.fixture(name="path")
def a_path(tmp_path: Path) -> Path:
    return tmp_path / "shepherd.prom"


def test_anybody_may_read_it_whatever_the_umask(path: Path) -> None:
    """The unit's umask kept it from node_exporter, which said nothing."""
    before = os.umask(0o077)
    try:
        MetricsFile(path).write(b"shepherd_blind 0\n")
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"shepherd_blind 0\n", 0o644)


def test_a_reader_never_has_half_of_it(path: Path) -> None:
    """Half of a file had half of the hosts, and the alert on the rest."""
    file, ends = MetricsFile(path), threading.Event()
    bodies = [bytes([letter]) * 200_000 for letter in b"ab"]
    file.write(bodies[0])

    def write() -> None:
        while not ends.is_set():
            for body in bodies:
                file.write(body)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert {path.read_bytes() for _ in range(300)} <= set(bodies)
    finally:
        ends.set()
        writer.join()
    assert os.listdir(path.parent) == [path.name]


def test_a_link_in_its_place_is_replaced_and_not_followed(path: Path, tmp_path: Path) -> None:
    """Whoever owned the directory of metrics had the daemon write where they liked."""
    other = tmp_path / "elsewhere"
    other.write_text("mine")
    path.symlink_to(other)
    (tmp_path / ".shepherd.prom.new").symlink_to(other)
    MetricsFile(path).write(b"ours")
    assert (other.read_text(), path.read_bytes(), path.is_symlink()) == ("mine", b"ours", False)


def test_it_is_gone_at_the_end_and_a_missing_directory_is_told(path: Path, tmp_path: Path) -> None:
    """A daemon that was switched off last year had all its hosts lent."""
    file = MetricsFile(path)
    file.write(b"x")
    file.remove()
    file.remove()
    assert not path.exists()
    with pytest.raises(Unavailable, match=r"missing/shepherd\.prom cannot be written: No such file or directory"):
        MetricsFile(tmp_path / "missing/shepherd.prom").write(b"x")
