"""What the contract of the monitoring is asked of: Icinga2 2.13, 2.16, and the fake one."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from shepherd.edges.icinga import Icinga
from shepherd.lab.icinga import Instance, path, settings_for
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import Heartbeat, SilenceKind
from shepherd.ports import Monitoring
from shepherd.sim.icinga import SimIcinga, SimMonitoring, Trouble

CHECK, OTHER, HEART = "p201!startd", "f201!startd", "cm!flocking-shepherd"
HOST = "p201"
"""An object of another type, which a site may name as a check."""
NAMES: dict[str, Any] = {"regular": ("{host}!startd", "{host}"), "flock": ("{flock}!startd",)}
REQUEST_S = 4.0


class Place(Protocol):
    """One monitoring with the checks of p201, f201, p202 and f202, seen by a shepherd and by an administrator."""

    @property
    def downtimes(self) -> Monitoring: ...

    @property
    def switches(self) -> Monitoring: ...

    def settings(self, kind: SilenceKind) -> IcingaSettings: ...
    def now_s(self) -> float: ...
    def wait(self, seconds: float) -> object: ...
    def is_silent(self, check: str) -> bool: ...
    def administrators(self, check: str) -> str: ...
    def exists(self, downtime: str) -> bool: ...
    def switch_off(self, check: str) -> None: ...
    def is_critical(self) -> bool: ...
    def last_beat(self) -> tuple[str, list[str]]: ...
    def not_answering(self) -> AbstractContextManager[None]: ...
    def clean(self) -> None: ...


class FakePlace:
    """The simulator's."""

    def __init__(self) -> None:
        self.wall_s = 1_800_000_000.0
        names = [f"{herd}20{n}!startd" for herd in "pf" for n in (1, 2)]
        self.icinga = SimIcinga([*names, HOST, HEART], lambda: self.wall_s)
        self.downtimes = SimMonitoring(icinga=self.icinga)
        self.switches = SimMonitoring(icinga=self.icinga, user="shepherd-checks")

    def settings(self, kind: SilenceKind) -> IcingaSettings:
        return IcingaSettings(url="https://fake", heartbeat=HEART, silence=kind, **NAMES)

    def now_s(self) -> float:
        return self.wall_s

    def wait(self, seconds: float) -> None:
        self.wall_s += seconds

    def is_silent(self, check: str) -> bool:
        return self.icinga.is_silent(check)

    def administrators(self, check: str) -> str:
        return self.icinga.schedule(check, "eva", "new disks", self.wall_s - 1, self.wall_s + 900).name

    def exists(self, downtime: str) -> bool:
        return downtime in self.icinga.downtimes

    def switch_off(self, check: str) -> None:
        self.icinga.checks[check].is_active = False

    def is_critical(self) -> bool:
        return self.icinga.is_stale(HEART)

    def last_beat(self) -> tuple[str, list[str]]:
        beat = self.icinga.checks[HEART].beat
        assert isinstance(beat, Heartbeat)
        figures = [f"{name.removesuffix('_s')}={value:g}{'s' if name.endswith('_s') else ''}"
                   for name, value in beat.performance.items()]  # fmt: skip
        return beat.text, figures

    @contextmanager
    def not_answering(self) -> Iterator[None]:
        self.icinga.befall(Trouble.SILENT)
        yield
        self.icinga.befall(Trouble.NONE)

    def clean(self) -> None:
        pass


class RealPlace:
    """A real one."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance, self._folder = instance, folder
        self.downtimes = Icinga(self.settings(SilenceKind.DOWNTIME))
        self.switches = Icinga(self.settings(SilenceKind.CHECKS_OFF))

    def settings(self, kind: SilenceKind) -> IcingaSettings:
        user = "shepherd" if kind is SilenceKind.DOWNTIME else "shepherd-checks"
        password = self._folder / "password"
        return settings_for(self.instance, password, user=user, silence=kind, request_s=REQUEST_S, **NAMES)

    def now_s(self) -> float:
        return time.time()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def is_silent(self, check: str) -> bool:
        return self.instance.is_silent(check)

    def administrators(self, check: str) -> str:
        now_s = time.time()
        return str(self.instance.ask("/actions/schedule-downtime", {
            "type": "Service", "service": check, "author": "eva", "comment": "new disks", "start_time": now_s - 1,
            "end_time": now_s + 900, "fixed": True,
        })[0]["name"])  # fmt: skip

    def exists(self, downtime: str) -> bool:
        return downtime in {one["__name"] for one in self.instance.downtimes()}

    def switch_off(self, check: str) -> None:
        self.instance.ask(f"/objects/services/{check}", {"attrs": {"enable_active_checks": False}})

    def is_critical(self) -> bool:
        return bool(self.instance.check(HEART)["state"] == 2)

    def last_beat(self) -> tuple[str, list[str]]:
        result = self.instance.check(HEART)["last_check_result"]
        return result["output"], result["performance_data"]

    @contextmanager
    def not_answering(self) -> Iterator[None]:
        os.killpg(self.instance.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.instance.pid, signal.SIGCONT)

    def clean(self) -> None:
        """As it was: no downtime, all checks on."""
        for one in self.instance.downtimes():
            self.instance.ask("/actions/remove-downtime", {"downtime": one["__name"]})
        for check in (HOST, *(f"{host}!startd" for host in ("p201", "f201", "p202", "f202"))):
            attributes = {"enable_active_checks": True, "vars.shepherd_silence": ""}
            self.instance.ask(path(check), {"attrs": attributes})
        self.downtimes.close()
        self.switches.close()
