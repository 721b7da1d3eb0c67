"""Programs of a bench in its pool's namespaces, and the processor time that the pool's daemons have used."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from shepherd.lab.bench_pool import HOME, ROOT
from shepherd.lab.command import must

HOME_PORT = HOME.rpartition(":")[2].encode()


def run_bench(module: str, *argv: str, timeout_s: float = 600.0) -> Any:  # noqa: ANN401 - JSON
    """What a module of the bench prints last, run as a program; None if it prints nothing."""
    said = must((sys.executable, "-m", f"shepherd.lab.{module}", *argv), timeout_s=timeout_s, env=os.environ).strip()
    return json.loads(said.splitlines()[-1]) if said else None


def submit(text: str) -> None:
    """Jobs of nobody's."""
    script = f"printf '{text}' | condor_submit -terse -"
    nobody = ("chroot", "--userspec=nobody:nogroup", str(ROOT))
    must(("env", "-u", "CONDOR_CONFIG", *nobody, "sh", "-c", script), timeout_s=600)


def schedd_pid() -> int:
    """Of the only schedd in these namespaces."""
    (pid,) = _pids_of("condor_schedd")
    return pid


def collector_pid() -> int:
    """Of the home pool's collector."""
    return next(pid for pid in _pids_of("condor_collector") if HOME_PORT in Path(f"/proc/{pid}/cmdline").read_bytes())


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used itself."""
    return sum(_times_s(pid)[:2])


def with_children_s(pid: int) -> float:
    """With those of its children that it has reaped."""
    return sum(_times_s(pid))


def _times_s(pid: int) -> list[float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15]]


def _pids_of(program: str) -> list[int]:
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.read_bytes().split(b"\0")[0].endswith(program.encode())
    ]
