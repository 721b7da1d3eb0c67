"""The settings of the trace store: who ran what, where it is kept, for how long, and who is told its heads."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class TraceSettings:
    """The record of who ran what where, and from which address."""

    directory: str = ""
    """Where it lies: a file a day, `keys` with what makes users readable, `holds` with what was put aside. Empty:
    `trace` below `paths.state`."""
    keep_days: int = 180
    """Whole days after its end that a day is kept; then its file is removed. Days. 180 is what grids ask for; below 90
    most letters would come too late, and the daemon says so. What is on hold stays."""
    pseudonymise_days: int = 90
    """Whole days after its end that a day's users and job ids can be read; then their keys are destroyed, and a
    pseudonym stays. Days; more than `keep_days` means as long as there are records."""
    logger: str = ""
    """The site's logger, another machine's: `udp:HOST:514`, `tcp:HOST:601`, `tls:HOST:6514` or `unix:/dev/log`. It is
    told where the records end, so that nobody can change them unseen (`shepherd ledger verify --heads`). Empty: nobody
    is told."""
    logger_ca_file: str = ""
    """File with the authority that signed the logger's certificate (PEM), for `tls:`; empty: those of the system."""
    anchor_s: float = 60.0
    """The logger is told every so often. Seconds. Who owns this machine can change unseen what is younger."""
    gateway_spool: str = "/var/lib/shepherd-gateway/flows"
    """Directory of the gateway's flow records, where the gateway is this machine; empty: they are not collected."""
    fetch_s: float = 30.0
    """A host that has recorded something is asked for it at most so often. Seconds. Each time is a tool that starts: a
    thousand lent hosts are some thirty of them a second."""
    fetchers: int = 8
    """Workers that ask, at one time. A host that does not answer keeps one of them busy for `command_s`."""
