"""The keeper's part in a ban: told to the container's startd, and the last rung if that does not obey.

The shepherd has the running jobs vacated, and the startd refuses and evicts by itself. What of a banned account still
lives after some seconds is killed here; nothing that it sends leaves the container meanwhile.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from shepherd.core.keeper.bans import ad_text, from_json, hit, standing, to_json
from shepherd.core.lease.judge import Instant
from shepherd.core.stop.bans import Bans, people
from shepherd.errors import CommandFailed, LeaseRefused, ShepherdError
from shepherd.model.container import Container
from shepherd.model.lease import LeasePage
from shepherd.model.stop import Ban, Running
from shepherd.ports import Log
from shepherd.ports_node import NodeFile, RunDir
from shepherd.ports_stop import GuestJobs
from shepherd.programs.errand import Background, Errand

ROUND_S = 1.0
"""How often a lent host's jobs are looked through for banned ones."""
KILL_AFTER_S = 2.5
"""So long HTCondor may take to end a banned job by itself."""
FRESH_S = 10.0
"""What the recorder saw is not older; else it hangs."""
CUT_S = 15.0
"""A cut lasts so long past the last look that found a banned job: the account is somebody else's then."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Round:
    """What one look at the container's jobs found."""

    alive: AbstractSet[int]
    """Accounts of banned jobs that have processes."""
    killed: int
    problem: str


class BanWatch:
    """Obeys the bans of the newest page that was believed, and remembers them over its own restarts."""

    def __init__(self, *, run_dir: RunDir, jobs: GuestJobs, background: Background, log: Log) -> None:
        self._run_dir, self._jobs, self._log = run_dir, jobs, log
        self._errand: Errand[Round] = Errand(background)
        self._page: LeasePage | None = None
        self.bans: Bans = self._remembered()
        """All that were told, those included that are over by now."""
        self._told: tuple[str, str] | None = None
        """Text, and the container that it was written for."""
        self._looked_s: float | None = None
        self._since_s: Mapping[int, float] = {}
        """When each account was first seen to run a banned job, on the boot clock."""
        self._problem = ""

    def tick(
        self, page: LeasePage | None, container: Container | None, now: Instant, running: Running | None = None
    ) -> None:
        """Take the page's bans over, tell the startd, look after the jobs, of which the recorder may know what is
        `running`. Raises nothing: the lend goes on."""
        if page is not None and page is not self._page:
            self._page = page
            self._take_over(page.bans)
        bans = standing(self.bans, now.wall_s)
        self._tell(bans, container.ident if container else "")
        self._collect(now.boottime_s)
        is_fresh = running is not None and now.boottime_s - running.at_s <= FRESH_S
        self._look_after(container, people(bans), now.boottime_s, running if is_fresh else None)

    def _take_over(self, bans: Bans) -> None:
        if bans == self.bans:
            return
        self.bans = bans
        self._log("bans", standing=len(bans))
        try:
            self._run_dir.write(NodeFile.BANNED, to_json(bans))
        except CommandFailed as failed:
            self._log("bans cannot be remembered; they are obeyed", problem=failed.diagnosis())

    def _tell(self, bans: Bans, container: str) -> None:
        """Written anew for each container: who may read what is shared is settled only when one is made."""
        wanted = ad_text(bans), container
        if wanted == self._told:
            return
        try:
            self._run_dir.write(NodeFile.BANS, wanted[0])
            self._told = wanted
        except CommandFailed as failed:
            self._note(failed.diagnosis())

    def _look_after(
        self, container: Container | None, bans: Bans, now_s: float, running: Running | None
    ) -> None:
        if container is None or not bans:
            self._since_s = {}
            return
        due = self._looked_s is None or now_s - self._looked_s >= ROUND_S
        overdue = frozenset(uid for uid, since_s in self._since_s.items() if now_s - since_s >= KILL_AFTER_S)
        if due and self._errand.start(lambda: self._round(container, bans, overdue, running)):
            self._looked_s = now_s

    def _round(
        self, container: Container, bans: Sequence[Ban], overdue: AbstractSet[int], running: Running | None
    ) -> Round:
        """Beside the loop. Whom the cut does not reach is killed all the same. A schedd can put lines of its own into
        the startd's log, so that the log counts only where the recorder knows nothing."""
        is_known = running is not None and running.container == container.ident
        jobs = running.jobs if running is not None and is_known else tuple(self._jobs.seen(container).items())
        alive = self._jobs.alive(container, hit(jobs, bans))
        problem = ""
        if alive:
            try:
                self._jobs.cut(container, alive, CUT_S)
            except ShepherdError as failed:
                problem = failed.diagnosis()
        killed = sum(self._jobs.kill(container, uid) for uid in sorted(alive & overdue))
        return Round(alive=alive, killed=killed, problem=problem)

    def _collect(self, now_s: float) -> None:
        found = self._errand.take()
        if isinstance(found, ShepherdError):
            self._note(found.diagnosis())
        elif found is not None:
            self._since_s = {uid: self._since_s.get(uid, now_s) for uid in found.alive}
            if found.killed:
                self._log("jobs of the banned were killed", processes=found.killed)
            self._note(found.problem)

    def _note(self, problem: str) -> None:
        if problem and problem != self._problem:
            self._log("a ban is not wholly obeyed", problem=problem)
        self._problem = problem

    def _remembered(self) -> Bans:
        """Those of this boot. What cannot be read is on the next page again, and nothing is lent before that."""
        try:
            return from_json(self._run_dir.read(NodeFile.BANNED) or "[]")
        except (LeaseRefused, CommandFailed) as failed:
            self._log("memory of bans lost", problem=failed.diagnosis())
            return ()
