"""The Engine port: dockerd through the docker SDK's low-level client. Containers are its only business."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import docker
import docker.errors
import docker.types
import requests

from shepherd.errors import CommandFailed, DockerUnavailable
from shepherd.model.container import INSIDE, LABEL, ContainerSpec, NetworkSpec, Started

LOG_LINES = 5
MIB = 1 << 20

class DockerEngine:
    """`ports_node.Engine`. `timeout_s` bounds every request; nothing is kept between calls."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s

    def check(self, network: NetworkSpec, images: AbstractSet[str]) -> str:
        """See the port."""
        with self._client() as client:
            missing = sorted(image for image in images if not _has_image(client, image))
            if len(missing) == len(images):
                return f"image {missing[0]} is not in this host's dockerd" if missing else "no image is allowed here"
            return _network_problem(client, network)

    def run(self, spec: ContainerSpec) -> Started:
        """See the port."""
        with self._client() as client:
            ident = str(client.create_container(**_arguments(client, spec))["Id"])
            client.start(ident)
            state = client.inspect_container(ident)
            if state["Image"] != spec.image:
                raise CommandFailed(f"dockerd started the image {state['Image']} for {spec.image}")
            if not (pid := int(state["State"]["Pid"])):
                raise CommandFailed(f"the container ended at once: {_last_words(client, ident)}")
            return Started(ident=ident, pid=pid)

    def remove_all(self, keep: str | None) -> Sequence[str]:
        """See the port."""
        said: list[str] = []
        with self._client() as client:
            for container in client.containers(all=True, filters={"label": LABEL}):
                if container["Id"] != keep:
                    said.append(_last_words(client, container["Id"]))
                    with contextlib.suppress(docker.errors.NotFound):
                        client.remove_container(container["Id"], v=True, force=True)
        return said

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        """A client whose every trouble is translated."""
        client = None
        try:
            client = docker.APIClient(base_url=self._url, version="auto", timeout=self._timeout_s)
            yield client
        except docker.errors.APIError as exc:
            raise CommandFailed(f"dockerd says: {exc.explanation or exc}") from exc
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as exc:
            raise DockerUnavailable(f"dockerd at {self._url} does not answer ({_briefly(exc)})") from exc
        finally:
            if client is not None:
                client.close()


def _arguments(client: Any, spec: ContainerSpec) -> Mapping[str, Any]:  # noqa: ANN401 - the SDK has no types
    """The container exactly as it is specified."""
    bind = {"bind": INSIDE, "mode": "ro", "propagation": "rprivate"}
    host = client.create_host_config(
        binds={spec.share: bind},
        cap_drop=["ALL"],
        cap_add=list(spec.capabilities),
        cgroup_parent=spec.cgroup_parent or None,
        log_config=docker.types.LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
        mem_limit=spec.memory_mib * MIB or None,
        network_mode=spec.network,
        restart_policy={"Name": "no"},
        security_opt=["no-new-privileges"],
        tmpfs={"/dev/shm": f"rw,nosuid,nodev,size={spec.shm_mib}m,mode=1777"},  # noqa: S108
    )
    endpoint = client.create_endpoint_config(ipv4_address=spec.address, mac_address=spec.mac)
    return {
        "image": spec.image,
        "command": list(spec.arguments),
        "name": spec.name,
        "hostname": spec.hostname,
        "environment": dict(spec.environment),
        "labels": dict(spec.labels),
        "host_config": host,
        "networking_config": client.create_networking_config({spec.network: endpoint}),
    }


def _has_image(client: Any, image: str) -> bool:  # noqa: ANN401
    try:
        return bool(client.inspect_image(image)["Id"] == image)
    except docker.errors.ImageNotFound:
        return False


def _network_problem(client: Any, wanted: NetworkSpec) -> str:  # noqa: ANN401
    try:
        found = client.inspect_network(wanted.name)
    except docker.errors.NotFound:
        return f"dockerd has no network {wanted.name}"
    pools = (found.get("IPAM") or {}).get("Config") or [{}]
    facts = {
        "driver": (found["Driver"], "macvlan"),
        "parent": ((found.get("Options") or {}).get("parent"), wanted.parent),
        "subnet": (pools[0].get("Subnet"), wanted.subnet),
        "gateway": (pools[0].get("Gateway"), wanted.gateway),
        "number of address pools": (len(pools), 1),
    }
    wrong = (f"{what} is {is_now}, not {meant}" for what, (is_now, meant) in facts.items() if is_now != meant)
    return next((f"network {wanted.name}: {problem}" for problem in wrong), "")


def _last_words(client: Any, ident: str) -> str:  # noqa: ANN401
    """The end of what a container said; empty if dockerd has nothing."""
    try:
        text = client.logs(ident, stdout=True, stderr=True, tail=LOG_LINES).decode("utf-8", "replace")
    except docker.errors.APIError:
        return ""
    return " / ".join(line for line in text.splitlines() if line.strip())


def _briefly(exc: BaseException) -> str:
    return str(exc).splitlines()[0][:200] if str(exc) else type(exc).__name__
