"""What a container's HTCondor writes, sent to the site's logger at once: nobody in the container changes it there.

Jobs have no /dev/log. What an officer asks for later is in HTCondor's logs: who claimed, activated and ran what, from
where; and those end with the container.
"""

from collections.abc import Callable, Sequence

from shepherd.core.heads import defused
from shepherd.model.container import Container
from shepherd.model.syslog import Severity, SyslogMessage
from shepherd.ports import Clock
from shepherd.ports_trace import ContainerLine, ContainerLogs

ELEMENT = "shepherdContainer@32473"
"""Structured data needs an enterprise number (RFC 5424, 6.3.2): that for examples and documentation (RFC 5612)."""
LINES = 500
"""A turn sends so many at most, so that a container cannot drown the site's logger."""


class LogShipper:
    """One host's. `send` is `SiteLog.send`: it never waits."""

    def __init__(self, host: str, logs: ContainerLogs, send: Callable[[SyslogMessage], None], clock: Clock) -> None:
        self._host, self._logs, self._send, self._clock = host, logs, send, clock
        self._of: tuple[str, str] | None = None

    def turn(self, container: Container | None, lease: str) -> None:
        """Send what the container that lives has written since; of one that has ended, the rest."""
        of = (container.ident, lease) if container else None
        if of != self._of:
            self._ship(self._logs.lines())
            self._of = of
            self._logs.follow(container.pid if container else None)
        self._ship(self._logs.lines())

    def _ship(self, lines: Sequence[ContainerLine]) -> None:
        if self._of is None:
            return
        for line in lines[:LINES]:
            self._tell(line.log, line.text, Severity.INFO)
        if (left_out := len(lines) - LINES) > 0:
            self._tell("", f"{left_out} lines were left out: more than {LINES} at once", Severity.WARNING)

    def _tell(self, log: str, text: str, severity: Severity) -> None:
        container, lease = self._of or ("", "")
        about = {"host": self._host, "container": container, "lease": lease, "log": log}
        at_s, plain = self._clock.wall_s(), defused(text)
        self._send(SyslogMessage(at_s=at_s, msgid="container", text=plain, severity=severity, data={ELEMENT: about}))
