"""Compiled Python for the nodes, made once: a real host has it from its packages, and compiling takes seconds."""

from collections.abc import Mapping
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.command import must
from shepherd.lab.node import PYCACHE, SITE_IN_NODE, SOURCE_IN_NODE, Bind
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import Trees

KEPT_PROJECTS = 4
PROJECT = f"{SOURCE_IN_NODE}/shepherd"
SYSTEM = "/usr/lib/python3*"
_COMPILE = """
mount --bind {root} {root}
mount -o remount,bind,ro {root}
for place in opt tmp dev/shm; do mount -t tmpfs -o mode=1777 tmpfs {root}/$place; done
mkdir -p {root}{shown} {root}/opt/made {draft}{project}
mount --bind {source} {root}{shown}
mount --bind {draft} {root}/opt/made
exec chroot {root} env PYTHONPYCACHEPREFIX=/opt/made \\
    sh -c 'python3 -m compileall -q -j 0 --invalidation-mode checked-hash {shown} {besides}'
"""
"""Compilers use semaphores and temporary files. In the tree itself they would be damage to another lab that begins just
now (`cache.find`), which would build it anew below the nodes of this one."""


def provide_bytecode(trees: Trees, source: Path, packages: Path, progress: Progress) -> tuple[Bind, ...]:
    """What the nodes' Python makes of its own library, of `packages` and of the project in `source`.

    It carries hashes of what it was made from: a file that was changed since is compiled by whoever imports it.
    """
    libraries = cache.digest(trees.key, *sorted(path.name for path in packages.glob("*.dist-info")))
    project = cache.digest(trees.key, *_contents(source / "shepherd"))
    made = (
        compiled("libraries", libraries, trees, packages, SITE_IN_NODE, SYSTEM, progress),
        compiled("project", project, trees, source / "shepherd", PROJECT, "", progress),
    )
    cache.prune("project", keep=KEPT_PROJECTS)
    return Bind(source=made[0], target=PYCACHE), Bind(source=made[1] / PROJECT[1:], target=f"{PYCACHE}{PROJECT}")


def _contents(folder: Path) -> list[str | bytes]:
    files = sorted(folder.rglob("*.py"))
    return [part for path in files for part in (str(path.relative_to(folder)), path.read_bytes())]


def compiled(kind: str, key: str, trees: Trees, source: Path, shown: str, besides: str, progress: Progress) -> Path:
    """What is in `source`, which the nodes have at `shown`, and in `besides`, which is in their tree; from the cache or
    made. Changes nothing in the tree, not even for a moment."""

    def build(draft: Path) -> Mapping[str, str]:
        script = _COMPILE.format(
            root=trees.root, source=source, shown=shown, draft=draft, project=PROJECT, besides=besides
        )
        with progress.step(f"compiled for the nodes: {shown} {besides}"):
            must(("unshare", "--mount", "sh", "-e", "-c", script), timeout_s=300)
        return {}

    return cache.provide(kind, key, build)
