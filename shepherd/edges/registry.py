"""A registry (OCI distribution spec 1.1, Docker's manifests): bringing an image there. dockerd itself fetches it.

The same archive gives the same manifest: layers are compressed without times or names. The image is put there under a
tag that is its id, so that a host that knows the id can ask for it, and can see whether it got it.
"""

import contextlib
import gzip
import hashlib
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin

import requests

from shepherd.edges.secret_file import read_login
from shepherd.errors import CommandFailed, Unavailable

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CHUNK = 1 << 20
THERE, MADE, TAKEN = 200, 201, 202


class Registry:
    """One repository, `HOST[:PORT]/NAME`. TLS is always verified, by the system's authorities or by `authority`."""

    def __init__(self, repository: str, *, login: Path | None, authority: Path | None, timeout_s: float) -> None:
        """`login`: file with user and password (`secret_file.read_login`). Raises CommandFailed."""
        self._host, _, self._name = repository.partition("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.auth = read_login(login) if login else None
        self._session.verify = str(authority) if authority else True

    def push(self, archive: Path) -> str:
        """Bring what `shepherd image build` made there; its tag. Idempotent. Raises CommandFailed, Unavailable."""
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(opened(archive))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (listed,) = json.load(member(source, "manifest.json"))
            config = self._blob(member(source, listed["Config"]), CONFIG)
            layers = [self._layer(member(source, name), folder / "layer") for name in listed["Layers"]]
            text = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers})
        tag = tag_of(str(config["digest"]))
        self._expect({MADE}, "PUT", f"manifests/{tag}", data=text.encode(), headers={"Content-Type": MANIFEST})
        return tag

    def lacks(self, images: Sequence[str]) -> str:
        """See `ports_checkup.ImageStore`. Only asks for manifests (HEAD). Raises Unavailable."""
        said = {}
        for image in images:
            answer = self._ask("HEAD", f"manifests/{tag_of(image)}", headers={"Accept": MANIFEST})
            if answer.status_code == THERE:
                return ""
            said[answer.status_code] = image
        return f"{self._host} has none of them (it answers {', '.join(map(str, sorted(said)))})"

    def _layer(self, tar: IO[bytes], aside: Path) -> Mapping[str, object]:
        with aside.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            shutil.copyfileobj(tar, packed, CHUNK)
        with aside.open("rb") as file:
            return self._blob(file, LAYER)

    def _blob(self, data: IO[bytes], kind: str) -> Mapping[str, object]:
        """Bring a blob there unless it is; what a manifest says of it."""
        digest = f"sha256:{hashlib.file_digest(data, 'sha256').hexdigest()}"  # type: ignore[arg-type]  # any binary file
        size = data.tell()
        data.seek(0)
        if self._ask("HEAD", f"blobs/{digest}").status_code != THERE:
            begun = self._expect({TAKEN}, "POST", "blobs/uploads/")
            url = urljoin(f"https://{self._host}/", begun.headers["Location"])
            if not url.startswith(f"https://{self._host}/"):
                raise CommandFailed(f"the registry {self._host} sends us to {url[:80]}, without our password")
            url += ("&" if "?" in url else "?") + f"digest={digest}"
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            self._expect({MADE}, "PUT", url, data=data, headers=headers)
        return {"mediaType": kind, "size": size, "digest": digest}

    def _expect(self, wanted: set[int], method: str, what: str, **more: Any) -> requests.Response:  # noqa: ANN401
        answer = self._ask(method, what, **more)
        if answer.status_code not in wanted:
            said = " ".join(answer.text.split())[:300]
            raise CommandFailed(f"the registry {self._host} refused {method} {what[:80]}: {answer.status_code} {said}")
        return answer

    def _ask(self, method: str, what: str, **more: Any) -> requests.Response:  # noqa: ANN401
        url = what if "://" in what else f"https://{self._host}/v2/{self._name}/{what}"
        try:
            return self._session.request(method, url, timeout=self._timeout_s, **more)
        except requests.exceptions.RequestException as exc:
            raise Unavailable(f"the registry {self._host} does not answer: {exc}") from exc


def tag_of(image: str) -> str:
    """The tag under which an image is kept: its id without `sha256:`."""
    return image.removeprefix("sha256:")


@contextlib.contextmanager
def opened(archive: Path) -> Iterator[tarfile.TarFile]:
    """An archive of `docker save`'s kind. Raises CommandFailed."""
    try:
        with tarfile.open(archive) as source:
            yield source
    except (OSError, tarfile.TarError, KeyError, ValueError) as exc:
        raise CommandFailed(f"{archive} is no image's archive: {exc}") from exc


def member(source: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file in the archive. Raises KeyError."""
    found = source.extractfile(name)
    if found is None:
        raise KeyError(f"{name} is no file")
    return found
