"""dockerd of the fake world: does what it is asked unless dead, and answers nobody while stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shepherd.sim.events import Process

if TYPE_CHECKING:
    from shepherd.sim.host import Host

RESTART_S = 2.0
"""RestartSec of docker.service."""


class Dockerd(Process):
    """The daemon itself. Containers outlive its death, but not its next start (no live-restore)."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.events, f"dockerd of {host.name}")
        self._host = host
        self.on_death.append(self._systemd)

    def _systemd(self) -> None:
        host, boot = self._host, self._host.boots

        def again() -> None:
            if not host.powered or host.boots != boot:
                return
            host.dockerd = Dockerd(host)
            for container in host.containers:
                container.kill()

        self._events.after(RESTART_S, again)
