"""HTCondor's own daemons in namespaces of their own, for tests of what asks them."""

import contextlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator

from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.htcondor.tool import NEEDED

HOME = "10.9.0.1:9618"
SCHEDD, IDENTITY = "p220", "condor@family"
DROP_IN = "/mnt/root/etc/condor/config.d/99-test.conf"
NOBODY = ("chroot", "--userspec=nobody:nogroup", "/mnt/root", "sh", "-c")


class RealPool:
    """Daemons of HTCondor in namespaces of their own, and how to get in there."""

    def __init__(self, holder: subprocess.Popen[str]) -> None:
        children = pathlib.Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
        self.enter = ["nsenter", "--target", children[0], "--net", "--mount", "--uts"]
        """Ends where the daemons' addresses are known; the process itself stays the machine's."""
        self.inside = [*self.enter, "--pid"]

    def run(self, *argv: str) -> str:
        """One command in there; what it said."""
        done = subprocess.run([*self.inside, *argv], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def tools(self, directory: pathlib.Path) -> str:
        """A directory with the tools that command these daemons."""
        for name in (*NEEDED, "condor_fetchlog", "condor_version"):
            script = directory / name
            script.write_text(f'#!/bin/sh\nexec {" ".join(self.inside)} /mnt/tools/{name} "$@"\n')
            script.chmod(0o755)
        return str(directory)

    def worker(self, collector: str) -> WorkerProcess:
        """Asks as the daemon does, from in there."""
        python = [*self.enter, sys.executable]
        config = "/mnt/client.conf"
        return WorkerProcess(collector=collector, condor_config=config, name="home collector", python=python)

    def submit(self, text: str) -> None:
        """Jobs of nobody's."""
        self.run(*NOBODY, f"printf '{text}' | condor_submit -terse -")

    def remove_jobs(self) -> None:
        """All of them."""
        self.run("chroot", "/mnt/root", "sh", "-c", "condor_rm -all || true")

    def signal(self, name: str, program: str) -> None:
        """To each process of that program in there."""
        self.run("sh", "-c", f"kill -{name} $(pidof {program})")

    @contextlib.contextmanager
    def configured(self, program: str, text: str) -> Iterator[None]:
        """A daemon with more configuration."""
        try:
            self.run("sh", "-c", f"printf '{text}' > {DROP_IN}")
            self.signal("HUP", program)
            yield
        finally:
            self.run("rm", "-f", DROP_IN)
            self.signal("HUP", program)


@contextlib.contextmanager
def real_daemons() -> Iterator[RealPool]:
    """A collector, a negotiator, a schedd and a startd, and the flock pool's collector."""
    argv = [sys.executable, "-m", "shepherd.lab.bench_pool", "COLLECTOR", "NEGOTIATOR", "SCHEDD", "STARTD"]
    holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline().startswith("ready"), "the pool did not come up"
        yield RealPool(holder)
    finally:
        holder.stdin.close()
        holder.wait(timeout=30)
        holder.stdout.close()
