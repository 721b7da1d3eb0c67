"""What tells of a person is encrypted: a key for each subject of a day, in a file of that day, that can be destroyed.

The hash chain covers what is encrypted and not the keys, so destroying keys changes nothing that is stored. Beside a
row's cipher text stand a pseudonym of the user, made with a key of the week that only the writer has, and a mark of the
job's id, made with a key of the day: those who have the day's keys can look for a user or a job, others can count.
"""

import contextlib
import datetime
import grp
import hashlib
import hmac
import json
import os
import pathlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shepherd.edges.day_files import sync_directory
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import canonical, storable

NAME = "keys"
KEY_BITS = 256
PADDED_TO = 32
"""Bytes: a length tells less of who it is."""
OPEN_MODES = {True: (0o750, 0o640), False: (0o700, 0o600)}
"""With and without a group that may read: of the directory, of the files."""

NewKey = Callable[[], bytes]


class Person(NamedTuple):
    """What a job says of a person."""

    user: str
    owner: str
    job: str


class Sealed(NamedTuple):
    """A person as it is stored."""

    subject: int
    job_key: int
    personal: bytes


def fresh_key() -> bytes:
    """A key that nobody knows."""
    return AESSIV.generate_key(KEY_BITS)


def mark(key: bytes, text: str) -> int:
    """63 bits that stand for `text` to whoever has the key."""
    digest = hmac.digest(key, storable(text).encode("utf-8"), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") >> 1


def pseudonym(subject: int) -> str:
    """As it is shown."""
    return f"user-{subject:016x}"


def subject_of(text: str) -> int | None:
    """The inverse; None if it is no pseudonym."""
    with contextlib.suppress(ValueError):
        return int(text.removeprefix("user-"), 16)
    return None


def week_of(day: str) -> str:
    """`2026-W09`: Monday to Sunday."""
    year, week, _ = datetime.date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02}"


def bound_to(day: str, row: int) -> list[bytes]:
    """A cipher text belongs to one row."""
    return [f"{day}/{row}".encode("ascii")]


class DayKeys:
    """The keys of one day, as they stand in its file: its own, and by subject the subject's and the user."""

    def __init__(self, day: str, job_key: bytes = b"") -> None:
        self.day = day
        self.job_key = job_key
        self.subjects: dict[int, tuple[str, str]] = {}
        """By subject the key in hex, and the user."""
        self._ciphers: dict[int, AESSIV | None] = {}

    def key(self, subject: int) -> str:
        """Of a subject, in hex; empty: there is none."""
        return self.subjects.get(subject, ("", ""))[0]

    def _cipher(self, subject: int) -> AESSIV | None:
        """Made once, for a user has many jobs. Raises ValueError."""
        if subject not in self._ciphers:
            key = self.key(subject)
            self._ciphers[subject] = AESSIV(bytes.fromhex(key)) if key else None
        return self._ciphers[subject]

    def opened(self, row: int, sealed: Sealed) -> Person | None:
        """The person of a row; None if its key is missing or does not fit."""
        try:
            cipher = self._cipher(sealed.subject)
            if cipher is None:
                return None
            plain = cipher.decrypt(sealed.personal, bound_to(self.day, row))
        except (InvalidTag, ValueError):
            return None
        return Person(*json.loads(plain))

    def users(self, names: Sequence[str]) -> list[int]:
        """Subjects of these users."""
        wanted = {storable(name) for name in names}
        return [subject for subject, (_, user) in self.subjects.items() if user in wanted]

    def take(self, lines: Sequence[Sequence[str]]) -> None:
        """Lines of the file: the day's own key, and subjects'. Raises ValueError, TypeError."""
        for _, _, key in [line for line in lines if line[0] == "day"]:
            self.job_key = bytes.fromhex(key)
        subjects = [line for line in lines if line[0] != "day"]
        self.subjects |= {int(subject, 16): (key, user) for _, subject, key, user in subjects}


class WholeKeys(DayKeys):
    """Keys of a file that is known to be whole: lines are read when they are asked for."""

    def __init__(self, day: str, text: bytes) -> None:
        """Raises ValueError."""
        kind, _, key = json.loads(text[: text.index(b"\n")])
        super().__init__(day, bytes.fromhex(key) if kind == "day" else b"")
        self._text = text

    def users(self, names: Sequence[str]) -> list[int]:
        """Subjects of these users."""
        return [subject for name in set(map(storable, names)) for subject in self._subjects(name)]

    def _subjects(self, user: str) -> Iterator[int]:
        ending, end = f"{canonical([user])[1:]}\n".encode("ascii"), 0
        while (at := self._text.find(ending, end)) >= 0:
            end = at + len(ending)
            _, subject, _, found = json.loads(self._text[self._text.rfind(b"\n", 0, at) + 1 : end])
            if found == user:
                yield int(subject, 16)

    def key(self, subject: int) -> str:
        """Of a subject, in hex; empty: there is none."""
        begin = b'["subject","%016x","' % subject
        at = self._text.find(begin)
        first = at + len(begin)
        return self._text[first : self._text.index(b'"', first)].decode("ascii") if at >= 0 else ""


def read_keys(directory: pathlib.Path, day: str, whole: int | None = None) -> DayKeys | None:
    """The keys of a day below the store's directory; None: they were destroyed, or never were. `whole`: what
    `whole_keys` has once told of the file.

    Raises PermissionError, OSError, ValueError. A last line that was being written is left out.
    """
    try:
        text = keys_path(directory, day).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return WholeKeys(day, text) if whole is not None and zlib.crc32(text) == whole else all_keys(day, text)
    except (ValueError, TypeError, LookupError) as exc:
        raise ValueError(f"the keys of {day} are damaged: {exc}") from exc


def all_keys(day: str, text: bytes) -> DayKeys:
    """Every line. Raises ValueError, TypeError, LookupError."""
    keys = DayKeys(day)
    keys.take(json.loads(b"[" + b",".join(text.split(b"\n")[:-1]) + b"]"))
    return keys


def whole_keys(directory: pathlib.Path, day: str) -> int | None:
    """The CRC-32 of a file of keys to which no more are added, by which it is known to be whole without reading every
    line; None: it cannot be read, or is not whole."""
    with contextlib.suppress(OSError, ValueError, TypeError, LookupError):
        text = keys_path(directory, day).read_bytes()
        keys = all_keys(day, text)
        is_plain = text.endswith(b"\n") and text.count(b"\n") == len(keys.subjects) + 1
        if is_plain and WholeKeys(day, text).job_key == keys.job_key:
            return zlib.crc32(text)
    return None


def keys_path(directory: pathlib.Path, day: str) -> pathlib.Path:
    """Where the keys of a day lie."""
    return directory / NAME / f"{day}.keys"


class KeyWriter:
    """Adds keys to a day's file. What `flush` has returned from is on the disk. Raises OSError, LedgerUnavailable."""

    def __init__(self, directory: pathlib.Path, day: str, group: str = "", new_key: NewKey = fresh_key) -> None:
        """`group` may read the keys; empty: nobody else."""
        self._directory, self._group, self._new_key = directory, group, new_key
        make_directory(directory / NAME, group)
        self._week = b""
        self.keys = self._known(day)
        self._lines: list[bytes] = []
        if not self.keys.job_key:
            self.keys.job_key = new_key()
            self._lines.append(canonical(["day", day, self.keys.job_key.hex()]).encode("ascii"))

    def _known(self, day: str) -> DayKeys:
        """What is there, without a line that was being written."""
        path = keys_path(self._directory, day)
        known = read_keys(self._directory, day)
        if known is None:
            return DayKeys(day)
        whole = path.read_bytes().rfind(b"\n") + 1
        os.truncate(path, whole)
        return known

    def _week_key(self, week: str) -> bytes:
        path = self._directory / NAME / f"{week}.week"
        with contextlib.suppress(FileNotFoundError, ValueError):
            if len(key := bytes.fromhex(path.read_text(encoding="ascii"))) == KEY_BITS // 8:
                return key
        key = self._new_key()
        write_whole(path, key.hex().encode("ascii"), "")
        return key

    def seal(self, row: int, person: Person, subject: int | None = None) -> Sealed:
        """Encrypt for a row; `flush` before the row is committed. Without a subject it is the user's in this week."""
        if subject is None:
            subject = self._subject(person.user)
        if subject not in self.keys.subjects:
            self._add(subject, storable(person.user))
        key, _ = self.keys.subjects[subject]
        text = canonical([storable(word) for word in person])
        padded = text + " " * (-len(text) % PADDED_TO)
        cipher = AESSIV(bytes.fromhex(key)).encrypt(padded.encode("ascii"), bound_to(self.keys.day, row))
        return Sealed(subject, mark(self.keys.job_key, person.job), cipher)

    def _subject(self, user: str) -> int:
        self._week = self._week or self._week_key(week_of(self.keys.day))
        return mark(self._week, user)

    def _add(self, subject: int, user: str) -> None:
        key = self._new_key().hex()
        self.keys.subjects[subject] = (key, user)
        self._lines.append(canonical(["subject", f"{subject:016x}", key, user]).encode("ascii"))

    def flush(self) -> None:
        """What was added is on the disk now."""
        if not self._lines:
            return
        path = keys_path(self._directory, self.keys.day)
        is_new = not path.exists()
        append(path, b"".join(line + b"\n" for line in self._lines), self._group)
        if is_new:
            sync_directory(path.parent)
        self._lines = []


def append(path: pathlib.Path, content: bytes, group: str) -> None:
    """Durably, all or nothing."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, OPEN_MODES[False][1])
    try:
        give(fd, group, OPEN_MODES[bool(group)][1])
        size = os.fstat(fd).st_size
        try:
            written = 0
            while written < len(content):
                written += os.pwrite(fd, content[written:], size + written)
            os.fsync(fd)
        except OSError:
            os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)


def write_whole(path: pathlib.Path, content: bytes, group: str) -> None:
    """Durably, under its name only when it is whole."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    append(beside, content, group)
    beside.replace(path)
    sync_directory(path.parent)


def make_directory(path: pathlib.Path, group: str) -> None:
    """For the writer, and a group that may read. Idempotent."""
    if path.is_dir():
        return
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        give(fd, group, OPEN_MODES[bool(group)][0])
    finally:
        os.close(fd)


def give(fd: int, group: str, mode: int) -> None:
    """Let `group` have it, as far as `mode` goes. What lies in a directory that gives its group away has it already."""
    if group:
        try:
            wanted = grp.getgrnam(group).gr_gid
            if os.fstat(fd).st_gid != wanted:
                os.fchown(fd, -1, wanted)
        except (KeyError, PermissionError) as exc:
            raise LedgerUnavailable(
                f"the keys of personal data cannot be given to the group {group}: {exc}; make that group, and "
                f"`install -d -m 2750 -o shepherd -g {group}` the directory of the keys"
            ) from exc
    os.fchmod(fd, mode)


def destroy(path: pathlib.Path) -> None:
    """Overwrite, then remove. Idempotent. Copies that a file system or a backup keeps are not reached."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        os.pwrite(fd, b"\0" * os.fstat(fd).st_size, 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def days_with_keys(directory: pathlib.Path) -> list[str]:
    """Days whose keys are there."""
    place = directory / NAME
    return sorted(path.stem for path in place.glob("*.keys")) if place.is_dir() else []


def weeks_with_keys(directory: pathlib.Path) -> list[pathlib.Path]:
    """Keys of weeks."""
    place = directory / NAME
    return sorted(place.glob("*.week")) if place.is_dir() else []
