"""The settings of the record of who ran what."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class TraceSettings:
    """What hosts and the gateway record, and the shepherd collects."""

    gateway_spool: str = ""
    """Directory of the gateway's flow records, where the gateway is this machine; empty: they are not collected."""
    fetch_s: float = 30.0
    """A host that has recorded something is asked for it at most so often. Seconds. Each time is a tool that starts: a
    thousand lent hosts are some thirty of them a second."""
    fetchers: int = 8
    """Workers that ask, at one time. A host that does not answer keeps one of them busy for `command_s`."""
