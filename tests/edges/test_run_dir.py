"""The run directory on a real file system."""

import os
from pathlib import Path

import pytest

from shepherd.edges.run_dir import HostRunDir
from shepherd.errors import CommandFailed
from shepherd.ports_node import NodeFile

ROOT_GID = 100000 if os.geteuid() == 0 else os.getegid()


@pytest.fixture
def run_dir(tmp_path: Path) -> HostRunDir:
    (tmp_path / "boot_id").write_text("boot-1\n")
    made = HostRunDir(tmp_path / "run", tmp_path / "boot_id")
    made.prepare()
    return made


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_it_is_made_for_root_alone_and_the_lock_is_never_replaced(run_dir: HostRunDir, tmp_path: Path) -> None:
    """A guard that held the lock held nothing any more, after a keeper had made the file anew."""
    before = run_dir.lock.stat().st_ino
    run_dir.prepare()
    assert run_dir.lock.stat().st_ino == before
    assert (mode(run_dir.lock), mode(tmp_path / "run"), mode(tmp_path / "run/share")) == (0o600, 0o700, 0o700)


def test_a_directory_that_others_can_write_is_refused(run_dir: HostRunDir, tmp_path: Path) -> None:
    """Whoever can replace the control file decides who lives on the host."""
    (tmp_path / "run/share").chmod(0o777)
    with pytest.raises(CommandFailed, match="chmod"):
        run_dir.prepare()


def test_the_nonce_lasts_one_boot(run_dir: HostRunDir, tmp_path: Path) -> None:
    """A lease from before a reboot started a container after it."""
    first = run_dir.nonce()
    assert run_dir.nonce() == first
    (tmp_path / "boot_id").write_text("boot-2\n")
    second = run_dir.nonce()
    assert second != first
    (tmp_path / "run/nonce").write_text("half a")
    assert run_dir.nonce() not in {first, second}


def test_another_nonce_forgets_pages_and_keeps_the_lend(run_dir: HostRunDir) -> None:
    """The record of the lend is what finds a container that must go."""
    run_dir.write(NodeFile.SEEN, "pages")
    run_dir.write(NodeFile.LEND, "lend")
    run_dir.renew_nonce()
    assert (run_dir.read(NodeFile.SEEN), run_dir.read(NodeFile.LEND)) == (None, "lend")


def test_a_write_is_all_or_nothing(run_dir: HostRunDir, tmp_path: Path) -> None:
    """PID 1 read half a control file and left."""
    run_dir.write(NodeFile.CONTROL, "old")
    with (tmp_path / "run/share/control").open() as reader:
        run_dir.write(NodeFile.CONTROL, "new")
        assert reader.read() == "old"
    assert run_dir.read(NodeFile.CONTROL) == "new"
    assert mode(tmp_path / "run/share/control") == 0o640


def test_a_write_that_was_cut_off_is_made_up_for(run_dir: HostRunDir, tmp_path: Path) -> None:
    """kill -9 between draft and rename left a file that barred every later write."""
    (tmp_path / "run/share/.control.new").write_text("half")
    run_dir.write(NodeFile.CONTROL, "whole")
    assert run_dir.read(NodeFile.CONTROL) == "whole"


def test_a_link_in_the_way_is_not_followed(run_dir: HostRunDir, tmp_path: Path) -> None:
    """Root's writes must not end where a link points."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "run/share/.control.new").symlink_to(victim)
    run_dir.write(NodeFile.CONTROL, "x")
    assert victim.read_text() == "untouched"


def test_the_containers_root_reads_what_is_shared_and_nobody_else_does(run_dir: HostRunDir, tmp_path: Path) -> None:
    """PID 1 of a container whose root is nobody on the host could not open the lock; with 0644 every account could."""
    run_dir.open_to(ROOT_GID)
    run_dir.write(NodeFile.TOKEN, "secret")
    share = tmp_path / "run/share"
    shared = {path: (path.stat().st_gid, mode(path)) for path in (share, run_dir.lock, share / "token")}
    assert shared == {share: (ROOT_GID, 0o750), run_dir.lock: (ROOT_GID, 0o640), share / "token": (ROOT_GID, 0o640)}
    run_dir.write(NodeFile.FENCE, "x")
    assert mode(tmp_path / "run" / NodeFile.FENCE.value) == 0o600


def test_the_token_and_the_resolvers_are_taken_back(run_dir: HostRunDir, tmp_path: Path) -> None:
    """The flock pool's token lay about on hosts that were long at home."""
    for file in (NodeFile.TOKEN, NodeFile.RESOLVER):
        run_dir.write(file, "text")
    run_dir.clear()
    run_dir.clear()
    assert not (tmp_path / "run/share/token").exists()
    assert not (tmp_path / "run/resolv.conf").exists()


def test_a_second_keeper_is_refused(run_dir: HostRunDir, tmp_path: Path) -> None:
    """Two keepers took turns in undoing each other's work."""
    other = HostRunDir(tmp_path / "run", tmp_path / "boot_id")
    claim = run_dir.claim()
    with pytest.raises(CommandFailed, match="another keeper"):
        other.claim()
    os.close(claim)
    os.close(other.claim())
