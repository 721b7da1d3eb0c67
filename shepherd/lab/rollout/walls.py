"""What keeps guests in, on a kernel with AppArmor and with version 2 of control groups."""

from shepherd.lab.audit.job import probes
from shepherd.lab.audit.jobs import COMPLETED, HELD, Guest
from shepherd.lab.audit.parts import complete
from shepherd.lab.audit.place import doors_that_do_not_exist, facts
from shepherd.lab.audit.report import SHUT, from_job
from shepherd.lab.eventually import eventually
from shepherd.lab.rollout.evidence import Seen, check, sight
from shepherd.lab.rollout.machine import SLOWNESS
from shepherd.lab.rollout.manifest import APPARMOR, MEMORY_MIB
from shepherd.lab.rollout.place import Place

VICTIM_S = 600
PROBES_S, GREED_S = 60.0 * SLOWNESS, 30.0 * SLOWNESS


class Walls:
    """Probes of the audit, by jobs of guests there."""

    def __init__(self, place: Place) -> None:
        self._site, self._machine = place.site, place.machine
        self._alice, self._bob = (Guest(site=place.site, user=user) for user in ("alice", "bob"))

    def probe(self, seen: Seen) -> None:
        """All probes that a job makes by itself, beside a careless job of somebody else."""
        host, neighbour = self._machine.names.flocking, self._site.names[0].flocking
        eventually(lambda: neighbour in self._site.flocking_startds(), GREED_S, 0.5, what=f"{neighbour} is a neighbour")
        doors = facts(self._site, host, neighbour)
        seen["doors_that_are_not_there"] = doors_that_do_not_exist(self._site, doors)
        self._bob.prepare()
        victim = self._bob.submit("victim", host, ["job.victim", str(VICTIM_S)])
        victim.says("open", within_s=PROBES_S)
        prober = self._alice.submit("prober", host, ["job.probes", *(f"{name}={at}" for name, at in doors.items())])
        prober.wait(COMPLETED, HELD, within_s=PROBES_S)
        results = complete(from_job(prober.lines(), SHUT), SHUT)
        victim.remove()
        seen["probes"], seen["shut"] = len(results), sum(not result.is_leak for result in results)
        seen["known"] = len(probes.NAMES)
        seen["not_shut"] = [f"{one.id}: {one.got} {one.detail}" for one in results if one.is_leak]
        check("every door is there, and shut", not seen["not_shut"] + seen["doors_that_are_not_there"])

    def confined(self, seen: Seen) -> None:
        """The image's AppArmor profile is loaded, and the container is under it."""
        there = sight(self._machine)
        seen["profiles"] = [name for name in there.facts["apparmor_profiles"] if APPARMOR in name]
        seen["container"] = there.container.get("confined", "")
        check("the profile is enforced", f"{APPARMOR} (enforce)" in seen["profiles"])
        check("the container is confined by it", seen["container"] == f"{APPARMOR} (enforce)")

    def bounded(self, seen: Seen) -> None:
        """A job takes more memory than the container may have."""
        before = sight(self._machine).container
        check("it is lent", before)
        seen["memory_max"], seen["pids_max"] = before["memory_max"], before["pids_max"]
        tried = MEMORY_MIB + 200
        job = self._alice.submit("greed-memory", self._machine.names.flocking, ["job.greedy", "memory", str(tried)])
        ad = job.wait(COMPLETED, HELD, within_s=GREED_S)
        after = sight(self._machine).container
        seen["job"] = {"said": job.text().split()[-1:], "status": ad.get("JobStatus"), "hold": ad.get("HoldReason", "")}
        seen["killed_for_memory"] = after.get("killed_for_memory", 0) - before["killed_for_memory"]
        seen["memory_peak"] = after.get("memory_peak", "")
        check("the limit is the kernel's", seen["memory_max"] == str(MEMORY_MIB << 20))
        check("the job did not get it", f"took {tried}" not in job.text())
        check("memory is why", seen["killed_for_memory"] > 0 or "memory" in str(seen["job"]["hold"]).lower())
        check("the container lives on", after.get("pid") == before["pid"])
