"""The keeper's sandbox by itself: what its edges do in a container, done by hand within the unit's walls."""

import os
from collections.abc import Iterator

import pytest

from shepherd.lab.booted import BootedNode
from shepherd.lab.cgroups import choose
from shepherd.lab.command import kill_session
from shepherd.lab.eventually import eventually
from shepherd.lab.net import Fabric
from shepherd.lab.node import SOURCE, NodeSpec
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import provide_trees
from shepherd.lab.state import SiteState

pytestmark = pytest.mark.real

UNIT = SOURCE / "systemd/shepherd-keeper.service"
OWN = ("ExecStart=", "ExecReload=", "Type=", "NotifyAccess=", "Restart", "WatchdogSec=")
"""What makes it a keeper; all else is its sandbox."""
BOX = (
    "unshare --map-users=0:100000:65536 --map-groups=0:100000:65536 --user --mount --net --ipc --uts --pid --fork "
    "--mount-proc sh -c 'exec sleep 4713'"
)
"""What a container with accounts of its own is to the kernel."""
RULES = "table inet t {\n chain c {\n type filter hook output priority 0\n meta skuid 3001 drop\n }\n}\n"
AS_ROOT_THERE = "nsenter --target=$P --user --net --ipc --uts --setuid=0 --setgid=0 -- setpriv --inh-caps=-all id -u"
DOINGS = {
    "hides processes": "mount -N $P -o remount,nosuid,nodev,noexec,hidepid=2,gid=100000 /proc",
    "tries as the container's root": AS_ROOT_THERE,
    "tries as a job": AS_ROOT_THERE.replace("=0 ", "=3001 "),
    "loads rules there": "nsenter --net=/proc/$P/ns/net -- nft -f /run/rules",
    "compares rules": "unshare --net -- sh -c 'ip link add x type veth && nft -f /run/rules && nft -j list ruleset'",
    "sets the VLAN's IPv6": "echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6",
    "empties a group": "cd /sys/fs/cgroup && mkdir box && echo 1 > box/cgroup.kill && rmdir box",
    "freezes a group": "cd /sys/fs/cgroup && mkdir box && echo 1 > box/cgroup.freeze && rmdir box",
    "records memory": "dd if=/proc/$P/pagemap bs=8 count=1 && A=$((0x$(head -c 12 /proc/$P/maps | cut -d- -f1))) && "
    "dd if=/proc/$P/mem bs=4096 count=1 skip=$((A / 4096))",
    "records files and sockets": "ls /proc/$P/root/dev /proc/$P/fd && cat /proc/$P/environ /proc/$P/net/unix",
    "keeps evidence": "D=/var/lib/shepherd-node/evidence && mkdir -p -m 700 $D && touch $D/custody",
    "sees whose a process is": "readlink /proc/$P/exe /proc/$P/ns/user && kill -0 $P",
    "reads what a container's startd wrote": "head -c 1 /proc/$P/root/etc/passwd && cat /proc/$P/uid_map",
    "mounts for a lend": (
        "mkdir -p /run/shepherd/trace/x && mount -N 1 -t tmpfs -o nodev,nosuid,noexec,size=1m,uid=100000,gid=100000 t "
        "/run/shepherd/trace/x && mountpoint /run/shepherd/trace/x && umount -N 1 /run/shepherd/trace/x"
    ),
    "records on the disk": "mkdir -p /var/lib/shepherd-node/spool && touch /var/lib/shepherd-node/spool/x",
    "gives a file away": "touch /run/given && chown 100000 /run/given",
}


@pytest.fixture(name="node", scope="module")
def a_node() -> Iterator[BootedNode]:
    """One host, booted, with something like a container on it, and nothing else of a site."""
    state = SiteState(site_id=os.urandom(3).hex())
    eventually(state.claim, 30, 0.1, what="the node is ours")
    fabric = Fabric(site_id=state.site_id)
    fabric.build_switch()
    spec = NodeSpec(name="p201", root=provide_trees(Progress()).root, cgroups=choose(2))
    made = BootedNode(spec=spec, state=state, fabric=fabric)
    box = None
    try:
        made.plug_in()
        made.boot(hold=True)
        box = made.spawn(("sh", "-c", BOX))
        made.write("/run/rules", RULES)
        eventually(lambda: made.run(("pgrep", "-fx", "sleep 4713")).stdout, 10, what="the box is there")
        yield made
    finally:
        if box is not None:
            kill_session(box)
        made.shut_off()
        state.remove()


def within_the_sandbox(node: BootedNode, command: str, *, without: str = "") -> str:
    """Run a command as the keeper's unit would; what went wrong, or nothing."""
    box = node.must(("pgrep", "-fx", "sleep 4713")).split()[-1]
    lines = [line for line in UNIT.read_text().splitlines() if not line.startswith(OWN)]
    text = "\n".join(lines).replace(without, "") if without else "\n".join(lines)
    start = "[Service]\nType=oneshot\nExecStart=/bin/sh -e /run/doing\nStandardError=file:/run/said"
    node.write("/etc/systemd/system/doing.service", text.replace("[Service]", start, 1))
    node.write("/run/doing", f"P={box}\n{command} >/dev/null\n")
    node.must(("sh", "-c", "rm -f /run/said; systemctl daemon-reload"))
    done = node.run(("systemctl", "start", "doing.service"))
    return "" if done.returncode == 0 else node.read("/run/said") or done.stderr


@pytest.mark.parametrize("doing", DOINGS)
def test_the_keepers_sandbox_leaves_it_what_it_does(node: BootedNode, doing: str) -> None:
    """Under systemd no host was lent: without CAP_SYS_CHROOT nobody enters a container's mounts."""
    assert within_the_sandbox(node, DOINGS[doing]) == ""


def test_what_is_missing_is_seen(node: BootedNode) -> None:
    """A sandbox that was tried without its walls bears everything."""
    said = within_the_sandbox(node, DOINGS["hides processes"], without="CAP_SYS_CHROOT ")
    assert "Operation not permitted" in said
    assert within_the_sandbox(node, "touch /usr/bin/new") != ""
    assert within_the_sandbox(node, "unshare --pid --fork true") != ""
