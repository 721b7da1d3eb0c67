"""The GuestFiles port: guests' files, what the flock pool is told of them, and what is handed over."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from shepherd.errors import CommandFailed, Unavailable
from shepherd.model.guest import Guest, Token

SUFFIX = ".toml"
LOCK = ".lock"
OPEN, CLOSED = 0o644, 0o600


class DirectoryOfGuests:
    """`ports_guest.GuestFiles`."""

    def __init__(
        self,
        guests: Path,
        handover: Path,
        *,
        configuration: Callable[[], Path],
        read: Callable[[Path], Guest],
        write: Callable[[Guest], str],
        names: Callable[[Guest], tuple[str, str]],
    ) -> None:
        """`guests`: their directory. `handover`: below it each guest has one, root's alone. `configuration`: the file
        that tells the flock pool. `read`, `write`: a guest's file. `names`: of its token and of its snippet."""
        self._guests, self._handover, self._configuration = guests, handover, configuration
        self._read, self._write, self._names = read, write, names

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """See the port."""
        with _told(self._guests):
            self._guests.mkdir(mode=0o755, parents=True, exist_ok=True)
            descriptor = os.open(self._guests / LOCK, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, CLOSED)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as exc:
            raise Unavailable(f"somebody else adds or removes a guest in {self._guests}; wait for it") from exc
        finally:
            os.close(descriptor)

    def guests(self) -> Sequence[Guest]:
        """See the port."""
        with _told(self._guests):
            paths = sorted(self._guests.glob(f"*{SUFFIX}"))
        return [self._read(path) for path in paths]

    def keep(self, guest: Guest) -> None:
        """See the port."""
        replace(self._guests / f"{guest.name}{SUFFIX}", self._write(guest), OPEN)

    def configure(self, text: str) -> None:
        """See the port."""
        replace(self._configuration(), text, OPEN)

    def hand_over(self, guest: Guest, token: Token, snippet: str) -> Sequence[str]:
        """See the port."""
        place = self._handover / guest.name
        with _told(place):
            self._handover.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.mkdir(mode=0o700, exist_ok=True)
        paths = [place / name for name in self._names(guest)]
        for path, text, mode in zip(paths, (token.text, snippet), (CLOSED, OPEN), strict=True):
            replace(path, text, mode)
        return [str(path) for path in paths]

    def clear_handover(self, guest: Guest) -> None:
        """See the port."""
        with _told(self._handover), contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._handover / guest.name)


def replace(path: Path, text: str, mode: int) -> None:
    """Write a file in one atomic and durable step, with this mode from the first byte on. Raises CommandFailed."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _told(path):
        try:
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "w") as file:
                os.fchmod(file.fileno(), mode)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise CommandFailed(f"{path}: {exc.strerror}") from exc
