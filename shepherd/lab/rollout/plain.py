"""The machine as its site had it before the rollout: a host of the home pool, with docker, and nothing of ours."""

from shepherd.lab import pools, tokens
from shepherd.lab.eventually import eventually
from shepherd.lab.rollout.disk import INTERFACE
from shepherd.lab.rollout.machine import PROCESSORS, SLOWNESS, Machine
from shepherd.lab.shell import File
from shepherd.lab.site import Site

CONDOR_MEMORY_MIB = 1024
JOINS_S = 20.0 * SLOWNESS


def configure(site: Site, machine: Machine) -> None:
    """Name, network, users, HTCondor's configuration and its token for the home pool."""
    home = next(token for token in tokens.host_tokens(site.cm, machine.names) if token.path != tokens.FLOCK_TOKEN)
    machine.put([
        *pools.everywhere(site.everybody, pools.LOCAL_USERS),
        *pools.plain_host_files(PROCESSORS, CONDOR_MEMORY_MIB), home,
        File(path="/etc/hostname", text=f"{machine.name}\n"),
        File(path=f"/etc/systemd/network/20-{INTERFACE}.network", text=_network(machine)),
    ])  # fmt: skip
    machine.must(("sh", "-e", "-c", pools.ADD_USERS))
    machine.must(("hostname", machine.name))
    machine.must(("networkctl", "reload"))
    machine.must(("systemctl", "enable", "--now", "condor.service"), timeout_s=60)


def joined(site: Site, machine: Machine) -> None:
    """Until it is in the home pool. Raises Unavailable."""
    eventually(lambda: machine.name in site.accepting_startds(), JOINS_S, 0.5, what=f"{machine.name} is in the pool")


def _network(machine: Machine) -> str:
    address = f"{machine.names.private_address}/16"
    return f"[Match]\nName={INTERFACE}\n[Network]\nAddress={address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
