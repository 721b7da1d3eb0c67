"""A directory of guests and a fake flock pool, and the verbs on them, which may be killed at any of their acts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from shepherd.core.guest.record import text_of
from shepherd.core.guest.rules import beside_problems, guest_problems
from shepherd.core.guest.snippet import snippet_file, token_name
from shepherd.edges.guest_files import DirectoryOfGuests
from shepherd.edges.settings_file import read_guest
from shepherd.model.guest import Anew, Guest, Wanted
from shepherd.programs.guests import Clock, Guests
from shepherd.sim.crash import Crashes
from shepherd.sim.guest_pool import ABOUT, SimFlockPool

NEW = Wanted(schedds=("submit",), domain="campus.example", contact="security@campus.example")
OTHER = Wanted(schedds=("ap",), domain="other.example")
NOW = 1_800_000_000.0


class Counted:
    """Another's methods, each of them an act at which a crash may be."""

    def __init__(self, inner: Any, crashes: Crashes) -> None:
        self._inner, self._crashes = inner, crashes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name == "alone":
            return method

        def act(*args: Any) -> Any:
            with self._crashes.around(name):
                return method(*args)

        return act


class Place:
    """A directory, a fake flock pool, and the verbs."""

    def __init__(self, place: Path) -> None:
        self.place, self.now_s, self.said = place, NOW, list[str]()
        (place / "50-guests.conf").write_text("")
        self.files = DirectoryOfGuests(
            place / "guests.d", place / "handover",
            configuration=lambda: place / "50-guests.conf",
            read=lambda path: read_guest(path, guest_problems), beside=beside_problems, write=text_of,
            names=lambda _guest: (token_name(ABOUT), snippet_file(ABOUT)),
        )  # fmt: skip
        text: Callable[[], str] = (place / "50-guests.conf").read_text
        self.pool = SimFlockPool(configured=text, wall_s=lambda: self.now_s)

    def verbs(self, crashes: Crashes | None = None) -> Guests:
        """With `crashes`, it may be killed at any of its acts."""
        files: Any = Counted(self.files, crashes) if crashes else self.files
        pool: Any = Counted(self.pool, crashes) if crashes else self.pool
        clock = Clock(wall_s=lambda: self.now_s, monotonic_s=lambda: self.now_s, pause=self.pause, instant=str)
        return Guests(files, pool, clock, who="anna", graceful_s=60.0, say=self.said.append)

    def pause(self, seconds: float) -> None:
        self.now_s += seconds

    def add(self, name: str = "campus", wanted: Wanted = NEW, anew: Anew = Anew.NOTHING) -> Guest:
        return self.verbs().add(name, wanted, anew)

    def remove(self, name: str = "campus", *, every_claim: bool = False) -> Guest:
        return self.verbs().remove(name, every_claim=every_claim)

    def files_of(self, name: str) -> Path:
        """A guest's file."""
        return self.place / f"guests.d/{name}.toml"

    def guest(self, name: str = "campus") -> Guest:
        return next(guest for guest in self.files.guests() if guest.name == name)

    def token(self, name: str = "campus") -> str:
        """What was handed over, and is root's alone."""
        path = self.place / "handover" / name / token_name(ABOUT)
        assert path.stat().st_mode & 0o777 == 0o600
        return path.read_text()
