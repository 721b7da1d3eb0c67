"""A lend's file system in memory, mounted for real in a machine of namespaces, and written to by its owner."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
HEAD = """
import os, pathlib, sys
from shepherd.edges.job_files import HostJobFiles
from shepherd.errors import CommandFailed
from shepherd.model.host import LeaseId
from shepherd.ports_trace import StartdFile
place = pathlib.Path(sys.argv[1])
files = HostJobFiles(place / "trace", 1)
files.make(LeaseId("L1"), 1234, 1234)
own = place / "trace" / "L1"
events = own / "EventLog"
def refused(act):
    try:
        act()
    except CommandFailed as exc:
        return str(exc)
    return "allowed"
"""


def said(tmp_path: pathlib.Path, script: str) -> list[str]:
    """What a script says that runs as root of namespaces of its own, where it is PID 1's neighbour."""
    argv = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", sys.executable, "-c", HEAD + script, str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines()


@pytest.mark.real
def test_it_is_small_its_owners_alone_and_gone_when_it_is_removed(tmp_path):
    """What a container may write to on its host must not be able to fill the host's memory."""
    script = """
files.make(LeaseId("L1"), 1234, 1234)
seen = own.stat()
line = next(line.split() for line in open("/proc/mounts") if str(own) in line)
print(oct(seen.st_mode & 0o777), seen.st_uid, seen.st_gid, own.is_mount(), sorted(files.leases()))
print(sorted(set(line[3].split(",")) & {"nosuid", "nodev", "noexec", "size=1024k", "nr_inodes=64"}))
files.remove("L1")
files.remove("L1")
print(own.exists(), sorted(files.leases()))
"""
    assert said(tmp_path, script) == [
        "0o700 1234 1234 True ['L1']",
        "['nodev', 'noexec', 'nosuid', 'nr_inodes=64', 'size=1024k']",
        "False []",
    ]


@pytest.mark.real
def test_what_was_read_is_given_back_and_a_lend_may_last(tmp_path):
    """A lend of a month writes more than fits: the startd could write nothing any more."""
    script = """
offset, written = 0, b""
with events.open("ab", buffering=0) as log:
    for number in range(100, 200):
        line = (f"{number} " * 12_500).encode()
        log.write(line)
        written += line
        data = files.read("L1", StartdFile.EVENTS, offset)
        assert data == written[offset:], (len(data), offset)
        offset += len(data)
        files.forget("L1", StartdFile.EVENTS, offset)
print(len(written), events.stat().st_size, os.statvfs(own).f_bavail * 4096 > 900_000, files.is_full("L1"))
try:
    (own / "ballast").write_bytes(b"x" * 2_000_000)
except OSError as exc:
    print(exc.strerror, files.is_full("L1"))
"""
    assert said(tmp_path, script) == ["5000000 5000000 True False", "No space left on device True"]


@pytest.mark.real
def test_nothing_but_plain_files_is_read_whatever_its_owner_puts_there(tmp_path):
    """Who becomes root in a container owns what lies there: links, pipes, and files that shrink."""
    script = """
print(files.read("L1", StartdFile.EVENTS, 0))
events.symlink_to("/etc/shadow")
print("EventLog" in refused(lambda: files.read("L1", StartdFile.EVENTS, 0)))
print("EventLog" in refused(lambda: files.forget("L1", StartdFile.EVENTS, 9000)))
events.unlink()
os.mkfifo(events)
print("not a plain file" in refused(lambda: files.read("L1", StartdFile.EVENTS, 0)))
events.unlink()
events.mkdir()
print("EventLog" in refused(lambda: files.read("L1", StartdFile.EVENTS, 0)))
events.rmdir()
events.write_bytes(b"short")
print("it became shorter" in refused(lambda: files.read("L1", StartdFile.EVENTS, 10)))
events.unlink()
print("is not any more" in refused(lambda: files.read("L1", StartdFile.EVENTS, 10)))
print(files.read("L9", StartdFile.EVENTS, 0), "no name" in refused(lambda: files.read("../L1", StartdFile.EVENTS, 0)))
"""
    assert said(tmp_path, script) == ["b''", "True", "True", "True", "True", "True", "True", "b'' True"]
