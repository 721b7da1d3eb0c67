"""Settings with nothing wrong in them, to break one thing at a time."""

import dataclasses

from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.lease import Ladder, Lease, LeasePhase
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import FlockSettings, HomeSettings, Settings

DIGEST = "sha256:" + "0a" * 32

DAEMON = Settings(
    home=HomeSettings(name="home", schedds=("submit",), schedd_identities=("condor@home",)),
    flock=FlockSettings(collector="cm:9619", image=DIGEST),
)
NODE = NodeSettings(
    host="p220",
    pool="home",
    trusted_keys=("/etc/shepherd/keys/lease.key.pub",),
    images=(DIGEST,),
    flock_name="f220",
    flock_address="10.27.2.20",
    flock_mac="02:42:0a:1b:02:14",
    flock_collector="10.27.0.1:9619",
    leak_targets=("10.1.0.9:2049",),
)

LEASE = Lease(
    host=HostName("p220"), nonce=Nonce("n1"), lease=LeaseId("L1"), phase=LeasePhase.ARM, image=DIGEST, why="test",
    lease_s=300.0, ladder=Ladder(graceful_s=60.0, fast_s=20.0, kill_s=10.0),
)  # fmt: skip


def daemon(**changes: dict[str, object]) -> Settings:
    """Sound settings with fields of tables changed, e.g. policy={"reserve": 2}."""
    tables = {table: dataclasses.replace(getattr(DAEMON, table), **fields) for table, fields in changes.items()}
    return dataclasses.replace(DAEMON, **tables)


def node(**changes: object) -> NodeSettings:
    """Sound settings of a host with fields changed."""
    return dataclasses.replace(NODE, **changes)  # type: ignore[arg-type]
