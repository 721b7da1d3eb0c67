"""The gateway's two cares in one loop: the rules, looked at now and then, and the shepherd's stops, heard at once."""

from shepherd.ports import Clock
from shepherd.programs.gateway.gateway import Gateway
from shepherd.programs.gateway.stops import GatewayStops

DEAF = "it hears neither bans nor quarantines (trusted_keys is empty)"


class GatewayLoop:
    """What `shepherd gateway run` does."""

    def __init__(self, gateway: Gateway, stops: GatewayStops | None, clock: Clock) -> None:
        self._gateway, self._stops, self._clock = gateway, stops, clock
        self._due_s = 0.0

    def tick(self) -> float:
        """Do what is due. Raises as `Gateway.tick`; stops are heard all the same."""
        now_s, pause_s = self._clock.steady_s(), self._gateway.check_s
        try:
            if now_s >= self._due_s:
                self._due_s = 0.0
                self._due_s = now_s + self._gateway.tick()
        finally:
            if self._stops is not None:
                pause_s = self._stops.tick()
        return min(pause_s, max(self._due_s - now_s, 0.0))

    def sentence(self) -> str:
        """For `systemctl status`."""
        return f"{self._gateway.sentence()}; {self._stops.sentence() if self._stops is not None else DEAF}"
