"""Where the ledger and the spool lie, also when the settings file as a whole is not valid; and what was shipped.

`shepherd -s` and `shepherd flockoff` must work while somebody is in the middle of editing settings.
"""

import pathlib
import sys
import tomllib

from shepherd.errors import SettingsError, UsageError
from shepherd.model.place_settings import FlockOffSettings, PathSettings

REMEDY = "mend it, or name another file with --settings"


def ledger_directory(settings: pathlib.Path) -> pathlib.Path:
    """The ledger's directory. Raises SettingsError."""
    return pathlib.Path(looked_up(settings, "paths", "state", PathSettings().state)) / "ledger"


def trace_directory(settings: pathlib.Path) -> pathlib.Path:
    """The trace store's directory. Raises SettingsError."""
    named = looked_up(settings, "trace", "directory", "")
    return pathlib.Path(named or pathlib.Path(looked_up(settings, "paths", "state", PathSettings().state)) / "trace")


def state_directory(settings: pathlib.Path) -> pathlib.Path:
    """What `paths.state` says. Raises SettingsError."""
    return pathlib.Path(looked_up(settings, "paths", "state", PathSettings().state))


def intents_directory(settings: pathlib.Path) -> pathlib.Path:
    """The spool. Raises SettingsError."""
    return pathlib.Path(looked_up(settings, "paths", "intents", PathSettings().intents))


def flockoff_path(settings: pathlib.Path) -> pathlib.Path:
    """The file that stops all flocking. Raises SettingsError."""
    return pathlib.Path(looked_up(settings, "flockoff", "path", FlockOffSettings().path))


def before_any(settings: pathlib.Path, usual: pathlib.Path) -> bool:
    """Whether there are no settings yet, so that defaults hold. A file that somebody named and that is not there is a
    typing error: UsageError."""
    if settings.exists():
        return False
    if settings != usual:
        raise UsageError(f"--settings: there is no file {settings}")
    return True


def usable(option: str, path: pathlib.Path) -> pathlib.Path:
    """A path that a file can have, whether or not it is there. Raises UsageError."""
    try:
        path.exists()
    except (OSError, ValueError) as exc:
        raise UsageError(f"{option}: {getattr(exc, 'strerror', None) or exc}: {str(path)[:80]}") from exc
    return path


def looked_up(settings: pathlib.Path, table: str, key: str, default: str) -> str:
    """One text from the file, without judging the rest of it."""
    try:
        with settings.open("rb") as file:
            found = tomllib.load(file).get(table, {})
    except FileNotFoundError as exc:
        remedy = "name the settings file with --settings"
        raise SettingsError(file=str(settings), key=f"{table}.{key}", problem="no such file", remedy=remedy) from exc
    except (OSError, ValueError) as exc:
        problem = f"cannot be read: {exc}"
        raise SettingsError(file=str(settings), key=f"{table}.{key}", problem=problem, remedy=REMEDY) from exc
    value = found.get(key, default) if isinstance(found, dict) else None
    if not isinstance(value, str):
        raise SettingsError(file=str(settings), key=f"{table}.{key}", problem="is not a string", remedy=REMEDY)
    return value


def shipped(name: str) -> pathlib.Path:
    """A file that came with the program: of the checkout, or of the virtual environment's `share/shepherd`."""
    checkout = pathlib.Path(__file__).parents[2] / name
    return checkout if checkout.exists() else pathlib.Path(sys.prefix, "share/shepherd", name)
