"""Judgements about a host that is lent: its kernel, dockerd and memory."""

from shepherd.core.checkup.pool import dotted
from shepherd.model.checkup import AppArmorSeen, CgroupsSeen, FileSeen, Version
from shepherd.model.container import EngineFacts, Profile
from shepherd.model.finding import Finding, Subject, ok, warn, wrong
from shepherd.model.node_settings import NodeSettings

OLDEST_KERNEL, SCOPES_KERNEL = (5, 16), (6, 12)
"""netfilter's egress hook, which the host guard hangs on; Landlock's scopes, which keep abstract sockets apart."""
LANDLOCK_SCOPES = 6
"""The first version of Landlock's interface with scopes."""
LEAST_FOR_HOST_MIB = 512
"""What the host's own daemons need at least beside a full container."""
CONDOR_FILE, CONDORS_GROUP = "/etc/condor/config.d/50-shepherd-host.conf", "condor"
LEAST_SPOOL_ROOM = 128 << 20
CONTROLLERS = ("memory", "pids", "cpu")


def privilege_finding(*, is_root: bool, why: str) -> Finding:
    """Whether we can look at all."""
    if is_root:
        return ok(Subject.PRIVILEGE, "root")
    return wrong(Subject.PRIVILEGE, f"we are not root, and cannot {why}", "call it with sudo")


def kernel_finding(version: Version) -> Finding:
    """The kernel's release."""
    if version < OLDEST_KERNEL:
        remedy = f"boot Linux {dotted(OLDEST_KERNEL)} or newer: older ones have no hook for the host guard"
        return wrong(Subject.KERNEL, f"Linux {dotted(version)}", remedy)
    if version < SCOPES_KERNEL:
        said = f"Linux {dotted(version)}: jobs of one container reach each other's abstract sockets"
        return warn(Subject.KERNEL, said, f"boot {dotted(SCOPES_KERNEL)} or newer where two guests share a host")
    return ok(Subject.KERNEL, f"Linux {dotted(version)}")


def namespaces_finding(most: int | None, profile: Profile) -> Finding:
    """User namespaces, which `userns-remap` and jobs' walls are made of. `most`: how many may be; None: no such."""
    if most:
        return ok(Subject.NAMESPACES, f"{most} may be made")
    if profile is not Profile.APART:
        return ok(Subject.NAMESPACES, f"not needed by profile {profile.value}")
    if most is None:
        return wrong(Subject.NAMESPACES, "this kernel has none", "boot a kernel with CONFIG_USER_NS")
    remedy = "remove user.max_user_namespaces = 0 from /etc/sysctl.d, sysctl -w user.max_user_namespaces=15000"
    return wrong(Subject.NAMESPACES, "none may be made (user.max_user_namespaces = 0)", remedy)


def seccomp_finding(*, is_there: bool) -> Finding:
    """Filters of system calls."""
    if is_there:
        return ok(Subject.SECCOMP, "the kernel filters system calls")
    return wrong(Subject.SECCOMP, "this kernel filters no system calls", "boot one with CONFIG_SECCOMP_FILTER")


def landlock_finding(version: int) -> Finding:
    """Landlock, which keeps jobs' abstract sockets apart. `version`: of its interface, 0 if there is none."""
    if version >= LANDLOCK_SCOPES:
        return ok(Subject.LANDLOCK, f"interface {version}")
    said = f"interface {version}, without scopes" if version else "not in force"
    remedy = 'Linux 6.12 or newer, with "landlock" in lsm= of its command line; until then lend to one guest a host'
    return warn(Subject.LANDLOCK, f"{said}: jobs of one container reach each other's abstract sockets", remedy)


def apparmor_finding(wanted: str, seen: AppArmorSeen) -> Finding:
    """AppArmor and the container's profile. dockerd's side of it is looked at with dockerd."""
    if not wanted:
        return ok(Subject.APPARMOR, "no profile of ours is asked for" + ("" if seen.is_on else "; not in this kernel"))
    if not seen.is_on:
        return wrong(Subject.APPARMOR, "it is off", 'boot with apparmor=1, or remove apparmor from the settings')
    if seen.profiles is None:
        remedy = "call it with sudo; mount -t securityfs securityfs /sys/kernel/security"
        return warn(Subject.APPARMOR, f"loaded profiles cannot be read: is {wanted} among them?", remedy)
    if wanted not in seen.profiles:
        place = "/etc/apparmor.d/shepherd-flock"
        remedy = f"install share/shepherd/images/flock/apparmor as {place}; apparmor_parser -r -W {place}"
        return wrong(Subject.APPARMOR, f"the profile {wanted} is not loaded", remedy)
    return ok(Subject.APPARMOR, f"the profile {wanted} is loaded")


def cgroups_finding(seen: CgroupsSeen) -> Finding:
    """Control groups, which keep a container within its limits."""
    if not seen.version:
        remedy = "mount them: systemd does, or mount -t cgroup2 cgroup2 /sys/fs/cgroup"
        return wrong(Subject.CGROUPS, "none are mounted", remedy)
    missing = [name for name in CONTROLLERS if name not in seen.controllers]
    if missing:
        remedy = "boot with systemd.unified_cgroup_hierarchy=1 (and without cgroup_disable=…)"
        said = f"version {seen.version} without {', '.join(missing)}: limits do not hold"
        return wrong(Subject.CGROUPS, said, remedy)
    return ok(Subject.CGROUPS, f"version {seen.version}, with {', '.join(CONTROLLERS)}")


def links_finding(problem: str) -> Finding:
    """Whether the kernel makes VLANs, macvlans and netdev rules. `problem` is empty if it does."""
    if problem:
        remedy = "modprobe 8021q macvlan nft_fwd_netdev, or boot a kernel that has them; the package iproute2"
        return wrong(Subject.LINKS, f"this kernel refuses one: {problem}", remedy)
    return ok(Subject.LINKS, "this kernel makes them")


def memory_finding(settings: NodeSettings, host_mib: int, swap_mib: int) -> Finding:
    """What a full container leaves to the host."""
    left_mib = host_mib - settings.memory_mib if settings.memory_mib else 0
    remedy = "set memory_percent lower in node.toml"
    if settings.profile is not Profile.TALK and left_mib < LEAST_FOR_HOST_MIB:
        said = f"guests may take {settings.memory_mib or 'all'} of {host_mib} MiB: {left_mib} are left to the host"
        return warn(Subject.MEMORY, said, remedy)
    if swap_mib:
        said = f"{swap_mib} MiB of swap: a full container makes the host write, not the guest's job end"
        return warn(Subject.MEMORY, said, "swapoff -a, and take it out of /etc/fstab")
    return ok(Subject.MEMORY, f"{left_mib} of {host_mib} MiB stay with the host, no swap")


def dockerd_finding(facts: EngineFacts, problem: str) -> Finding:
    """dockerd, as far as walls depend on it. `problem`: why it cannot build them, with the remedy after `: `."""
    if problem:
        said, remedy = parted(problem, ": ")
        return wrong(Subject.DOCKERD, said, remedy)
    return ok(Subject.DOCKERD, f"{dotted(facts.version)}, root of a container is {facts.root_uid or 'root'}")


def storage_finding(driver: str) -> Finding:
    """How dockerd keeps images."""
    if driver in {"vfs", "devicemapper"}:
        remedy = '"storage-driver": "overlay2" in /etc/docker/daemon.json; images are fetched again'
        return warn(Subject.STORAGE, f"{driver} copies the whole image for each lend", remedy)
    return ok(Subject.STORAGE, driver or "not told")


def live_restore_finding(*, is_on: bool) -> Finding:
    """Whether containers outlive dockerd."""
    if is_on:
        return ok(Subject.LIVE_RESTORE, "containers outlive it")
    remedy = '"live-restore": true in /etc/docker/daemon.json, systemctl reload docker'
    return warn(Subject.LIVE_RESTORE, "an upgrade of dockerd ends a lend (live-restore is off)", remedy)


def image_finding(problem: str, registry: str, lacking: str) -> Finding:
    """Images that may be lent. `problem`: none is here; `lacking`: why the registry has it not either."""
    if not problem:
        return ok(Subject.IMAGE, "one that is allowed is here")
    if registry and not lacking:
        return ok(Subject.IMAGE, f"{registry} has it: it is fetched before the first lend")
    remedy = "shepherd image push --to " + registry if registry else "docker load -i IMAGE.tar, or set registry"
    return wrong(Subject.IMAGE, f"{problem}{'; ' + lacking if lacking else ''}", remedy)


def clause_finding(subject: Subject, problem: str, good: str, remedy: str) -> Finding:
    """What another part of ours says in one clause, with its remedy after the last semicolon, if it knows one."""
    if not problem:
        return ok(subject, good)
    said, known = parted(problem, "; ")
    return wrong(subject, said, known or remedy)


def parted(problem: str, mark: str) -> tuple[str, str]:
    """A problem and its remedy."""
    said, found, remedy = problem.rpartition(mark) if mark == "; " else problem.partition(mark)
    return (said, remedy) if found else (problem, "")


def way_out_finding(gateway: str, holder: str) -> Finding:
    """Whether the gateway is there at all. `holder`: hardware address of whoever says so; empty: nobody."""
    if holder:
        return ok(Subject.WAY_OUT, f"{gateway} answers on the flock VLAN ({holder})")
    remedy = "is this port of the switch in the flock VLAN, and is the gateway up? There: `shepherd check --gateway`"
    return wrong(Subject.WAY_OUT, f"{gateway} does not answer on the flock VLAN", remedy)


def run_dir_finding(path: str, seen: FileSeen | None) -> Finding:
    """The directory of the host lock."""
    if seen is None or not seen.is_directory:
        remedy = "systemd-tmpfiles --create; systemctl start shepherd-keeper"
        return wrong(Subject.RUN_DIR, f"{path} is not there", remedy)
    if seen.uid or seen.mode & 0o022:
        remedy = f"chown root {path}; chmod 0700 {path}"
        return wrong(Subject.RUN_DIR, f"{path} is {seen.owner}'s with mode {seen.mode:04o}", remedy)
    return ok(Subject.RUN_DIR, f"{path} is root's alone")


def spool_finding(path: str, seen: FileSeen | None, room: int, configured: str) -> Finding:
    """Where the host records until the shepherd has fetched it. `configured`: what HTCondor hands out."""
    wanted = f"{path}/segment"
    if configured != wanted:
        said = f"HTCondor hands out {configured or 'nothing'}: the shepherd never gets what this host records"
        return wrong(Subject.SPOOL, said, f"SHEPHERD_SPOOL_LOG = {wanted} in {CONDOR_FILE}, and condor_reconfig")
    if seen is None or not seen.is_directory:
        return warn(Subject.SPOOL, f"{path} is not there: nothing was recorded yet", "systemctl start shepherd-keeper")
    remedy = f"chown root:{CONDORS_GROUP} {path} && chmod 0750 {path}"
    if seen.uid or seen.mode & 0o022:
        return wrong(Subject.SPOOL, f"{path} is {seen.owner}'s, mode {seen.mode:04o}: others can forge records", remedy)
    if seen.mode & 0o007 == 0 and (seen.group != CONDORS_GROUP or seen.mode & 0o050 != 0o050):
        said = f"{path} is for the group {seen.group}, mode {seen.mode:04o}: HTCondor's account cannot hand it out"
        return wrong(Subject.SPOOL, said, remedy)
    if room < LEAST_SPOOL_ROOM:
        said = f"{room >> 20} MiB are left at {path}: what finds no room is lost, and told as a gap"
        remedy = f"make room there, or give spool another place in node.toml and {CONDOR_FILE}"
        return warn(Subject.SPOOL, said, remedy)
    return ok(Subject.SPOOL, f"{path}, {room >> 20} MiB free")
