"""Every unit of the machine is restarted, stopped and started, and upgraded while it is lent: the lend goes on."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from shepherd.errors import CommandFailed, ShepherdError
from shepherd.lab.eventually import eventually
from shepherd.lab.rollout.evidence import Seen, check, sight
from shepherd.lab.rollout.lending import Lending
from shepherd.lab.rollout.machine import SLOWNESS
from shepherd.lab.rollout.place import Place
from shepherd.lab.rollout.rolling import Rolling
from shepherd.lab.rollout.wheels import MARK, MARKED

KEEPER = "shepherd-keeper.service"
UNITS = (KEEPER, "shepherd-network.service", "docker.service", "condor.service")
DOWN_S = 5.0
UNIT_S = 20.0
SETTLES_S = 20.0 * SLOWNESS
Release = Mapping[str, Any]
VERSION = ("/opt/shepherd/bin/python", "-c", "import shepherd; print(shepherd.__version__)")


class Upgrades:
    """What administrators do to running machines."""

    def __init__(self, place: Place, lending: Lending, rolling: Rolling) -> None:
        self._site, self._machine, self._lending, self._rolling = place.site, place.machine, lending, rolling

    def units(self, seen: Seen) -> None:
        """Each unit in turn. `seen` has for each what became of the container."""
        self._lending.until_lent()
        for unit in UNITS:
            seen[f"restart {unit}"] = self._survived(unit, partial(self._systemctl, "restart", unit))
            seen[f"stop and start {unit}"] = self._survived(unit, partial(self._stop_and_start, unit))
        first = self._release()
        moves = {
            "puppet fails to upgrade": self._rolling.apply_next_wrongly, "puppet upgrades": self._rolling.apply_next,
            "puppet goes back": self._rolling.apply_before,
        }  # fmt: skip
        for what, act in moves.items():
            seen[what] = self._moved(act)
        _check_releases(first, *(seen[what]["release"] for what in moves))
        seen["restart of the shepherd"] = self._survived("", lambda: self._site.cm.restart("shepherd"))
        lost = [what for what, became in seen.items() if not became["goes_on"]]
        check(f"the lend goes on: {lost}", not lost)
        wrong = {what: became["problem"] for what, became in seen.items() if became["problem"]}
        check(f"nothing went wrong: {wrong}", not wrong)

    def _moved(self, act: Callable[[], None]) -> dict[str, object]:
        """What became of the container, and what runs then."""
        return self._survived(KEEPER, act) | {"release": self._release()}

    def _release(self) -> Release:
        """What is installed, what runs of it, and whether systemd has read it."""
        ask = ("systemctl", "show", "--value", "--property")
        marked = self._machine.run(("grep", "-lFx", MARK.strip(), *MARKED.values()))
        return {
            "version": self._machine.must(VERSION).strip(),
            "keeper": self._machine.must((*ask, "MainPID", KEEPER)).strip(),
            "condor": self._machine.must((*ask, "MainPID", "condor.service")).strip(),
            "unread": [unit for unit in UNITS if self._machine.must((*ask, "NeedDaemonReload", unit)).strip() != "no"],
            "next": sorted(marked.stdout.split()),
        }

    def _survived(self, unit: str, act: Callable[[], None]) -> dict[str, object]:
        """What became of the container, and how the unit is. Afterwards the host is lent, by this lend or another."""
        before, began_s = sight(self._machine), time.monotonic()
        problem = _tried(act) or (_tried(lambda: self._settled(unit)) if unit else "")
        after = sight(self._machine)
        lived = bool(before.container) and before.container["pid"] == after.container.get("pid")
        goes_on = lived and after.is_lent and not problem
        if not goes_on:
            self._lending.until_lent()
        took_s = round(time.monotonic() - began_s, 1)
        return {"goes_on": goes_on, "container_lived": lived, "took_s": took_s, "problem": problem}

    def _settled(self, unit: str) -> None:
        """Until the unit is active. Raises Unavailable."""

        def active() -> bool:
            done = self._machine.run(("systemctl", "is-active", unit))
            if done.returncode != 0:
                raise CommandFailed(f"{unit} is {done.stdout.strip()}: {self._machine.journal(unit, 6)}")
            return True

        eventually(active, SETTLES_S, 1.0, what=f"{unit} is active")

    def _systemctl(self, *words: str) -> None:
        self._machine.must(("systemctl", *words), timeout_s=UNIT_S)

    def _stop_and_start(self, unit: str) -> None:
        self._systemctl("stop", unit)
        time.sleep(DOWN_S)
        self._systemctl("start", unit)


def _check_releases(first: Release, cut_short: Release, upgraded: Release, back: Release) -> None:
    """A run that was cut short leaves the old keeper running, the next one does not; and so back again."""
    check("a run that was cut short has installed the next release", cut_short["version"] != first["version"])
    check("and left the keeper as it was", cut_short["keeper"] == first["keeper"])
    check("the next run started it anew", upgraded["keeper"] not in {"0", cut_short["keeper"]})
    check(f"and has laid {sorted(MARKED.values())}", upgraded["next"] == sorted(MARKED.values()))
    check("the way back has brought all of it back", (back["version"], back["next"]) == (first["version"], []))
    check("and started the keeper anew", back["keeper"] not in {"0", upgraded["keeper"]})
    check("systemd has read every unit", not upgraded["unread"] + back["unread"])
    masters = {one["condor"] for one in (first, cut_short, upgraded, back)}
    check("nobody has started HTCondor anew", len(masters) == 1)


def _tried(act: Callable[[], None]) -> str:
    """What went wrong; empty if nothing did."""
    try:
        act()
    except ShepherdError as exc:
        return exc.diagnosis()
    return ""
