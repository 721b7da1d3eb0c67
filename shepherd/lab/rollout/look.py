"""What a machine is and what runs on it, as JSON: run inside of it, standard library only."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OURS = ("startd-guard", "flock-init", "condor_startd", "condor_master")
MOST_WORDS = 4
"""A program's own name is among the first: an interpreter and its options may come before."""
IN_CONTAINER = re.compile(r"docker[-/]([0-9a-f]{64})")


def text(path: str | Path) -> str:
    """A file's text, nothing if there is none."""
    try:
        return Path(path).read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""


def kernel() -> dict[str, object]:
    """The machine itself."""
    mounts = [line.split() for line in text("/proc/mounts").splitlines()]
    return {
        "kernel": os.uname().release,
        "first_process": text("/proc/1/comm"),
        "control_groups": next((words[2] for words in mounts if words[1] == str(CGROUPS)), ""),
        "apparmor": text("/sys/module/apparmor/parameters/enabled"),
        "apparmor_profiles": text("/sys/kernel/security/apparmor/profiles").splitlines(),
        "vlans": [line.replace(" ", "") for line in text("/proc/net/vlan/config").splitlines()[2:]],
        "boot": text("/proc/sys/kernel/random/boot_id"),
        "up_s": float(text("/proc/uptime").split()[0]),
    }  # fmt: skip


def processes() -> Iterator[dict[str, object]]:
    """HTCondor's, the guard's, and the container's first, each with the container that it is in."""
    for folder in Path("/proc").glob("[0-9]*"):
        words = {word.rpartition("/")[2] for word in text(folder / "cmdline").split("\0")[:MOST_WORDS]}
        name = next((name for name in OURS if name in words), "")
        if name:
            group = text(folder / "cgroup").partition("::")[2]
            inside = IN_CONTAINER.search(group)
            yield {
                "pid": int(folder.name), "what": name, "program": Path(link(folder / "exe")).name,
                "container": inside.group(1)[:12] if inside else "", "cgroup": group,
                "confined": text(folder / "attr/current"), **(limits(group) if name == "flock-init" else {}),
            }  # fmt: skip


def link(path: Path) -> str:
    """What it points at, nothing if that is gone."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def limits(group: str) -> dict[str, object]:
    """What the kernel holds a control group to, and how often it had to."""
    events = dict(line.split() for line in text(f"{CGROUPS}{group}/memory.events").splitlines())
    return {
        "memory_max": text(f"{CGROUPS}{group}/memory.max"), "memory_peak": text(f"{CGROUPS}{group}/memory.peak"),
        "pids_max": text(f"{CGROUPS}{group}/pids.max"), "killed_for_memory": int(events.get("oom_kill", 0)),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps({**kernel(), "processes": list(processes())}))
