"""Where things lie. A file of its own, because `shepherd -s` needs nothing else of the settings."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlockOffSettings:
    """The file that stops all flocking."""

    path: str = "/tmp/flockoff"  # noqa: S108 - the talk's name; administrators know it
    """Anything at this path stops flocking."""
    latch: bool = True
    """True: once seen, the stop stays until `shepherd flockon` or its expiry, also when the file vanishes
    (tmp cleaning, reboot)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PathSettings:
    """Where things lie."""

    state: str = "/var/lib/shepherd"
    """Directory of the ledger, of this instance's identity and of its lock."""
    intents: str = "/var/lib/shepherd/intents"
    """Spool of intents; its Unix group may order (flockoff, flockon, …)."""
    guests: str = "/etc/shepherd/guests.d"
    """Directory of guests, a file each, which only `shepherd guest` writes. Beside it, in `handover`, lies what their
    administrators are to be given."""
    condor_config: str = "/etc/shepherd/condor_config"
    """HTCondor configuration file for the daemon, its tools, `shepherd check` and `plan`, whoever calls them. Empty:
    HTCondor's own default (the variable CONDOR_CONFIG, or `/etc/condor/condor_config`) of whoever calls."""
    tools: str = ""
    """Directory of condor_drain, condor_restart, condor_off, condor_vacate and condor_fetchlog; empty: found through
    PATH."""
