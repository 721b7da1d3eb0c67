"""Where the figures for Prometheus are shown."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricsSettings:
    """Figures for Prometheus: the daemon listens on the loopback, or writes a file for node_exporter, or both."""

    listen: str = "127.0.0.1:9641"
    """Where `/metrics` is served, an address of the loopback and a port, `127.0.0.1:9641` or `[::1]:9641`. Empty:
    nowhere. A Prometheus on another machine asks node_exporter for the file below, or a proxy that knows who asks. An
    address that is taken stops nothing but this: `-s` says so, and it is tried again."""
    textfile: str = ""
    """File for node_exporter's textfile collector, `….prom`, written every five seconds and removed when the daemon
    ends. Empty: none. The shipped unit has `/run/shepherd-metrics` for it, which systemd empties also when the daemon
    is killed; give it to node_exporter as `--collector.textfile.directory`, or link its file into the usual one."""
