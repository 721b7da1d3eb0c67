"""The Watchdog port: sd_notify's own lines to the service manager that started us, if any."""

import os
import socket
import time
from collections.abc import MutableMapping

STATUS_CHARACTERS = 400


class Notifier:
    """`ports.Watchdog`. Without NOTIFY_SOCKET every method does nothing; none ever raises or waits."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Takes NOTIFY_SOCKET and WATCHDOG_… out of `environment`: children must not speak for us."""
        self._address = address_of(environment.pop("NOTIFY_SOCKET", ""))
        self.watchdog_s = watchdog_of(environment)
        """Seconds within which `cycle_finished` must come, or the manager kills us; None: it does not watch."""

    def ready(self) -> None:
        """Started, or reloaded: the settings are in force."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """New settings are being read; `ready` follows."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={now_us}")

    def stopping(self) -> None:
        """The end was asked for and is under way."""
        self._tell("STOPPING=1")

    def cycle_finished(self, sentence: str) -> None:
        """Feed the watchdog, and show the sentence in `systemctl status`."""
        status = " ".join(sentence.split())[:STATUS_CHARACTERS]
        fed = ("WATCHDOG=1",) if self.watchdog_s else ()
        self._tell(*fed, f"STATUS={status}")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        message = "\n".join(lines).encode("utf-8", "replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)  # noqa: FBT003 - its only form
                sock.sendto(message, self._address)
        except OSError:
            # The manager is restarting or gone: it will miss one line, we must not miss a reclaim.
            return


def address_of(text: str) -> str:
    """A path, or an abstract address (`@name`) as the kernel writes it; anything else is not for us."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else ""


def watchdog_of(environment: MutableMapping[str, str]) -> float | None:
    """The watchdog's period in seconds, if it watches this very process."""
    period_us = environment.pop("WATCHDOG_USEC", "")
    pid = environment.pop("WATCHDOG_PID", "")
    meant = not pid or pid == str(os.getpid())
    return int(period_us) / 1e6 if meant and period_us.isdecimal() and int(period_us) else None
