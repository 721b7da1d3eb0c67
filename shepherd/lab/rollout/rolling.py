"""Rolled out and taken away again, by Puppet alone; and what comes up by itself."""

import dataclasses
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from shepherd.errors import CommandFailed
from shepherd.lab import tokens
from shepherd.lab.eventually import eventually
from shepherd.lab.rollout import manifest, plain, traces
from shepherd.lab.rollout.evidence import Seen, check, sight, tells
from shepherd.lab.rollout.lending import Lending
from shepherd.lab.rollout.machine import SLOWNESS, VLAN
from shepherd.lab.rollout.place import Place
from shepherd.lab.settings import LEASE_PUBLIC

APPLY_S = 120.0
SAID_LINES = 25
PARENT = str(manifest.NODE["parent"])
COMES_UP_S = 30.0 * SLOWNESS


class Rolling:
    """What Puppet does to the machine."""

    def __init__(self, place: Place, lending: Lending) -> None:
        self._site, self._machine, self._lending = place.site, place.machine, lending
        self._wish: manifest.Wish | None = None
        self.plain: Mapping[str, str] = {}
        """Files of the plain host, as it was found."""

    # -- before -------------------------------------------------------------------------------------------------------

    def boots(self, seen: Seen) -> None:
        """A machine of its own, by what its kernel says."""
        self._machine.await_up()
        here = sight(self._machine)
        seen.update({key: here.facts[key] for key in ("kernel", "first_process", "control_groups", "apparmor", "up_s")})
        seen["clock_ahead_s"] = round(float(self._machine.must(("date", "+%s.%N"))) - time.time(), 1)
        seen["vlan_module"] = tells(self._machine, ("modinfo", "-n", "8021q"))
        seen["failed_units"] = tells(self._machine, ("systemctl", "list-units", "--failed", "--plain", "--no-legend"))
        check("systemd is its first process", seen["first_process"] == "systemd")
        check("it has version 2 of control groups", seen["control_groups"] == "cgroup2")
        check("AppArmor is in force", seen["apparmor"] == "Y")
        check("its kernel knows 802.1Q", seen["vlan_module"])

    def joins(self, seen: Seen) -> None:
        """The host as its site had it: in the home pool, with nothing of ours."""
        plain.configure(self._site, self._machine)
        plain.joined(self._site, self._machine)
        seen["in_home_pool"] = self._machine.name in self._site.accepting_startds()
        seen["startd"] = tells(self._machine, ("condor_config_val", "STARTD"))
        seen["ours"] = traces.ours(self._machine)
        check("nothing of ours is there", not seen["ours"])
        self.plain = traces.settled(self._machine)
        seen["files"] = len(self.plain)

    # -- puppet -------------------------------------------------------------------------------------------------------

    def applied(self, seen: Seen) -> None:
        """The first run changes much, and fails nowhere."""
        self._want()
        self.apply(seen, manifest.CHANGED)

    def applied_again(self, seen: Seen) -> None:
        """The second changes nothing."""
        self.apply(seen, manifest.NOTHING_TO_DO)

    def _want(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the wish
        """Write down what the site wants: what it wanted before, but for these."""
        self._wish = dataclasses.replace(self._wish or self._first_wish(), **changes)
        self._machine.put(manifest.files(self._wish))

    def _first_wish(self) -> manifest.Wish:
        site, machine = self._site, self._machine
        return manifest.Wish(
            names=machine.names, image_id=site.image_id, lease_key=site.cm.read(LEASE_PUBLIC),
            flock_token=manifest.token_of(tokens.host_tokens(site.cm, machine.names)), wheel=machine.delivery.wheel,
        )  # fmt: skip

    def apply_next_wrongly(self) -> None:
        """Puppet installs the next release, with settings that the keeper refuses: the run is cut short. Raises
        CommandFailed, Unavailable."""
        self._want(wheel=self._machine.delivery.next_wheel, update_guard=True, flock_address=manifest.ELSEWHERE)
        said = self.apply({}, manifest.CHANGED_AND_FAILED)
        check("the settings were refused", any(manifest.ELSEWHERE in line for line in said))

    def apply_next(self) -> None:
        """The settings are mended, and no file changes. Raises CommandFailed, Unavailable."""
        self._want(flock_address="")
        self.apply({}, manifest.CHANGED)

    def apply_before(self) -> None:
        """Puppet goes back to this release, with its guard, and has then nothing more to do. Raises CommandFailed,
        Unavailable."""
        self._want(wheel=self._machine.delivery.wheel)
        self.apply({}, manifest.CHANGED)
        self.apply({}, manifest.NOTHING_TO_DO)

    def apply_absent(self, seen: Seen, must: int, within_s: float) -> list[str]:
        """Puppet takes everything away. Its words. Raises CommandFailed, Unavailable."""
        self._want(ensure="absent")
        return self.apply(seen, must, within_s)

    def apply(self, seen: Seen, must: int, within_s: float = APPLY_S) -> list[str]:
        """Run Puppet, which must exit with that code; its words. Raises CommandFailed, Unavailable."""
        done = self._machine.run(manifest.APPLY, timeout_s=within_s)
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        seen["exit_code"], seen["changes"] = done.returncode, sum("Notice: /Stage" in line for line in said)
        seen["said"] = said[-SAID_LINES:]
        check(f"puppet apply exits with {must}, not {done.returncode}: {_wrong(done)}", done.returncode == must)
        return said

    # -- after --------------------------------------------------------------------------------------------------------

    def comes_up(self, seen: Seen) -> None:
        """What was rolled out works, without anybody's hand."""
        machine = self._machine
        eventually(lambda: machine.name in self._site.accepting_startds(), COMES_UP_S, 0.5, what="it is in the pool")
        eventually(lambda: self._active("shepherd-keeper.service"), COMES_UP_S, 1.0, what="its keeper runs")
        here = sight(machine)
        seen["startd"] = tells(machine, ("condor_config_val", "STARTD"))
        seen["local"], seen["vlans"] = here.is_local, here.facts["vlans"]
        seen["units"] = self._units()
        seen["rules"] = traces.rules(machine)
        check("the regular startd is started by the guard", seen["startd"] and "startd-guard" in seen["startd"][0])
        check(f"the tagged sub-interface {PARENT} is there", any(PARENT in line for line in seen["vlans"]))
        check(f"with VLAN {VLAN}", any(f"|{VLAN}|" in line for line in seen["vlans"]))
        check("the host guard is in force", seen["rules"])
        check("our units are there", {"shepherd-keeper.service", "shepherd-network.service"} <= set(seen["units"]))
        check("none of our units failed", not [name for name, state in seen["units"].items() if state == "failed"])

    def _units(self) -> dict[str, str]:
        asked = ("systemctl", "list-units", "--all", "--plain", "--no-legend", "shepherd*")
        lines = self._machine.must(asked).splitlines()
        return {line.split()[0]: line.split()[2] for line in lines if line.strip()}

    def _active(self, unit: str) -> bool:
        done = self._machine.run(("systemctl", "is-active", unit))
        if done.returncode != 0:
            raise CommandFailed(f"{unit} is {done.stdout.strip()}: {self._machine.journal(unit, 6)}")
        return True


def _wrong(done: subprocess.CompletedProcess[str]) -> str:
    """What Puppet complained of."""
    lines = (done.stdout + done.stderr).splitlines()
    return " / ".join(line for line in lines if line.startswith(("Error", "Warning")))[:800]
