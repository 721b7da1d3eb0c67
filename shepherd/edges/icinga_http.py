"""Icinga's API as one request at a time: TLS verified, a deadline, and what its answers mean.

Its answers lie in ways of their own. HTTP 200 may carry a `code` of 500 for the object; 2.13 says 404 "No objects
found." where a permission is missing, 2.16 says 403; 2.13 says 500 with no results where nothing was meant by the
request, 2.16 404. What counts is that exactly the named object is there, with a code of its own that is good.
"""

import base64
import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import urllib3
from requests.adapters import HTTPAdapter

from shepherd.edges.secret_file import read_secret
from shepherd.errors import CommandFailed, MonitoringRefused, MonitoringUnavailable
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.one_line import one_line

Result = Mapping[str, Any]
ANSWER_BYTES_MAX = 64 << 20
"""A hundred thousand downtimes are 40 MB."""
PIECE = 1 << 16
SHOWN = 200
OK, BAD, WRONG_USER, FAILED, BUSY = 200, 400, 401, 500, 503


class IcingaApi:
    """One Icinga, asked as one user. For one thread at a time."""

    def __init__(self, icinga: IcingaSettings, owner: int | None = None) -> None:
        """Raises CommandFailed if the password or the authority cannot be read."""
        self._url = icinga.url.rstrip("/")
        self._user = icinga.user
        self._request_s = icinga.request_s
        self._session = requests.Session()
        self._session.trust_env = False
        password = read_secret(Path(icinga.password_file), "Icinga's password", owner).strip("\r\n")
        self._session.verify = icinga.ca_file or ssl.get_default_verify_paths().cafile or True
        self._session.mount("https://", Verified(verifying(icinga.ca_file)))
        login = base64.b64encode(f"{icinga.user}:{password}".encode()).decode()
        self._session.headers.update({"Accept": "application/json", "Authorization": f"Basic {login}"})

    def get(self, path: str, attributes: Sequence[str] = ()) -> list[Result]:
        """Objects. Raises MonitoringUnavailable, MonitoringRefused."""
        status, results, said = self._ask("GET", path, params={"attrs": list(attributes)})
        if status != OK or results is None:
            raise self._trouble(path, status, said)
        return results

    def post(self, path: str, body: Mapping[str, object]) -> Result:
        """What became of the one object that is named. Raises MonitoringUnavailable, MonitoringRefused."""
        status, results, said = self._ask("POST", path, data=json.dumps(body))
        if not results or len(results) != 1:
            raise self._trouble(path, status, said or f"{len(results or ())} objects instead of one")
        code, said = _number(results[0].get("code")), one_line(results[0].get("status", ""), SHOWN)
        if code == BUSY:
            raise MonitoringUnavailable(f"{self._where(path)}: {said}")
        if status != OK or code != OK:
            raise MonitoringRefused(f"{self._where(path)}: {code} {said}")
        return results[0]

    def close(self) -> None:
        """End the connection. Idempotent; the next request opens another."""
        self._session.close()

    def _ask(self, method: str, path: str, **more: Any) -> tuple[int, list[Result] | None, str]:  # noqa: ANN401
        """Status, results, and what is said if there are none."""
        status, body = self._exchange(method, path, **more)
        if status == WRONG_USER:
            problem = f"{self._url} does not accept user {self._user} with this password; see icinga.password_file"
            raise MonitoringRefused(problem, is_user=True)
        results = _results(body)
        return status, results, _words(body) if results is None else ""

    def _trouble(self, path: str, status: int, said: str) -> MonitoringRefused | MonitoringUnavailable:
        """4xx, and a 500 or 200 that did nothing, are a no; anything else may be otherwise later."""
        told = f"{self._where(path)}: {status} {said}"
        if status in {OK, FAILED} or BAD <= status < FAILED:
            return MonitoringRefused(f"{told}; no such object, or no permission")
        return MonitoringUnavailable(told)

    def _exchange(self, method: str, path: str, **more: Any) -> tuple[int, bytes]:  # noqa: ANN401
        until_s = time.monotonic() + self._request_s
        try:
            with self._session.request(
                method, f"{self._url}/v1{path}", timeout=self._request_s, stream=True, allow_redirects=False, **more
            ) as answer:
                return answer.status_code, b"".join(_pieces(answer, until_s))
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
            raise MonitoringUnavailable(f"{self._url} does not answer: {one_line(exc, SHOWN)}") from exc

    def _where(self, path: str) -> str:
        return f"{self._url}/v1{path[:SHOWN]}"


class Verified(HTTPAdapter):
    """Connections that are verified by one context."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:  # noqa: ANN401
        """As the library calls it."""
        super().init_poolmanager(*args, ssl_context=self._context, **more)


def verifying(ca_file: str) -> ssl.SSLContext:
    """Chain and name are always verified, by the system's authorities or by one of the site's. Raises CommandFailed.

    Icinga's own tool makes certificates without key identifiers: Python 3.13 and later call these malformed unless told
    otherwise, and so refuse every Icinga that was set up as its manual says.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as exc:
        raise CommandFailed(f"Icinga's authority {ca_file}: {exc.strerror or exc}") from exc
    if ca_file:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def in_path(name: str) -> str:
    """An object's name as a part of a path."""
    return quote(name, safe="")


def _pieces(answer: requests.Response, until_s: float) -> Iterator[bytes]:
    """The body as it comes: the deadline is for all of it, not for each piece."""
    total = 0
    while piece := answer.raw.read1(PIECE, decode_content=True):
        yield piece
        total += len(piece)
        if total > ANSWER_BYTES_MAX:
            raise ValueError("the answer is too long")
        if time.monotonic() > until_s:
            raise TimeoutError("the answer takes too long")


def _results(body: bytes) -> list[Result] | None:
    """The results of an answer; None if it is not of that form."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    results = told.get("results") if isinstance(told, dict) else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        return None
    return results


def _words(body: bytes) -> str:
    """What an answer that failed says."""
    try:
        told = json.loads(body)
        said = told.get("status", "") if isinstance(told, dict) else ""
    except (ValueError, RecursionError):
        said = body[:SHOWN].decode("utf-8", "replace")
    return one_line(said, SHOWN)


def _number(code: object) -> int:
    """Icinga's numbers are floats."""
    return int(code) if isinstance(code, int | float) else 0
