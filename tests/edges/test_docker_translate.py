"""A container's description to dockerd and back; dockerd itself is met on the real site."""

import dataclasses
from typing import Any

import docker
import pytest

from shepherd.core.container.drift import as_specified, drift
from shepherd.core.container.spec import container_spec
from shepherd.edges.docker.translate import arguments, described
from shepherd.model.container import ContainerSpec, Profile
from tests.core.sound_settings import LEASE, NODE

ABSENT = {"CgroupParent": "", "Memory": 0, "PidsLimit": None, "NanoCpus": 0, "Privileged": False, "UsernsMode": ""}


def spec(profile: Profile = Profile.APART) -> ContainerSpec:
    settings = dataclasses.replace(NODE, profile=profile, memory_mib=700, cpus=1.5, cgroup_parent="/flock")
    return container_spec(settings, LEASE)


READ_ONLY = [f"{source}:{target}:ro,rprivate" for source, target in sorted(spec().binds.items())]
RECORD = [f"{source}:{target}:rw,rprivate" for source, target in spec().writable.items()]


def told(asked: ContainerSpec, **changes: object) -> dict[str, Any]:
    """What dockerd says of a container that was asked for so."""
    client = docker.APIClient(base_url="unix:///nonexistent", version="1.44")
    given = arguments(client, asked)
    client.close()
    host = {**ABSENT, "MaskedPaths": ["/proc/kcore"], "ReadonlyPaths": ["/proc/sys"], **given["host_config"]}
    endpoint = given["networking_config"]["EndpointsConfig"][asked.network]
    limits = [{"Name": one["Name"], "Soft": one["Soft"], "Hard": one["Hard"]} for one in host.get("Ulimits", ())]
    named = {key: [f"CAP_{name}" for name in host.get(key) or ()] for key in ("CapAdd",)}
    for key in ("SecurityOpt", "Tmpfs", "Sysctls", "Binds", "CapDrop"):
        host.setdefault(key, None)
    host.setdefault("ReadonlyRootfs", False)
    return {
        "Name": f"/{asked.name}",
        "Image": asked.image,
        "Config": {
            "Cmd": given["command"],
            "Env": ["PATH=/usr/bin", *(f"{name}={value}" for name, value in given["environment"].items())],
            "Labels": {"shepherd.package.condor": "25", **given["labels"]},
            "Hostname": given["hostname"],
        },
        "HostConfig": {**host, **named, "Ulimits": limits, **changes},
        "NetworkSettings": {"Networks": {asked.network: endpoint}},
    }


def drifted(asked: ContainerSpec, seen: dict[str, Any]) -> str:
    return drift(asked, dataclasses.replace(as_specified(asked), spec=described(seen)))


def test_an_apparmor_profile_is_asked_for_and_told_again() -> None:
    """A container ran unconfined after dockerd had been restarted without AppArmor."""
    asked = dataclasses.replace(spec(), walls=dataclasses.replace(spec().walls, apparmor="shepherd-flock"))
    assert drifted(asked, told(asked)) == ""
    assert drifted(asked, told(spec())) == "the container is not as specified: walls (apparmor)"


@pytest.mark.parametrize("profile", Profile)
def test_what_was_asked_for_has_not_drifted(profile: Profile) -> None:
    """The weaker profiles could never be lent: their containers were found to be stronger than they should be."""
    assert drifted(spec(profile), told(spec(profile))) == ""


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"Binds": ["/:/host:rw"]}, "binds, writable"),
        ({"Binds": [*READ_ONLY, *RECORD, "/:/host:rw"]}, "binds"),
        ({"Binds": [*READ_ONLY, *RECORD, "/:/host:rw,rprivate"]}, "writable"),
        ({"Binds": [*READ_ONLY, *(bind.replace(":rw", ":ro") for bind in RECORD)]}, "binds, writable"),
        ({"Binds": READ_ONLY}, "writable"),
        ({"Devices": [{"PathOnHost": "/dev/sda"}]}, "extras"),
        ({"PidMode": "host"}, "extras"),
        ({"Privileged": True}, "extras"),
        ({"UsernsMode": "host"}, "extras"),
        ({"Mounts": [{"Source": "/", "Target": "/host"}]}, "extras"),
        ({"CapAdd": ["CAP_SYS_ADMIN"]}, "walls (cap_add)"),
        ({"MaskedPaths": ["/proc/kcore"]}, "walls (own_proc)"),
        ({"PidsLimit": -1}, "limits (processes)"),
        ({"Sysctls": {}}, "sysctls"),
    ],
)
def test_whatever_else_it_was_given_is_drift(changes: dict[str, object], word: str) -> None:
    """A writable mount of / was no drift, because only read-only ones were compared."""
    assert drifted(spec(), told(spec(), **changes)) == f"the container is not as specified: {word}"


def test_an_old_dockerd_is_told_the_hardware_address_where_it_looks_for_it() -> None:
    """It took a random one, and the host guard stopped every frame."""
    client = docker.APIClient(base_url="unix:///nonexistent", version="1.41")
    assert arguments(client, spec())["mac_address"] == spec().mac
    client.close()
