"""`shepherd guest` put together: settings in, files and HTCondor's tools out. Names every edge it uses."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from shepherd.core.guest.pool_config import FILE, MACRO, guest_ads
from shepherd.core.guest.record import text_of
from shepherd.core.guest.rules import beside_problems, guest_problems
from shepherd.core.guest.snippet import snippet_file, token_name
from shepherd.core.settings.daemon import daemon_problems
from shepherd.edges.clock import SystemClock
from shepherd.edges.guest_files import DirectoryOfGuests
from shepherd.edges.htcondor.flock_pool import FlockPoolTools
from shepherd.edges.settings_file import read_guest, read_settings
from shepherd.edges.unix_user import caller
from shepherd.errors import UsageError
from shepherd.model.guest import Guest
from shepherd.model.place_settings import PathSettings
from shepherd.model.settings import FlockSettings, TimerSettings
from shepherd.programs.guests import Clock, Guests, Say
from shepherd.views.wording import instant

HANDOVER, MINTING = "handover", ".probe"


class GuestProgram:
    """Guests of one site. Raises SettingsError if there are settings and they are wrong; without any, defaults hold."""

    def __init__(self, settings: Path) -> None:
        self._flock, self._paths, self._graceful_s = _settings(settings)
        self._directory = Path(self._paths.guests)
        place = self._directory.parent / MINTING
        self._pool = FlockPoolTools(Path(self._flock), self._paths.tools, marker=MACRO, ads=guest_ads, place=place)
        self._files = DirectoryOfGuests(
            self._directory,
            self._directory.parent / HANDOVER,
            configuration=lambda: self._pool.directory() / FILE,
            read=lambda path: read_guest(path, guest_problems),
            beside=beside_problems,
            write=text_of,
            names=self._names,
        )

    @property
    def graceful_s(self) -> float:
        """The notice that this site gives."""
        return self._graceful_s

    def guests(self) -> Sequence[Guest]:
        """All of them, removed ones too. Raises SettingsError, CommandFailed."""
        return self._files.guests()

    def changing(self, say: Say) -> Guests:
        """What adds and removes. Raises UsageError unless root runs this."""
        if os.geteuid() != 0:
            raise UsageError("guests are added and removed by root: sudo shepherd guest …")
        clock = SystemClock()
        times = Clock(wall_s=clock.wall_s, monotonic_s=clock.steady_s, pause=time.sleep, instant=instant)
        return Guests(self._files, self._pool, times, who=caller(), graceful_s=self._graceful_s, say=say)

    def _names(self, _guest: Guest) -> tuple[str, str]:
        pool = self._pool.about()
        return token_name(pool), snippet_file(pool)


def _settings(path: Path) -> tuple[str, PathSettings, float]:
    """The flock pool's configuration, where guests are, and the notice. The machine with the signing key need not be
    the one with the daemon's settings."""
    if not path.exists():
        return FlockSettings.condor_config, PathSettings(), TimerSettings.graceful_s
    settings = read_settings(path, daemon_problems)
    return settings.flock.condor_config, settings.paths, settings.timers.graceful_s
