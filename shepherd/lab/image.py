"""The flock image, kept as a ready-made Docker data directory that every host gets a cheap copy of.

It is built by the recipe as on a real site and loaded once (9 s); a host's copy links the layers' files (read-only by
nature) and really copies the rest. All hosts so have the same image with the same id, as if they had pulled it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shepherd.errors import InvariantBroken
from shepherd.lab import cache, engine
from shepherd.lab.command import must
from shepherd.lab.eventually import eventually
from shepherd.lab.init import Spec
from shepherd.lab.net import Fabric
from shepherd.lab.node import Node, NodeSpec
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import REMAPPED_ROOT, Trees
from shepherd.lab.state import SiteState
from shepherd.programs.image_wiring import build

KEPT_IMAGES = 8
IMAGE = "shepherd/flock:lab"


@dataclass(frozen=True, kw_only=True)
class Image:
    """A finished data directory and the id of the flock image in it."""

    data_root: Path
    image_id: str


REMAPPED_DATA = f"{REMAPPED_ROOT}.{REMAPPED_ROOT}"
"""What a dockerd that maps accounts calls its data directory's own data directory."""


def dockerd(cgroup: str, *, remap: bool) -> Spec:
    """The Docker service of a node: no bridge, no rules of its own; containers outlive it, as Debian's unit has it.
    `remap`: a container's root is nobody on the node."""
    argv = ["dockerd", "--bridge", "none", "--iptables=false", "--ip6tables=false", f"--cgroup-parent={cgroup}"]
    argv += ["--userns-remap=dockremap"] if remap else []
    return Spec(
        name="dockerd", argv=argv, restart="always", restart_sec_s=2.0, kill_mode="process", log="/var/log/dockerd.log"
    )


def docker_socket(node: Node) -> str:
    """Path, on the machine, of a node's Docker socket."""
    return f"/proc/{node.pid}/root/run/docker.sock"


def provide_image(trees: Trees, recipe: Path, progress: Progress, *, remap: bool = True) -> Image:
    """The data directory for the image described under `recipe` (images/flock); from the cache if nothing changed.
    `remap`: its files belong to the accounts of a container, as a dockerd with `userns-remap` needs them."""
    files = [path for path in recipe.rglob("*") if path.is_file()]

    def make(draft: Path) -> Mapping[str, str]:
        with progress.step("flock image built and loaded into Docker"):
            archive = draft / "image.tar"
            built = build(recipe / "recipe.toml", trees.image, archive, IMAGE)
            loaded = _with_docker(draft / "data", trees, lambda path: engine.load(path, archive, IMAGE), remap=remap)
            archive.unlink()
        if loaded != built.ident:
            raise InvariantBroken(f"the image was built as {built.ident} and is {loaded} in dockerd")
        return {"image_id": loaded}

    home = cache.provide("docker", cache.digest(trees.key, cache.digest_files(files), str(remap)), make)
    cache.prune("docker", KEPT_IMAGES)
    return Image(data_root=home / "data", image_id=cache.facts(home)["image_id"])


def copy_data_root(source: Path, target: Path) -> None:
    """A data directory of one's own: layers linked, all else copied. Both must be on one file system."""
    must(("install", "-d", str(target)))
    must(("chown", f"--reference={source}", str(target)))
    for part in source.iterdir():
        if part.name == REMAPPED_DATA:
            copy_data_root(part, target / part.name)
        else:
            how = "-al" if part.name == "overlay2" else "-a"
            must(("cp", how, str(part), str(target / part.name)), timeout_s=120)


def _with_docker(data: Path, trees: Trees, work: Callable[[str], str], *, remap: bool) -> str:
    """Do `work` with the socket of a dockerd that lives in a node of its own, without any network."""
    data.mkdir(exist_ok=True)
    state = SiteState(site_id=f"b{cache.digest(str(data))[:6]}")
    if not state.claim():
        raise InvariantBroken(f"two builders work on {data} although the cache has a lock")
    state.remove_contents()
    services = (dockerd(f"{state.cgroup}/builder", remap=remap),)
    spec = NodeSpec(name="builder", root=trees.root, docker_data=data, services=services)
    node = Node(spec=spec, state=state, fabric=Fabric(site_id=state.site_id))
    try:
        node.plug_in()
        node.boot()
        eventually(lambda: engine.answers(docker_socket(node)), 30, 0.1, what="the builder's dockerd answers")
        done = work(docker_socket(node))
        node.stop("dockerd")
        return done
    finally:
        node.shut_off()
        state.remove()
