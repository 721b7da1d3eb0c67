"""How the monitoring names the checks of a host's two startds, and which of them stand for all when it is looked at."""

from collections.abc import Mapping, Sequence

from shepherd.model.host import HostPair
from shepherd.model.icinga_settings import IcingaSettings

NAMES = ("host", "flock", "host_short", "flock_short")
"""What templates of checks may use."""
SAMPLE_HOSTS = 3


def checks_of(pair: HostPair, icinga: IcingaSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of a host's checks: of its regular and of its flocking startd."""
    full = (str(pair.host), pair.flock_name)
    names = dict(zip(NAMES, (*full, *(name.partition(".")[0] for name in full)), strict=True))
    regular, flock = (tuple(name.format(**names) for name in of) for of in (icinga.regular, icinga.flock))
    return regular, flock


def sample_of(pairs: Sequence[HostPair], icinga: IcingaSettings) -> Mapping[str, Sequence[str]]:
    """Checks to be asked for, by what they are of: those of a few hosts from all over the pool, and the sign of life's.
    What the settings name no check of is left out."""
    few = pairs[:: max(len(pairs) // SAMPLE_HOSTS, 1)][:SAMPLE_HOSTS]
    both = [checks_of(pair, icinga) for pair in few]
    found = {
        "regular startds": [name for regular, _ in both for name in regular],
        "flocking startds": [name for _, flock in both for name in flock],
        "the sign of life": [icinga.heartbeat] if icinga.heartbeat else [],
    }
    return {what: names for what, names in found.items() if names}
