"""Whether what runs is what was specified, and whether a dockerd can run it at all."""

import dataclasses
from collections.abc import Iterator

from shepherd.model.container import ContainerSeen, ContainerSpec, EngineFacts, Profile
from shepherd.model.node_settings import NodeSettings

DOCKERS_OWN = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
"""Capabilities that dockerd gives unless it is told otherwise (moby's profiles/caps)."""
BY_KERNEL = {"remapped", "hides_processes"}
"""What dockerd does not tell of a container."""


def engine_problem(settings: NodeSettings, facts: EngineFacts) -> str:
    """Why this dockerd cannot build the profile's walls, in one clause with the remedy; empty if it can."""
    if settings.profile is Profile.APART and facts.root_uid == 0:
        return (
            'dockerd maps no accounts: set "userns-remap" in /etc/docker/daemon.json and restart it, '
            'or choose the weaker profile = "accounts"'
        )
    if settings.apparmor and not facts.apparmor:
        return f'there is no AppArmor here for apparmor = "{settings.apparmor}"; remove that setting'
    if settings.profile is Profile.APART and facts.apparmor and not settings.apparmor:
        return (
            "AppArmor is on, and dockerd's own profile keeps jobs' walls from being built: load images/flock/apparmor "
            'and set apparmor = "shepherd-flock"'
        )
    if settings.profile is not Profile.TALK and not facts.seccomp:
        return "dockerd filters no system calls: its kernel or its build lacks seccomp"
    return ""


def drift(spec: ContainerSpec, seen: ContainerSeen) -> str:
    """What of a container is not as it was specified, in one clause; empty if all is."""
    wrong = [*described(spec, seen.spec), *enforced(spec, seen)]
    return f"the container is not as specified: {', '.join(wrong)}" if wrong else ""


def described(spec: ContainerSpec, seen: ContainerSpec) -> Iterator[str]:
    """Differences in dockerd's own description."""
    for field in dataclasses.fields(ContainerSpec):
        ours, theirs = getattr(spec, field.name), getattr(seen, field.name)
        if field.name not in BY_KERNEL and ours != theirs:
            yield f"{field.name} ({', '.join(parts(ours, theirs))})" if dataclasses.is_dataclass(ours) else field.name


def parts(ours: object, theirs: object) -> list[str]:
    """Names of the fields in which two values of one class differ."""
    names = [field.name for field in dataclasses.fields(ours)]  # type: ignore[arg-type]
    return [name for name in names if getattr(ours, name) != getattr(theirs, name)]


def enforced(spec: ContainerSpec, seen: ContainerSeen) -> Iterator[str]:
    """Differences between the description and what the kernel enforces on PID 1."""
    walls = spec.walls
    if surplus := seen.capabilities - capabilities(spec):
        yield f"the kernel grants {' '.join(sorted(surplus))}"
    if walls.no_new_privileges and not seen.no_new_privileges:
        yield "set-id programs work"
    if not seen.filtered:
        yield "no system call is filtered"
    if spec.remapped and seen.root_uid == 0:
        yield "its root is the host's"
    if walls.apparmor and seen.apparmor != enforcing(walls.apparmor):
        yield f"AppArmor's profile is {seen.apparmor or 'none'}"
    if spec.hides_processes and not seen.processes_hidden:
        yield "accounts see each other's processes"


def enforcing(profile: str) -> str:
    """What the kernel says of a process that is confined."""
    return f"{profile} (enforce)"


def as_specified(spec: ContainerSpec) -> ContainerSeen:
    """What is seen when all is as it should be."""
    return ContainerSeen(
        spec=spec,
        capabilities=capabilities(spec),
        no_new_privileges=spec.walls.no_new_privileges,
        filtered=True,
        root_uid=100000 if spec.remapped else 0,
        processes_hidden=spec.hides_processes,
        apparmor=enforcing(spec.walls.apparmor) if spec.walls.apparmor else "",
    )


def capabilities(spec: ContainerSpec) -> frozenset[str]:
    """What the description leaves."""
    dropped = DOCKERS_OWN if "ALL" in spec.walls.cap_drop else frozenset(spec.walls.cap_drop)
    return (DOCKERS_OWN - dropped) | frozenset(spec.walls.cap_add)
