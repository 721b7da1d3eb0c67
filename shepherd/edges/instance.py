"""Who this shepherd is: an id that survives restarts, and names for lends."""

import secrets
import time
from pathlib import Path

from shepherd.errors import SettingsError
from shepherd.model.host import HostName, LeaseId
from shepherd.model.lease import lease_name


def instance_id(state: Path) -> str:
    """The id in `state/instance`, made at the first start. Raises SettingsError if it cannot be kept."""
    path = state / "instance"
    try:
        if path.exists():
            return path.read_text(encoding="ascii").strip()
        fresh = path.with_suffix(".new")
        fresh.write_text(secrets.token_hex(8), encoding="ascii")
        fresh.replace(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as exc:
        remedy = "make the directory writable for the daemon's user"
        raise SettingsError(file=str(path), key="paths.state", problem=str(exc), remedy=remedy) from exc


def new_process() -> str:
    """A name for one running process of an instance."""
    return secrets.token_hex(8)


def new_lease(host: HostName) -> LeaseId:
    """A name for one lend: host, second, and enough chance to be unique for ever."""
    return lease_name(host, time.time(), secrets.token_hex(4))
