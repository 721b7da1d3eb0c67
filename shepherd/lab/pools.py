"""HTCondor's configuration of each kind of node, and the users that live there."""

import os
from pathlib import Path

from shepherd.lab.addresses import HostNames, hosts_file
from shepherd.lab.shell import File

CONF = Path(__file__).parent / "condor"
CONFIG_D = "/etc/condor/config.d"
HOME_KEY = "/etc/condor/passwords.d/POOL"
FLOCK_KEY = "/etc/condor-flock/passwords.d/POOL"
FLOCK_CONFIG = "/etc/condor-flock/condor_config"
FLOCK_CONFIG_D = "/etc/condor-flock/config.d"
FLOCK_LOG = "/var/lib/condor-flock/log"
SHEPHERD_CONFIG = "/etc/shepherd/condor_config"
GATEWAY_CONFIG, GATEWAY_TOKENS = "/etc/shepherd/gateway.condor", "/etc/shepherd/gateway-tokens.d"
LOCAL_USERS = {"carol": 2003, "dave": 2004}
CAMPUS_USERS = {"alice": 2001, "bob": 2002}
INSTITUTE_USERS = {"erin": 2005, "frank": 2006}
SHEPHERD_USER = {"shepherd": 990}
GUARD = "/usr/local/libexec/shepherd/startd-guard"


def conf(name: str) -> str:
    """Text of one of the lab's configuration files."""
    return (CONF / f"{name}.conf").read_text()


def everywhere(hosts: list[HostNames], users: dict[str, int]) -> list[File]:
    """What every node has: names without a resolver, and its users."""
    passwd = "".join(f"{u}:x:{n}:{n}:{u}:/home/{u}:/bin/sh\n" for u, n in users.items())
    group = "".join(f"{u}:x:{n}:\n" for u, n in users.items())
    return [
        File(path="/etc/hosts", text=hosts_file(hosts)),
        File(path="/etc/resolv.conf", text=""),
        File(path="/etc/nsswitch.conf", text="passwd: files\ngroup: files\nshadow: files\nhosts: files\n"),
        File(path="/run/lab/passwd", text=passwd),
        File(path="/run/lab/group", text=group),
    ]


ADD_USERS = """
cat /run/lab/passwd >> /etc/passwd && cat /run/lab/group >> /etc/group
cut -d: -f1 /run/lab/passwd | while read -r user; do install -d -m 755 -o "$user" -g "$user" "/home/$user"; done
"""


SHEPHERD_DIRECTORIES = """
install -d -m 755 -o shepherd -g shepherd /var/lib/shepherd /var/lib/shepherd/condor
install -d -m 750 -o root -g shepherd /etc/shepherd/tokens.d
install -d -m 755 -o shepherd -g shepherd /etc/shepherd/keys
install -d -m 2770 -o shepherd -g shepherd /var/lib/shepherd/intents
install -d -m 2750 -o root -g shepherd /var/lib/shepherd-gateway
"""
SHIPPED_DIRECTORIES = """
systemd-tmpfiles --create shepherd.conf
chown -R root:root /etc/shepherd/keys
rm -rf /var/lib/shepherd-gateway
chown -R shepherd-gateway:shepherd-gateway /etc/shepherd/gateway-tokens.d
"""
"""The same as the package has it: secrets are root's."""
FLOCK_DIRECTORIES = """
install -d -m 755 -o condor -g condor /var/lib/condor-flock
cd /var/lib/condor-flock && install -d -m 755 -o condor -g condor run log lock spool execute
"""


def home_cm_files() -> list[File]:
    """The home pool's central manager: collector, negotiator, schedd, signing key."""
    return [
        File(path=f"{CONFIG_D}/10-lab.conf", text=conf("timings") + conf("security")),
        File(path=f"{CONFIG_D}/20-home.conf", text=conf("home")),
        File(path=f"{CONFIG_D}/30-cm.conf", text=conf("home-cm")),
        _signing_key(HOME_KEY),
    ]


def flock_cm_files(source: Path) -> list[File]:
    """The flock pool's instance on the central manager, by the file that the repository ships."""
    return [
        File(path=FLOCK_CONFIG, text=(source / "puppet/files/flock-pool.conf").read_text()),
        File(path=f"{FLOCK_CONFIG_D}/10-site.conf", text=conf("flock-site")),
        File(path=f"{FLOCK_CONFIG_D}/20-lab.conf", text=conf("timings")),
        _signing_key(FLOCK_KEY),
    ]


def foreign_files(name: str, address: str) -> list[File]:
    """A foreign pool."""
    own = f"LAB_POOL = {name}\nLAB_ADDRESS = {address}\n"
    return [
        File(path=f"{CONFIG_D}/10-lab.conf", text=conf("timings") + conf("security")),
        File(path=f"{CONFIG_D}/20-{name}.conf", text=own + conf("foreign")),
        _signing_key(HOME_KEY),
    ]


def shepherd_files() -> list[File]:
    """HTCondor configuration of the shepherd's own tools, and of the gateway's look at lease pages."""
    return [
        File(path=SHEPHERD_CONFIG, text=conf("security") + conf("shepherd")),
        File(path=GATEWAY_CONFIG, text=conf("security") + conf("gateway")),
    ]


def plain_host_files(cpus: int, memory_mib: int) -> list[File]:
    """A host before the shepherd: the home pool's startd, started by its master as it comes."""
    sizes = f"LAB_CPUS = {cpus}\nLAB_MEMORY_MIB = {memory_mib}\n"
    return [
        File(path=f"{CONFIG_D}/10-lab.conf", text=conf("timings") + conf("security")),
        File(path=f"{CONFIG_D}/20-home.conf", text=conf("home")),
        File(path=f"{CONFIG_D}/30-host.conf", text=sizes + conf("home-host")),
    ]


def host_files(cpus: int, memory_mib: int, source: Path) -> list[File]:
    """A host: the home pool's startd behind the guard that the repository ships."""
    files = plain_host_files(cpus, memory_mib)
    guard, drop_in = source / "shepherd/programs/guard.py", source / "puppet/files/50-shepherd-host.conf"
    if guard.is_file() and drop_in.is_file():
        files += [
            File(path=GUARD, text=guard.read_text(), mode=0o755),
            File(path=f"{CONFIG_D}/50-shepherd-host.conf", text=drop_in.read_text()),
        ]
    return files


def _signing_key(path: str) -> File:
    """A pool's signing key. HTCondor unscrambles the file byte by byte; printable text never gives a NUL by that."""
    return File(path=path, text=os.urandom(32).hex(), mode=0o600)
