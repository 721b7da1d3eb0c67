"""Evidence taken of hostile containers: real processes in a cgroup of their own, and the directory it lies in."""

import json
import os
import signal
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shepherd.core.stop.custody import faults, line, link
from shepherd.core.stop.manifest import case_text, differences, manifest_of, manifest_text
from shepherd.edges.evidence.processes import Processes
from shepherd.edges.evidence.store import EvidenceDirectory
from shepherd.edges.kernel import cgroups
from shepherd.edges.kernel.processes import HostKernel
from shepherd.errors import Unavailable
from shepherd.model.container import Container
from shepherd.model.evidence import Custody, Hand, Manifest, Taking
from tests.edges.evidence_seen import CASE, IDENT, MIB, contents, now_s, sink_in

# --- real processes ---

PROGRAM = """
import os, sys, time, mmap
sys.stdin.readline()
secret = bytearray(b"sEcReT" + b"-in-memory-" * 1000)
hole = mmap.mmap(-1, 1 << 36, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
hole[1 << 35] = 7
memory = os.memfd_create("unnamed")
os.write(memory, b"held open without a name")
[os.fork() or time.sleep(1000) for _ in range(int(sys.argv[1]))]
print("ready", flush=True)
while True: time.sleep(0.01)
"""


SPAWNED: "list[subprocess.Popen[bytes]]" = []


TOPS = [top for top in ("/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
        if Path(top, "cgroup.procs").exists()]  # fmt: skip
"""Of each version that is mounted here."""


@pytest.fixture(params=TOPS)
def group(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A cgroup with the name of a container, in each version that is here."""
    cgroup = Path(request.param) / f"{os.getpid():064x}"
    cgroup.mkdir()
    yield cgroup
    cgroups.kill_all(cgroup)
    cgroups.thaw(cgroup)
    while SPAWNED:
        SPAWNED.pop().wait(5)
    deadline_s = now_s() + 5
    while cgroups.members(cgroup) and now_s() < deadline_s:
        time.sleep(0.01)
    time.sleep(0.05)
    cgroup.rmdir()


def spawn(group: Path, children: int = 3) -> "subprocess.Popen[bytes]":
    """A hostile program in the cgroup."""
    environment = {"HUGE": "h" * 100_000, "NAME": "\x1b[2J"}
    argv = [sys.executable, "-c", PROGRAM, str(children)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=0)
    assert process.stdout is not None
    assert process.stdin is not None
    (group / "cgroup.procs").write_text(str(process.pid))
    process.stdin.write(b"go\n")
    with process.stdin, process.stdout:
        assert process.stdout.readline() == b"ready\n"
    SPAWNED.append(process)
    return process


def frozen(group: Path) -> list[int]:
    deadline_s = now_s() + 5
    while not cgroups.freeze(group):
        assert now_s() < deadline_s, "the kernel does not freeze it"
        time.sleep(0.005)
    return sorted(cgroups.members(group))


@pytest.mark.real
@pytest.mark.limit(60)
def test_frozen_processes_are_recorded_with_memory_and_do_not_run_meanwhile(tmp_path: Path, group: Path) -> None:
    """The container changed what it did while it was looked at."""
    process = spawn(group)
    pids = frozen(group)
    assert len(pids) == 4
    before = Path(f"/proc/{process.pid}/stat").read_text().split()[13:15]
    sink = sink_in(tmp_path)
    processes = Processes(group.name, pids, 0)
    with sink.part("all"):
        processes.take_sockets(sink)
        processes.take_facts(sink)
        processes.take_programs(sink)
        processes.take_deleted(sink)
    with sink.part("memory"):
        processes.take_memory(sink)
    sink.end()
    assert Path(f"/proc/{process.pid}/stat").read_text().split()[13:15] == before
    found = contents(tmp_path)
    facts = [json.loads(row) for row in found["processes, jobs' first: a JSON object each"].splitlines()]
    assert {row["pid"] for row in facts} == set(pids)
    assert any(word.startswith("HUGE=hhh") for word in facts[0]["environ"])
    assert found[f"memory of process {process.pid}"].count(b"sEcReT-in-memory-") >= 1
    assert len(found[f"memory of process {process.pid}"]) < 64 * MIB
    assert any(b"held open without a name" in data for what, data in found.items() if "memfd" in what)
    assert any(what.startswith("/proc/net/tcp ") for what in found)
    program = json.loads(found["programs that ran: a JSON object each"].splitlines()[0])
    assert len(program["sha256"]) == 64


@pytest.mark.real
@pytest.mark.limit(30)
def test_what_is_frozen_dies_of_a_kill_and_runs_nothing_before(tmp_path: Path, group: Path) -> None:
    """Version 1's frozen did not die, and the lock stayed with them."""
    process = spawn(group)
    kernel = HostKernel(tmp_path / "lock")
    container = Container(
        ident=group.name, pid=process.pid, start_ticks=kernel.start_ticks(process.pid) or 0, cgroup=str(group)
    )
    deadline_s = now_s() + 5
    while not kernel.freeze(container):
        assert now_s() < deadline_s
    assert kernel.start_ticks(process.pid) == container.start_ticks, "a frozen process lives"
    kernel.kill(container)
    assert process.wait(5) == -signal.SIGKILL
    while kernel.members(container.cgroup):
        assert now_s() < deadline_s
    assert kernel.freeze(container), "an empty one is as still as can be"


@pytest.mark.real
@pytest.mark.limit(30)
def test_processes_of_others_are_left_alone(tmp_path: Path) -> None:
    """A number was used again, and the evidence had the memory of the host's own daemon."""
    assert Processes("f" * 64, [os.getpid(), 1], 0).pids == []
    assert tmp_path.exists()


# --- the directory ---


def taking(group: Path, pids: list[int], seconds: float) -> Taking:
    return Taking(container=group.name, pids=tuple(pids), until_s=now_s() + seconds, job_uid=3001)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceDirectory:
    store = EvidenceDirectory(tmp_path / "evidence", size_mib=64, memory_mib=16)
    store.open(IDENT, case_text(CASE))
    return store


@pytest.mark.real
@pytest.mark.limit(60)
def test_a_recording_by_a_process_of_its_own_ends_in_time_and_is_verified(
    tmp_path: Path, group: Path, store: EvidenceDirectory
) -> None:
    """What was altered afterwards was shown to somebody as it had been."""
    spawn(group)
    began_s = now_s()
    store.take(IDENT, taking(group, frozen(group), 4.0))
    assert now_s() - began_s < 6.0
    store.keep(IDENT, "dockerd.json", "{}")
    pieces, lost = store.pieces(IDENT)
    manifest = Manifest(case=CASE, made_at_s=1.0, pieces=tuple(pieces), layer=(), lost=tuple(lost))
    assert manifest_of(manifest_text(manifest)) == manifest
    assert sum(piece.what.startswith("memory of") for piece in pieces) == 4, lost
    assert list(differences(manifest, store.found(IDENT))) == []
    top = tmp_path / "evidence"
    assert {stat.S_IMODE(path.lstat().st_mode) & 0o077 for path in [top, *top.rglob("*")]} == {0}
    victim = next(piece.name for piece in pieces if piece.what.startswith("memory of"))
    with (top / IDENT / victim).open("r+b") as file:
        file.write(b"x")
    (top / IDENT / "take1/new").write_text("added")
    (top / IDENT / "dockerd.json").unlink()
    told = list(differences(manifest, store.found(IDENT)))
    assert [one.split()[0] for one in told] == ["dockerd.json", victim, "take1/new"]


BOX = """
mount -t tmpfs none /mnt && mkdir /mnt/deep && mount -t tmpfs none /mnt/deep
echo the-jobs-own-words > /mnt/deep/mark; ln -s /etc/shadow /mnt/deep/shadow; mkfifo /mnt/deep/pipe
mkdir /mnt/hidden && mount -t tmpfs none /mnt/hidden && echo under > /mnt/hidden/under
mkdir /tmp/over.$$ && mount --bind /tmp/over.$$ /mnt/hidden && rmdir /tmp/over.$$
python3 -c 'import socket, time; s = socket.socket(); s.bind(("0.0.0.0", 41822)); s.listen(); print("ready", flush=True)
time.sleep(1000)'
"""


@pytest.mark.real
@pytest.mark.limit(60)
def test_a_box_with_namespaces_of_its_own_is_recorded_as_it_sees_itself(
    tmp_path: Path, group: Path, store: EvidenceDirectory
) -> None:
    """The recording looked at the host's own /mnt, and at the host's own sockets."""
    argv = ["sh", "-c", 'read go; exec unshare --mount --net --pid --fork --mount-proc sh -c "$0"', BOX]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    SPAWNED.append(process)
    assert process.stdout is not None
    assert process.stdin is not None
    with process.stdin, process.stdout:
        (group / "cgroup.procs").write_text(str(process.pid))
        process.stdin.write(b"go\n")
        assert process.stdout.readline() == b"ready\n"
    pids = frozen(group)
    inside = [pid for pid in pids if os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")]
    store.take(IDENT, taking(group, inside, 8.0))
    pieces, lost = store.pieces(IDENT)
    top = tmp_path / "evidence" / IDENT
    kept = {piece.what: (top / piece.name).read_bytes() for piece in pieces if piece.what}
    assert kept["/mnt/deep/mark"] == b"the-jobs-own-words\n"
    assert b"/etc/shadow" in kept["all names in /mnt/deep"]
    assert not any(what.startswith("/mnt/deep/") and what != "/mnt/deep/mark" for what in kept)
    assert any("/mnt/hidden: something else is mounted over it" in one for one in lost), lost
    tables = [data for what, data in kept.items() if what.startswith("/proc/net/tcp ")]
    assert [f":{41822:04X} " .encode() in data for data in tables] == [True]


@pytest.mark.real
@pytest.mark.limit(60)
def test_a_recording_that_hangs_is_broken_off_and_is_said_to_be_partial(
    group: Path, store: EvidenceDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording waited for the container for ever, and the host with it."""
    monkeypatch.setattr("shepherd.edges.evidence.store.MODULE", "tests.edges.evidence_hangs")
    pids = [spawn(group).pid]
    with pytest.raises(Unavailable):
        store.take(IDENT, taking(group, pids, 0.5))
    _, lost = store.pieces(IDENT)
    assert any("take1 was broken off" in one for one in lost)


def test_custody_is_only_added_to_and_changes_are_found(store: EvidenceDirectory) -> None:
    """Who had exported the evidence was taken out of the list afterwards."""
    for number in range(3):
        store.note(lambda before, number=number: line(  # type: ignore[misc]
            Custody(at_s=float(number), hand=Hand.EXPORTED, ident=IDENT, who="ann", why="court", manifest="",
                    before=link(before))))  # fmt: skip
    lines = list(store.custody())
    assert list(faults(lines)) == []
    assert list(faults([lines[0], lines[2]])) != []
    assert list(faults([lines[0], lines[1].replace("ann", "bob"), lines[2]])) != []
    assert list(faults([lines[1], lines[0], lines[2]])) != []


def test_what_is_deleted_is_gone_and_a_broken_off_deletion_is_no_evidence(
    tmp_path: Path, store: EvidenceDirectory
) -> None:
    """A half-deleted directory was listed as whole evidence, and its container kept for ever."""
    store.keep(IDENT, "manifest.json", "{}")
    (tmp_path / "evidence" / IDENT / "case.json").unlink()
    assert store.cases() == {}
    store.delete(IDENT)
    assert not (tmp_path / "evidence" / IDENT).exists()


def test_the_writable_layer_is_listed_and_exported_and_its_links_are_not_followed(
    tmp_path: Path, store: EvidenceDirectory
) -> None:
    """A link in the layer brought the host's own file into what was given to the court."""
    layer = tmp_path / "upper"
    (layer / "etc").mkdir(parents=True)
    (layer / "etc/changed").write_text("by the guest")
    (layer / "etc/shadow").symlink_to("/etc/shadow")
    os.mkfifo(layer / "pipe")
    store.keep(IDENT, "dockerd.json", json.dumps({"GraphDriver": {"Data": {"UpperDir": str(layer)}}}))
    store.keep(IDENT, "manifest.json", "{}")
    store.note(lambda before: before + "first")
    found = store.layer(IDENT)
    assert found is not None
    assert [piece.name for piece in found] == ["etc/changed"]
    (tmp_path / "out").mkdir()
    with tarfile.open(store.export(IDENT, tmp_path / "out") / "layer.tar") as archive:
        assert {member.name: member.linkname for member in archive} == {
            "etc": "", "etc/changed": "", "etc/shadow": "/etc/shadow",
        }  # fmt: skip


def test_what_the_container_said_is_kept_unless_a_link_leads_elsewhere(
    tmp_path: Path, store: EvidenceDirectory
) -> None:
    """dockerd's log of the container went with the container."""
    log = tmp_path / "json.log"
    log.write_text("flock-init: leaving")
    store.keep(IDENT, "dockerd.json", json.dumps({"LogPath": str(log)}))
    assert "container.log" in {piece.name for piece in store.pieces(IDENT)[0]}
    store.open("q-other", "{}")
    (tmp_path / "link").symlink_to(log)
    store.keep("q-other", "dockerd.json", json.dumps({"LogPath": str(tmp_path / "link")}))
    assert "container.log" not in {piece.name for piece in store.pieces("q-other")[0]}


def test_two_that_begin_it_at_once_are_not_in_each_others_way(tmp_path: Path) -> None:
    """What dockerd was asked for and what was recorded began in the same millisecond, and nothing was recorded."""
    store = EvidenceDirectory(tmp_path / "evidence", size_mib=64, memory_mib=16)
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda _: store.open(IDENT, case_text(CASE)), range(200)))
    assert store.cases() == {IDENT: case_text(CASE)}
    assert os.listdir(tmp_path / "evidence" / IDENT) == ["case.json"]
