"""The GuestFiles port: guests' files, what the flock pool is told of them, and what is handed over."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from shepherd.errors import CommandFailed, SettingsError, Unavailable
from shepherd.model.guest import Guest, Standing, Token

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
        beside: Callable[[Guest, Sequence[Guest]], Iterable[tuple[str, str, str]]],
        write: Callable[[Guest], str],
        names: Callable[[Guest], tuple[str, str]],
    ) -> None:
        """`guests`: their directory. `handover`: below it each guest has one, root's alone. `configuration`: the file
        that tells the flock pool. `read`, `write`: a guest's file. `beside`: key, problem and remedy of what a guest
        must not have beside others. `names`: of its token and of its snippet."""
        self._guests, self._handover, self._configuration = guests, handover, configuration
        self._read, self._write, self._names, self._beside = read, write, names, beside

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
        guests, wrong = self.understood()
        if wrong:
            raise wrong[0]
        return guests

    def understood(self) -> tuple[Sequence[Guest], Sequence[SettingsError]]:
        """See the port. A copy beside a guest's file is wrong, and whoever has what another has, as that other is."""
        with _told(self._guests):
            paths = sorted(self._guests.glob(f"*{SUFFIX}"))
        read, wrong = list[Guest](), list[SettingsError]()
        for path in paths:
            try:
                read.append(self._read_own(path))
            except SettingsError as exc:
                wrong.append(exc)
        clashes = {guest.name: faults for guest in read if (faults := self._clashes(guest, read))}
        wrong.extend(self._wrong(self._file(name), fault) for name, faults in clashes.items() for fault in faults[:1])
        return [guest for guest in read if guest.name not in clashes], wrong

    def guest(self, name: str) -> Guest | None:
        """See the port."""
        path = self._file(name)
        return self._read_own(path) if path.is_file() else None

    def _read_own(self, path: Path) -> Guest:
        guest = self._read(path)
        if self._file(guest.name) != path:
            remedy = f"a guest's file is named after it: remove this one, or move it out of {self._guests}"
            raise self._wrong(path, ("name", f"is {guest.name}, whose file is {self._file(guest.name).name}", remedy))
        return guest

    def _clashes(self, guest: Guest, read: Sequence[Guest]) -> Sequence[tuple[str, str, str]]:
        if guest.standing is Standing.REMOVED:
            return []
        return list(self._beside(guest, [other for other in read if other is not guest]))

    def _wrong(self, path: Path, fault: tuple[str, str, str]) -> SettingsError:
        key, problem, remedy = fault
        return SettingsError(file=str(path), key=key, problem=problem, remedy=remedy)

    def _file(self, name: str) -> Path:
        return self._guests / f"{name}{SUFFIX}"

    def keep(self, guest: Guest) -> None:
        """See the port."""
        replace(self._file(guest.name), self._write(guest), OPEN)

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
