"""The machine is lent and taken back, with real jobs on both sides; and it is rebooted while it is lent."""

import time

from shepherd.lab.audit.jobs import COMPLETED, HELD, Guest
from shepherd.lab.eventually import eventually
from shepherd.lab.rollout.evidence import Seen, Sight, check, sight
from shepherd.lab.rollout.machine import BOOT_S, SLOWNESS, VLAN
from shepherd.lab.rollout.place import Place

LEND_S, RECLAIM_S, JOB_S = 45.0 * SLOWNESS, 30.0 * SLOWNESS, 20.0 * SLOWNESS
LOCAL = """executable = /bin/sleep
arguments = {seconds}
request_memory = 32
requirements = TARGET.Machine == "{machine}"
queue {count}
"""


class Lending:
    """What is asked of the shepherd, and what comes of it."""

    def __init__(self, place: Place) -> None:
        self._site, self._machine, self._progress = place.site, place.machine, place.progress
        self._guest = Guest(site=place.site, user="alice")

    def lend(self, seen: Seen) -> None:
        """Nobody local waits: the shepherd lends it, and a guest's job runs there."""
        flocking = self._machine.names.flocking
        seen["seconds_until_lent"] = self.until_lent()
        self._guest.prepare()
        job = self._guest.submit("first", flocking, ["job.greedy", "files", "5"])
        ad = job.wait(COMPLETED, HELD, within_s=JOB_S)
        seen["job"] = {"status": ad.get("JobStatus"), "ran_on": ad.get("LastRemoteHost"), "said": job.text().strip()}
        check("a guest's job is done there", ad.get("JobStatus") == COMPLETED and "took 5" in job.text())
        there = sight(self._machine)
        seen["container"], seen["vlans"] = there.container, there.facts["vlans"]
        seen["regular_startds"] = len(there.running("condor_startd", contained=False))
        seen["waiting_guards"] = len(there.running("startd-guard", contained=False))
        check("its regular startd does not run, and the guard waits", there.is_lent and seen["waiting_guards"])
        self._tagged(seen)

    def _tagged(self, seen: Seen) -> None:
        """What the switch saw of the container."""
        frames = [row for row in self._machine.frames() if row[2] == self._machine.names.flock_mac]
        seen["frames"] = [{"way": way, "vlan": vlan, "frames": count} for way, vlan, _, count in frames]
        check(f"the container's frames are tagged {VLAN}", any(row[:2] == ("from", VLAN) for row in frames))
        check("and none is not", {row[1] for row in frames} == {VLAN})

    def reclaim(self, seen: Seen) -> None:
        """Local jobs that only this machine can run arrive."""
        site, name, began_s = self._site, self._machine.name, time.monotonic()
        cluster = site.submit(site.cm, "carol", LOCAL.format(seconds=1, machine=name, count=2))
        eventually(lambda: name in site.accepting_startds(), RECLAIM_S, 0.5, what=f"{name} takes local jobs")
        seen["seconds_until_local"] = round(time.monotonic() - began_s, 1)

        def done() -> bool:
            return len(site.history(site.cm, f"ClusterId == {cluster} && JobStatus == 4")) == 2

        eventually(done, JOB_S, 0.5, what="the local jobs are done")
        seen["seconds_until_jobs_done"] = round(time.monotonic() - began_s, 1)
        jobs = site.history(site.cm, f"ClusterId == {cluster}")
        seen["jobs_ran_on"] = sorted({str(job.get("LastRemoteHost")) for job in jobs})
        check("they ran there", all(str(job.get("LastRemoteHost")).endswith(f"@{name}") for job in jobs))

    def reboot_while_lent(self, seen: Seen) -> None:
        """An administrator reboots it under its guests; afterwards flocking is stopped, so that it stays as it is."""
        site, machine = self._site, self._machine
        self.until_lent()
        before, began_s = machine.boot_id(), time.monotonic()
        machine.begin_reboot()
        back_s = BOOT_S + RECLAIM_S
        eventually(lambda: machine.name in site.accepting_startds(), back_s, 0.3, what=f"{machine.name} is local again")
        seen["seconds_until_local"] = round(time.monotonic() - began_s, 1)
        machine.await_up()
        seen["another_boot"] = machine.boot_id() != before
        check("it really booted", seen["another_boot"])
        self.until_home()

    # -- waiting ------------------------------------------------------------------------------------------------------

    def until_lent(self) -> float:
        """Until its container's startd is in the flock pool; how many seconds that was. Raises Unavailable."""
        began_s, site, machine = time.monotonic(), self._site, self._machine
        site.cm.start("shepherd")
        flocking = machine.names.flocking
        eventually(lambda: flocking in site.flocking_startds(), LEND_S, 0.5, what=f"{machine.name} is lent")
        return round(time.monotonic() - began_s, 1)

    def resume(self) -> float:
        """Flocking goes on after a stop by hand; until it is lent. Raises Unavailable."""
        self._site.cm.run(("shepherd", "flockon"), user="shepherd")
        return self.until_lent()

    def until_home(self) -> Sight:
        """Flocking is stopped by hand, and the machine is local. Raises Unavailable."""
        self._site.cm.run(("shepherd", "flockoff", "the rollout ends"), user="shepherd")
        eventually(lambda: sight(self._machine).is_local, RECLAIM_S, 1.0, what=f"{self._machine.name} is local")
        return sight(self._machine)
