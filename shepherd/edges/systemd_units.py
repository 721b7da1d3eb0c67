"""Units of systemd, asked by `systemctl` and never changed."""

from collections.abc import Sequence
from pathlib import Path

from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed
from shepherd.model.checkup import UnitSeen

MANAGES = Path("/run/systemd/system")
"""There if systemd is this machine's service manager (sd_booted(3))."""
TRY_S = 10.0
LOAD = "LoadCredential"


class Units:
    """The part of `ports_checkup.Machine` that is systemd's."""

    def unit(self, name: str, properties: Sequence[str]) -> UnitSeen | None:
        """See the port."""
        if not MANAGES.is_dir():
            return None
        argv = ("systemctl", "show", name, *(f"--property={one}" for one in properties))
        said = run_tool(argv, TRY_S, what=f"asking for {name}", package="systemd")
        pairs = (line.partition("=") for line in said.splitlines())
        return UnitSeen(properties={key: value for key, _, value in pairs if key})

    def credentials(self, unit: str) -> Sequence[str]:
        """See the port. `systemctl show` tells them in some releases only."""
        if not MANAGES.is_dir():
            return ()
        try:
            return handed_over(run_tool(("systemctl", "cat", unit), TRY_S, what=f"reading {unit}", package="systemd"))
        except CommandFailed:
            return ()

    def enabled(self, unit: str) -> bool:
        """See the port."""
        if not MANAGES.is_dir():
            return False
        try:
            argv = ("systemctl", "is-enabled", unit)
            return run_tool(argv, TRY_S, what=f"asking for {unit}", package="systemd").startswith("enabled")
        except CommandFailed:
            return False


def handed_over(text: str) -> Sequence[str]:
    """Paths in `LoadCredential=ID:PATH` of a unit's files; an empty one takes back those before (systemd.exec(5))."""
    found: list[str] = []
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if key.strip() == LOAD and equals:
            path = value.strip().partition(":")[2]
            found = [*found, path] if value.strip() else []
    return found
