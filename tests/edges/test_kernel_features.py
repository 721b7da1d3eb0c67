"""What this machine's kernel can: by files made up, and by the kernel that the tests run on."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from shepherd.edges.kernel.features import HostMachine, command, version_of

FILES = {
    "proc/sys/user/max_user_namespaces": "15000\n",
    "proc/sys/kernel/seccomp/actions_avail": "kill_process errno log allow\n",
    "sys/module/apparmor/parameters/enabled": "Y\n",
    "sys/kernel/security/apparmor/profiles": "shepherd-flock (enforce)\ndocker-default (enforce)\n",
    "proc/swaps": "Filename Type Size Used Priority\n/dev/sda2 partition 2097152 0 -2\n",
    "proc/self/status": "Name:\tpython\nCapEff:\t0000000000001000\n",
    "proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
    "sys/fs/cgroup/cgroup.controllers": "cpu memory pids\n",
    "proc/sys/net/netfilter/nf_conntrack_max": "65536\n",
    "proc/sys/net/netfilter/nf_conntrack_count": "12\n",
}


def machine(root: pathlib.Path, **changes: str) -> HostMachine:
    for name, text in {**FILES, **changes}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return HostMachine(root)


def test_the_kernels_files_are_read(tmp_path: pathlib.Path) -> None:
    """A file that was read wrongly made every host fail, or none."""
    found = machine(tmp_path)
    assert (found.user_namespaces(), found.filters_calls(), found.swap_mib()) == (15000, True, 2048)
    assert found.apparmor().profiles == frozenset({"shepherd-flock", "docker-default"})
    assert found.apparmor().is_on
    assert found.may_change_network()
    assert (found.cgroups().version, found.cgroups().controllers) == (2, frozenset({"cpu", "memory", "pids"}))
    tracked = found.tracking()
    assert tracked is not None
    assert (tracked.most, tracked.now) == (65536, 12)


def test_a_kernel_without_them_says_so(tmp_path: pathlib.Path) -> None:
    """What could not be read was taken for what is there."""
    found = HostMachine(tmp_path)
    assert (found.user_namespaces(), found.filters_calls(), found.swap_mib()) == (None, False, 0)
    assert found.apparmor().profiles is None
    assert not found.apparmor().is_on
    assert not found.may_change_network()
    assert found.tracking() is None
    assert found.cgroups().version == 0


def test_version_1_of_control_groups_is_told_by_its_mounts(tmp_path: pathlib.Path) -> None:
    """On a machine with both, the limits are those of version 1."""
    mounts = (
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\ncgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n"
    )
    found = machine(tmp_path, **{"proc/self/mounts": mounts}).cgroups()
    assert found.version == 1
    assert found.controllers >= {"memory", "pids", "cpu"}


def test_this_kernel_is_asked_for_itself() -> None:
    """Files made up may be those of no kernel."""
    found = HostMachine()
    assert found.kernel() >= (5, 0)
    assert found.memory_mib() > 100
    assert found.landlock() >= 0
    assert found.filters_calls()


def test_a_process_sees_the_same_directory_or_not(tmp_path: pathlib.Path) -> None:
    """A daemon with a /tmp of its own never saw the file that was to stop it."""
    found = HostMachine()
    assert found.sees_same(os.getpid(), str(tmp_path)) is True
    assert found.sees_same(2**22 + 1, str(tmp_path)) is False
    assert found.sees_same(os.getpid(), str(tmp_path / "nowhere")) is False


def test_a_running_program_is_found_by_its_last_words() -> None:
    """The program was found by its name, which a pager that showed its manual had, too."""
    argv = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", "gateway", "run-for-a-test"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # for a moment after its exec a process has no words yet
        assert HostMachine().running(("gateway", "run-for-a-test")) == [process.pid]
        assert command(process.pid)[-1] == "run-for-a-test"
        assert HostMachine().running(("run-for-a-test", "gateway")) == []
        process.communicate()
    assert command(process.pid) == []


@pytest.mark.parametrize(
    ("text", "version"), [("6.1.0-28-amd64", (6, 1, 0)), ("1.0.6 (Lester)", (1, 0, 6)), ("", ()), ("x", ())]
)
def test_releases_are_compared_as_numbers(text: str, version: tuple[int, ...]) -> None:
    """6.9 was taken to be newer than 6.12."""
    assert version_of(text) == version


@pytest.mark.real
def test_the_kernel_makes_a_macvlan_and_rules_and_forgets_them() -> None:
    """`modinfo` named modules that could not be loaded; a trial that left an interface behind was a fault itself."""
    before = pathlib.Path("/proc/net/dev").read_text().count(":")
    assert HostMachine().links_problem(vlan=False) == ""
    assert pathlib.Path("/proc/net/dev").read_text().count(":") == before


def test_why_the_kernel_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial was silent about what was missing."""
    monkeypatch.setattr("shepherd.edges.kernel.features.TRIAL", "echo 'Unknown device type' >&2; exit 2")
    assert "Unknown device type" in HostMachine().links_problem(vlan=False)


@pytest.mark.parametrize("refused", ["macvlan", "vlan", "veth", "nft"])
def test_each_part_of_the_trial_can_fail(refused: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel without macvlan was in order wherever a VLAN was tried after it."""
    tools = {
        "unshare": 'shift 2; exec "$@"',
        "ip": 'for kind; do case "$before" in type) break;; esac; before=$kind; done; ' + refuse("$kind", refused),
        "nft": refuse("nft", refused),
    }
    for name, script in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert f"no {refused} here" in HostMachine().links_problem(vlan=True)
    assert bool(HostMachine().links_problem(vlan=False)) == (refused != "vlan")


def refuse(kind: str, refused: str) -> str:
    """A tool's script that fails at this."""
    return f"test {kind} != {refused} || {{ echo 'no {refused} here' >&2; exit 2; }}"


@pytest.mark.real
def test_a_startd_that_runs_is_found_without_its_forks(tmp_path: pathlib.Path) -> None:
    """The files named the guard, and the master had gone on with the startd that it had started before."""
    program = tmp_path / "condor_startd"
    shutil.copy("/bin/sh", program)
    before = HostMachine().running_startds()
    argv = [str(program), "-c", "(echo forked; read line); true"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"forked\n"
        assert HostMachine().running_startds() == sorted([*before, process.pid])
        process.communicate(b"\n")
    assert HostMachine().running_startds() == before
