"""The recording of connections put together: at the gateway a process of its own, on a host a part of the keeper."""

import contextlib
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from shepherd.core.trace import lines
from shepherd.edges.clock import SystemClock
from shepherd.edges.conntrack.events import Conntrack
from shepherd.edges.container_logs import HostContainerLogs
from shepherd.edges.flow_memory import FlowFile
from shepherd.edges.flow_stored import StoredFile
from shepherd.edges.trace_spool.writer import Spooling, TraceSpool
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.syslog import SyslogMessage
from shepherd.programs.flow.log import FlowLog
from shepherd.programs.flow.of_host import HostFlows
from shepherd.programs.flow.recorder import FlowRecorder
from shepherd.programs.trace.log_shipper import LogShipper

GATEWAY = "gateway"
"""The source's name in records."""
TURN_S = 0.5
"""How often the flow log says what it has seen."""
HOST_BUFFER_BYTES, HOST_MOST = 8 << 20, 32_768
"""On a host: 6500 events between two looks of the keeper, and 16 MB of connections."""


def flow_log(settings: GatewaySettings, buffer_bytes: int) -> FlowLog:
    """The gateway's. Raises CommandFailed if connection tracking cannot be heard."""
    clock, place = SystemClock(), Path(settings.spool)
    spooling = Spooling(source=GATEWAY, what="flows", spool_bytes=settings.spool_mib << 20)
    events = Conntrack(settings.subnet, settings.gateway, buffer_bytes=buffer_bytes)
    return FlowLog(
        FlowRecorder(GATEWAY, events, FlowFile(place, lines), clock),
        TraceSpool(place, spooling, lines, clock.wall_s),
        StoredFile(place),
        settings.seal_s,
        GATEWAY,
        clock,
    )


def record(settings: GatewaySettings, buffer_bytes: int, say: Callable[[str], None]) -> None:
    """Record until standard input ends, and say each turn how it is. Raises CommandFailed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # systemd sends it to us, too; what is known is written first
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    log = flow_log(settings, buffer_bytes)
    say(log.begin())
    while not select.select([sys.stdin], [], [], TURN_S)[0]:
        say(log.turn())
    log.turn()


def host_flows(host: str, address: str, place: Path) -> HostFlows:
    """A host's, of its container. `place`: where it remembers what is open."""

    def events(pid: int) -> Conntrack:
        return Conntrack(f"{address}/32", pid=pid, buffer_bytes=HOST_BUFFER_BYTES)

    return HostFlows(host, events, FlowFile(place, lines), SystemClock(), HOST_MOST)


def log_shipper(host: str, send: Callable[[SyslogMessage], None]) -> LogShipper:
    """What sends the logs of a host's container to the site's logger."""
    return LogShipper(host, HostContainerLogs(), send, SystemClock())
