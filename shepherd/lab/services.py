"""The services of each kind of node, as the units this project ships describe them."""

import signal

from shepherd.lab.addresses import NFS_PORT
from shepherd.lab.init import Spec
from shepherd.lab.node import SOURCE_IN_NODE
from shepherd.lab.pools import FLOCK_CONFIG, SHEPHERD_USER

SHEPHERD = "/usr/local/bin/shepherd"
LISTENER_LOG = "/var/log/connections"


def condor() -> Spec:
    """HTCondor by the packaged unit, with the five seconds of our drop-in instead of its minute."""
    return _condor("condor", {})


def flock_condor() -> Spec:
    """The flock pool's instance."""
    return _condor("flock-condor", {"CONDOR_CONFIG": FLOCK_CONFIG})


def _condor(name: str, env: dict[str, str]) -> Spec:
    made = "mkdir -p /run/condor /run/lock/condor && chown condor:condor /run/condor /run/lock/condor"
    argv = ["/bin/sh", "-c", f"{made} && exec /usr/sbin/condor_master -f"]
    return Spec(
        name=name, argv=argv, env=env, restart="on-failure", restart_sec_s=5.0, kill_mode="mixed",
        stop_signal=signal.SIGQUIT, stop_timeout_s=150.0, log=f"/var/log/{name}-service.log",
    )  # fmt: skip


def keeper(*, enabled: bool) -> Spec:
    """The keeper: root, restarted at once whatever ends it, never killing what it started."""
    return Spec(
        name="keeper", argv=[SHEPHERD, "node", "run"], restart="always", restart_sec_s=1.0, kill_mode="process",
        enabled=enabled, log="/var/log/keeper.log",
    )  # fmt: skip


def gateway() -> Spec:
    """The VLAN's firewall."""
    return Spec(name="gateway", argv=[SHEPHERD, "gateway", "run"], restart="always", log="/var/log/gateway.log")


def shepherd() -> Spec:
    """The daemon: unprivileged. Not started by itself: whoever uses the lab says when."""
    uid = SHEPHERD_USER["shepherd"]
    return Spec(
        name="shepherd", argv=[SHEPHERD, "run"], env={"HOME": "/var/lib/shepherd"},
        user=[uid, uid], restart="always", restart_sec_s=1.0, enabled=False, log="/var/log/shepherd.log",
    )  # fmt: skip


def nfs() -> Spec:
    """Stands for storage on the private network: accepts connections and writes down who came."""
    listener = f"{SOURCE_IN_NODE}/shepherd/lab/listener.py"
    argv = ["/usr/bin/python3", "-IS", listener, str(NFS_PORT), LISTENER_LOG]
    return Spec(name="nfs", argv=argv, restart="always", log="/var/log/nfs.log")
