"""Ed25519: keys of lease pages in PEM files, signing, verifying (the only user of `cryptography`)."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shepherd.edges.secret_file import mode_of, readable
from shepherd.errors import LeaseRefused, SettingsError
from shepherd.model.lease import SignedPage

DOMAIN = b"shepherd-lease-page-v1\0"
"""Before every signed payload: a signature for another purpose is none for a page."""

KEY_BYTES_MAX = 16384


class PageSigner:
    """Holds the private key of lease pages; implements `ports.Signer`."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.key_id = key_id(key.public_key())

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Raises SettingsError if the file is missing, not ours alone, or no Ed25519 key."""
        return cls(load_private(path))

    def verifier(self) -> "PageVerifier":
        """What trusts this key alone."""
        return PageVerifier([self._key.public_key()])

    def sign(self, payload: bytes) -> SignedPage:
        """Sign exactly these bytes."""
        signature = self._key.sign(DOMAIN + payload)
        return SignedPage(payload=payload, key_id=self.key_id, signature=signature)


class PageVerifier:
    """Holds trusted public keys; implements `ports.Verifier`. Without any key it refuses everything."""

    def __init__(self, keys: Sequence[Ed25519PublicKey]) -> None:
        self._keys = {key_id(key): key for key in keys}

    @classmethod
    def from_files(cls, paths: Sequence[Path]) -> Self:
        """Raises SettingsError naming the first file that is missing, writable by others, or no key."""
        return cls([load_public(path) for path in paths])

    @property
    def key_ids(self) -> frozenset[str]:
        """Ids of the trusted keys."""
        return frozenset(self._keys)

    def verify(self, page: SignedPage) -> None:
        """Raises LeaseRefused if no trusted key signed exactly this payload."""
        key = self._keys.get(page.key_id)
        if key is None:
            raise LeaseRefused(f"signed by the key {page.key_id}, which is not trusted here")
        try:
            key.verify(page.signature, DOMAIN + page.payload)
        except InvalidSignature as exc:
            raise LeaseRefused(f"not what the key {page.key_id} signed: forged or damaged") from exc


def key_id(key: Ed25519PublicKey) -> str:
    """First 16 hex digits of SHA-256 over the raw public key."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def public_path(private: Path) -> Path:
    """Where the public half of a private key's file lies: beside it, `.pub` added."""
    return private.with_name(private.name + ".pub")


def id_of_file(path: Path) -> str:
    """Id of the key in a file, private or public by its name; raises SettingsError."""
    if path.suffix == ".pub":
        return key_id(load_public(path))
    return key_id(load_private(path).public_key())


def delete_key(path: Path) -> list[Path]:
    """Remove both halves of a key, private first; answers what was removed. Idempotent.

    Raises:
        SettingsError: a file is there and cannot be removed.
    """
    gone = []
    for half in (path, public_path(path)):
        try:
            half.unlink()
        except FileNotFoundError:
            continue
        except OSError as exc:
            remedy = "call as a user who may write in its directory"
            raise SettingsError(file=str(half), key="key", problem=reason(exc), remedy=remedy) from exc
        gone.append(half)
    return gone


def create_key(path: Path) -> str:
    """Write a new private key (0600) and, beside it, its public half (0644); answer its id.

    A missing directory is made (0700).

    Raises:
        SettingsError: one of the files exists (nothing is ever overwritten), or cannot be written.
            Then neither file was left behind.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise unwritable(path.parent, exc) from exc
    key = Ed25519PrivateKey.generate()
    write_new(path, private_pem(key), 0o600)
    try:
        write_new(public_path(path), public_pem(key.public_key()), 0o644)
    except SettingsError:
        path.unlink()
        raise
    return key_id(key.public_key())


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """PKCS8, not encrypted: the daemon starts without a person."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Ed25519PublicKey) -> bytes:
    """SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Create `path` with `content`, durably; raises SettingsError if anything is there already."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except OSError as exc:
        raise unwritable(path, exc) from exc
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, mode)
            file.write(content)
            file.flush()
            os.fsync(fd)
    except OSError as exc:
        with contextlib.suppress(OSError):
            path.unlink()
        raise unwritable(path, exc) from exc


def unwritable(path: Path, exc: OSError) -> SettingsError:
    """What to say when a key cannot be created."""
    if isinstance(exc, FileExistsError):
        remedy = "keys are never overwritten: move it away, or choose another name"
    else:
        remedy = "make the directory, and call as a user who may write there"
    return SettingsError(file=str(path), key="key", problem=reason(exc), remedy=remedy)


def load_private(path: Path) -> Ed25519PrivateKey:
    """The private key in `path`; raises SettingsError."""
    pem = read_guarded(path, forbidden=0o077, remedy=f"chmod 0600 {path}")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise not_a_key(path, "private", str(exc)) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise not_a_key(path, "private", "it is of another kind")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """The public key in `path`; raises SettingsError."""
    pem = read_guarded(path, forbidden=0o022, remedy=f"chmod go-w {path}")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise not_a_key(path, "public", str(exc)) from exc
    if not isinstance(key, Ed25519PublicKey):
        raise not_a_key(path, "public", "it is of another kind")
    return key


def not_a_key(path: Path, half: str, why: str) -> SettingsError:
    """What to say of a file that holds something else."""
    return SettingsError(
        file=str(path),
        key="key",
        problem=f"no Ed25519 {half} key in PEM without a password ({why.partition(chr(10))[0]})",
        remedy="make one with `shepherd key create`; the public half is the file ending in .pub",
    )


def read_guarded(path: Path, *, forbidden: int, remedy: str) -> bytes:
    """The bytes of a key file which only its owner, root or this user, can have tampered with."""
    path = readable(path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            refuse_loose(path, os.fstat(fd), forbidden, remedy)
            return file.read(KEY_BYTES_MAX)
    except PermissionError as exc:
        advice = "restart the daemon if the key is new: systemd gives it copies when it starts; without: chown it"
        raise SettingsError(file=str(path), key="key", problem=reason(exc), remedy=advice) from exc
    except OSError as exc:
        advice = "make one with `shepherd key create`, or name the file that holds it"
        raise SettingsError(file=str(path), key="key", problem=reason(exc), remedy=advice) from exc


def refuse_loose(path: Path, found: os.stat_result, forbidden: int, remedy: str) -> None:
    """Raise SettingsError for a file that the wrong people may read or write."""
    mode = mode_of(path, found)
    if not stat.S_ISREG(found.st_mode):
        problem, remedy = "is not a regular file", "name the file that holds the key"
    elif mode & forbidden:
        problem = f"mode {mode:04o} lets others in"
    elif found.st_uid not in {0, os.geteuid()}:
        problem, remedy = f"belongs to uid {found.st_uid}", f"chown root {path}, or to the daemon's user"
    else:
        return
    raise SettingsError(file=str(path), key="key", problem=problem, remedy=remedy)


def reason(exc: OSError) -> str:
    """The system's own words."""
    return exc.strerror or str(exc)
