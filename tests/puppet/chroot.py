"""A tree of the nodes' Debian with Puppet in it, where everything may be installed.

No systemd runs there, and no network is reached once it is made.
"""

import shlex
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.command import must, run
from shepherd.lab.devices import devices_in
from shepherd.lab.mirror import proxy_environment
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import provide_trees

PACKAGES = ("puppet-agent", "python3-venv")
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive",
}  # fmt: skip
BUILD_S = 400.0
APT = "apt-get -o Acquire::Check-Valid-Until=false -qq"
"""The lab's trees are of a suite that moves on; signatures are checked all the same."""


class Chroot:
    """One tree: read-only layers, and what this one has changed. Mounts last for one command each."""

    def __init__(
        self, layers: Sequence[Path], place: Path, *, networked: bool, shown: Mapping[str, Path] | None = None
    ) -> None:
        """`place`: an empty directory of ours. `layers`: the uppermost first. `shown`: directories of this machine, by
        their paths inside."""
        self._place, self._layers, self._networked, self._shown = place, layers, networked, shown or {}
        self.shared = place / "srv"
        """Seen inside as /srv."""
        for name in ("root", "upper/etc", "work", "run", "srv"):
            (place / name).mkdir(parents=True)
        if not networked:  # HTCondor's tools ask for a minute who they are
            names = f"127.0.0.1 localhost {socket.gethostname()}\n"
            texts = {"hosts": names, "resolv.conf": "", "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n"}
            for name, text in texts.items():
                (self.changed / "etc" / name).write_text(text)

    @property
    def changed(self) -> Path:
        """What differs from the layers, as a tree."""
        return self._place / "upper"

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 120.0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside. Raises Unavailable if it is not over in time."""
        root = self._place / "root"
        lower = ":".join(map(str, self._layers))
        options = f"lowerdir={lower},upperdir={self.changed},workdir={self._place / 'work'}"
        network = "" if self._networked else "ip link set lo up"
        binds = (f"mkdir -p {root}{at} && mount --bind {source} {root}{at}" for at, source in self._shown.items())
        script = f"""
            mount -t overlay overlay -o {shlex.quote(options)} {root}
            mount -t proc proc {root}/proc
            {devices_in(str(root))}
            mount --bind {self._place / "run"} {root}/run
            mount --bind {self.shared} {root}/srv
            {" && ".join(binds)}
            {network}
            exec chroot {root} "$@"
        """
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child", *(() if self._networked else ("--net",)))
        words = (*apart, "sh", "-ec", script, "sh", *argv)
        return run(words, timeout_s=timeout_s, env={**ENVIRONMENT, **(env or {})})

    def must(self, *argv: str) -> str:
        """What a command prints; fails the test if it fails."""
        done = self.run(argv)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Put a file there."""
        aside = self.shared / "aside"
        aside.write_text(text)
        self.must("install", "-D", "-m", f"{mode:o}", "/srv/aside", path)


def provide_layers(progress: Progress) -> Sequence[Path]:
    """The nodes' tree, and Puppet over it: from the cache, or made (half a minute with a near mirror)."""
    below = provide_trees(progress).root

    def build(draft: Path) -> Mapping[str, str]:
        place = draft / "making"
        tree = Chroot([below], place, networked=True)
        script = f"{APT} update && {APT} install -y --no-install-recommends {' '.join(PACKAGES)} && apt-get clean"
        with progress.step("Puppet installed over the nodes' tree"):
            done = tree.run(("sh", "-ec", script), timeout_s=BUILD_S, env=proxy_environment())
        assert done.returncode == 0, done.stdout + done.stderr
        tree.changed.rename(draft / "layer")
        must(("rm", "-rf", "--one-file-system", str(place), str(draft / "layer/var/lib/apt/lists")))
        return {}

    key = cache.digest("1", below.parent.name, *PACKAGES)
    home = cache.provide("puppet", key, build)
    cache.prune("puppet", 2)
    return [home / "layer", below]
