"""The few questions the lab itself asks a Docker Engine, over its Unix socket and with the standard library only."""

import contextlib
import http.client
import json
import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shepherd.errors import CommandFailed, DockerUnavailable

_API = "/v1.44"
"""The first that takes a network's hardware address."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(path: str, method: str, what: str, body: object = None, *, timeout_s: float = 60.0) -> str:
    """One request to the engine behind socket `path`; the answer's text.

    Raises DockerUnavailable if there is no answer in time, CommandFailed if the answer is a refusal.
    """
    headers = {"Content-Type": "application/x-tar" if not isinstance(body, dict) else "application/json"}
    data = json.dumps(body) if isinstance(body, dict) else body
    try:
        with contextlib.closing(_Connection(path, timeout_s)) as connection:
            connection.request(method, _API + what, data, headers)  # type: ignore[arg-type]  # bytes, text, file
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as exc:
        raise DockerUnavailable(f"dockerd at {path}: {exc!r}") from exc
    if answer.status >= 300:
        raise CommandFailed(f"dockerd refused {method} {what}: {answer.status} {text.strip()[:400]}")
    return text


def answers(path: str) -> bool:
    """True if the engine is up."""
    try:
        return ask(path, "GET", "/_ping", timeout_s=2.0).strip() == "OK"
    except (DockerUnavailable, CommandFailed):
        return False


def load(path: str, archive: Path, tag: str) -> str:
    """Load an image's archive and return the id that its name has then."""
    with archive.open("rb") as source:
        _refuse_errors(ask(path, "POST", "/images/load?quiet=1", source, timeout_s=300))
    return image_id(path, tag)


def image_id(path: str, tag: str) -> str:
    """The `sha256:…` id of an image."""
    described: dict[str, Any] = json.loads(ask(path, "GET", f"/images/{urllib.parse.quote(tag)}/json"))
    return str(described["Id"])


def _refuse_errors(stream: str) -> None:
    """The answer is 200 at once; a failure is told in the stream."""
    for said in _lines(stream):
        if "error" in said:
            raise CommandFailed(f"dockerd: {said['error']}")


def _lines(stream: str) -> Iterator[dict[str, Any]]:
    for line in stream.splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)
