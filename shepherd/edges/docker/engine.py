"""The Engine port: dockerd through the docker SDK's low-level client. Containers and their network are its only
business."""

import contextlib
import json
import queue
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import docker
import docker.errors
import docker.types
import requests

from shepherd.edges.docker.kernel_view import kernel_view
from shepherd.edges.docker.translate import arguments, described
from shepherd.errors import CommandFailed, DockerUnavailable
from shepherd.model.container import LABEL, ContainerSeen, ContainerSpec, EngineFacts, NetworkSpec, Started
from shepherd.model.network import OWNER, DockerNetwork

LOG_LINES = 5
JOB_TRIAL = ["/usr/local/libexec/shepherd/flock-trial"]
"""Of the image (`images/flock/trial.py`)."""
NOT_THERE = {126, 127}
"""dockerd's word for a program that is not there: an image from before there was a trial is lent without."""
REMAPPED = re.compile(r".*/(\d+)\.(\d+)")
"""The data directory of a dockerd with `userns-remap` ends in the account and group that root is."""


class DockerEngine:
    """`ports_node.Engine` and `NetworkEngine`. `timeout_s` bounds every request; nothing is kept between calls."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s

    def fetch(self, image: str, repository: str, login: tuple[str, str] | None) -> None:
        """See the port."""
        tag = image.removeprefix("sha256:")
        auth = {"username": login[0], "password": login[1]} if login else None
        with self._client() as client:
            if _has_image(client, image):
                return
            for told in client.pull(repository, tag=tag, auth_config=auth, stream=True, decode=True):
                if "error" in told:
                    raise CommandFailed(f"{repository} gives no image {tag[:12]}: {told['error']}")
            if not _has_image(client, image):
                raise CommandFailed(f"{repository}:{tag} is another image than its tag says; it is not used")

    def image_problem(self, images: AbstractSet[str]) -> str:
        """See the port."""
        with self._client() as client:
            missing = sorted(image for image in images if not _has_image(client, image))
        if len(missing) < len(images):
            return ""
        return f"image {missing[0]} is not in this host's dockerd" if missing else "no image is allowed here"

    def facts(self) -> EngineFacts:
        """See the port."""
        with self._client() as client:
            told = client.info()
        major, minor, *_ = re.findall(r"\d+", told["ServerVersion"])
        options = {part for option in told.get("SecurityOptions") or () for part in option.split(",")}
        remapped = REMAPPED.fullmatch(told["DockerRootDir"]) if "name=userns" in options else None
        uid, gid = map(int, remapped.groups()) if remapped else (0, 0)
        return EngineFacts(
            version=(int(major), int(minor)),
            root_uid=uid,
            root_gid=gid,
            seccomp="name=seccomp" in options,
            apparmor="name=apparmor" in options,
            storage=told.get("Driver") or "",
            live_restore=bool(told.get("LiveRestoreEnabled")),
        )

    def network(self, name: str) -> DockerNetwork | None:
        """See the port."""
        with self._client() as client:
            try:
                found = client.inspect_network(name)
            except docker.errors.NotFound:
                return None
            users = client.containers(filters={"network": name})
        pools = (found.get("IPAM") or {}).get("Config") or []
        return DockerNetwork(
            driver=found["Driver"],
            parent=(found.get("Options") or {}).get("parent", ""),
            subnets=tuple(pool.get("Subnet", "") for pool in pools),
            gateways=tuple(pool.get("Gateway", "") for pool in pools),
            is_ours=(found.get("Labels") or {}).get(OWNER) is not None,
            containers=len(users),
            strangers=sum(LABEL not in (user["Labels"] or {}) for user in users),
        )

    def make_network(self, spec: NetworkSpec) -> None:
        """See the port."""
        pool = docker.types.IPAMPool(subnet=spec.subnet, gateway=spec.gateway)
        with self._client() as client:
            client.create_network(
                spec.name,
                driver="macvlan",
                options={"parent": spec.parent},
                ipam=docker.types.IPAMConfig(pool_configs=[pool]),
                labels={OWNER: ""},
                check_duplicate=True,
                enable_ipv6=False,
            )

    def remove_network(self, name: str) -> None:
        """See the port."""
        with self._client() as client, contextlib.suppress(docker.errors.NotFound):
            client.remove_network(name)

    def run(self, spec: ContainerSpec) -> Started:
        """See the port."""
        with self._client() as client:
            ident = str(client.create_container(**arguments(client, spec))["Id"])
            client.start(ident)
            state = client.inspect_container(ident)
            if state["Image"] != spec.image:
                raise CommandFailed(f"dockerd started the image {state['Image']} for {spec.image}")
            if not (pid := int(state["State"]["Pid"])):
                raise CommandFailed(f"the container ended at once: {_last_words(client, ident)}")
            return Started(ident=ident, pid=pid)

    def seen(self, started: Started) -> ContainerSeen:
        """See the port."""
        with self._client() as client:
            return kernel_view(started.pid, described(client.inspect_container(started.ident)))

    def job_problem(self, started: Started) -> str:
        """See the port."""
        with self._client() as client:
            trial = str(client.exec_create(started.ident, JOB_TRIAL, user="0:0")["Id"])
            told = within(self._timeout_s, lambda: client.exec_start(trial).decode(errors="replace").strip())
            ended = client.exec_inspect(trial)["ExitCode"]
        if ended in {0, *NOT_THERE}:
            return ""
        return f"a job's walls cannot be built here: {told or f'status {ended}'}"

    def set_aside(self, ident: str, name: str) -> str:
        """See the port."""
        with self._client() as client:
            told = client.inspect_container(ident)
            if told["Name"].lstrip("/") != name:
                client.rename(ident, name)
            return json.dumps(told, indent=1, sort_keys=True)

    def remove(self, ident: str) -> None:
        """See the port."""
        with self._client() as client, contextlib.suppress(docker.errors.NotFound):
            client.remove_container(ident, v=True, force=True)

    def remove_all(self, keep: AbstractSet[str]) -> Sequence[str]:
        """See the port."""
        said: list[str] = []
        with self._client() as client:
            for container in client.containers(all=True, filters={"label": LABEL}):
                if container["Id"] in keep:
                    _end(client, container)
                else:
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


def within(timeout_s: float, ask: Callable[[], str]) -> str:
    """The answer, if it comes in time: docker's library reads what an exec says without any deadline, and dockerd now
    and then never ends it. Raises OSError."""
    answers: queue.Queue[str | Exception] = queue.Queue()

    def run() -> None:
        try:
            answers.put(ask())
        except Exception as exc:  # noqa: BLE001 - raised again by whoever waits
            answers.put(exc)

    threading.Thread(target=run, daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty as exc:
        raise TimeoutError(f"no end of an exec in {timeout_s:g} s") from exc
    if isinstance(answer, Exception):
        raise answer
    return answer


def _has_image(client: Any, image: str) -> bool:  # noqa: ANN401
    try:
        return bool(client.inspect_image(image)["Id"] == image)
    except docker.errors.ImageNotFound:
        return False


def _last_words(client: Any, ident: str) -> str:  # noqa: ANN401
    """The end of what a container said; empty if dockerd has nothing."""
    try:
        text = client.logs(ident, stdout=True, stderr=True, tail=LOG_LINES).decode("utf-8", "replace")
    except docker.errors.APIError:
        return ""
    return " / ".join(line for line in text.splitlines() if line.strip())


def _end(client: Any, container: Any) -> None:  # noqa: ANN401
    """Kept is what is left of it: nothing in it may live where none of ours should."""
    if container["State"] in {"running", "paused"}:
        with contextlib.suppress(docker.errors.NotFound):
            client.kill(container["Id"])


def _briefly(exc: BaseException) -> str:
    return str(exc).splitlines()[0][:200] if str(exc) else type(exc).__name__
