"""Units of systemd, asked by `systemctl` and never changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed
from shepherd.model.checkup import UnitSeen

MANAGES = Path("/run/systemd/system")
"""There if systemd is this machine's service manager (sd_booted(3))."""
TRY_S = 10.0


class Units:
    """The part of `ports_checkup.Machine` that is systemd's."""

    def unit(self, name: str, properties: Sequence[str]) -> UnitSeen | None:
        """See the port."""
        if not MANAGES.is_dir():
            return None
        argv = ("systemctl", "show", name, *(f"--property={one}" for one in properties))
        said = run_tool(argv, TRY_S, what=f"asking for {name}", package="systemd")
        return UnitSeen(properties=gathered(said))

    def enabled(self, unit: str) -> bool:
        """See the port."""
        if not MANAGES.is_dir():
            return False
        try:
            argv = ("systemctl", "is-enabled", unit)
            return run_tool(argv, TRY_S, what=f"asking for {unit}", package="systemd").startswith("enabled")
        except CommandFailed:
            return False


def gathered(said: str) -> Mapping[str, str]:
    """Properties by name; what a unit has several of stands on several lines."""
    found: dict[str, str] = {}
    for key, _, value in (line.partition("=") for line in said.splitlines()):
        if key:
            found[key] = f"{found[key]}\n{value}" if key in found else value
    return found
