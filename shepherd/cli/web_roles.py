"""Whom `[roles]` names, read anew when the settings change: a dashboard runs for months."""

import pathlib
import threading
from collections.abc import Callable

from shepherd.core.settings.daemon import daemon_problems
from shepherd.edges.settings_file import read_settings
from shepherd.errors import SettingsError
from shepherd.model.role_settings import RoleSettings
from shepherd.ports import Log

LOOK_S = 5.0
"""The file is looked at so often at most."""


class RolesInFile:
    """Asked, it has `[roles]` as the file says them; while that is wrong, as it said them before. Threads may share
    it."""

    def __init__(self, path: pathlib.Path, roles: RoleSettings, steady_s: Callable[[], float], log: Log) -> None:
        """`roles`: as they were just read from `path`."""
        self._path, self._roles, self._steady_s, self._log = path, roles, steady_s, log
        self._seen, self._looked_s = stamp_of(path), steady_s()
        self._lock = threading.Lock()

    def __call__(self) -> RoleSettings:
        """Those of now."""
        with self._lock:
            now = self._steady_s()
            if now - self._looked_s >= LOOK_S:
                self._looked_s = now
                if (seen := stamp_of(self._path)) != self._seen:
                    self._seen = seen
                    self._read()
            return self._roles

    def _read(self) -> None:
        try:
            self._roles = read_settings(self._path, daemon_problems).roles
        except SettingsError as exc:
            self._log("settings are wrong, so roles stay as they were", problem=str(exc))


def stamp_of(path: pathlib.Path) -> tuple[int, int, int]:
    """Changes whenever the file does, or another one takes its place."""
    try:
        seen = path.stat()
    except OSError:
        return 0, 0, 0
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
