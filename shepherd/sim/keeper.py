"""A host's keeper: the real decisions of `core/keeper` and `core/lease`, with the fake host as hands and eyes."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, assert_never

from shepherd.core.keeper import control as controls
from shepherd.core.keeper import decide
from shepherd.core.keeper.lend import Lend, Record, begun
from shepherd.core.lease import judge
from shepherd.core.lease.encode import decode
from shepherd.core.lease.judge import Here, Instant, Refusal, Revoked, standing
from shepherd.core.lease.memory import Memory
from shepherd.core.lease.pages import page_of
from shepherd.errors import LeaseRefused
from shepherd.model.container import Container
from shepherd.model.host import HostName, Nonce
from shepherd.model.lease import LeasePage, SignedPage
from shepherd.model.observation import KeeperReport
from shepherd.sim.events import Process

if TYPE_CHECKING:
    from shepherd.sim.host import Host

START_S = 0.5
"""From the process's start to its first look."""
DRAINED_LOOK_S = 5.0
"""How often the local startd is asked whether it is drained."""

decoded = functools.lru_cache(maxsize=256)(decode)


@dataclasses.dataclass
class RunDir:
    """What lies in /run/shepherd: it survives the keeper, not the boot."""

    nonce: Nonce
    memory: Memory
    record: Record = dataclasses.field(default_factory=Record)


class Keeper(Process):
    """`shepherd node run` of one host."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.events, f"keeper of {host.name}")
        self.host = host
        if host.run_dir is None:
            nonce = Nonce(f"boot-{host.boots}-{host.rng.randrange(16**8):08x}")
            host.run_dir = RunDir(nonce=nonce, memory=Memory(nonce=nonce))
        self.run_dir = host.run_dir
        self.refusal = ""
        """Why the newest page was not believed."""
        self._revoked = ""
        self._refused = ""
        self._busy = False
        self._request = 0
        self._drained_since_s: float | None = None
        self._poll_due_s = 0.0
        self._planned_s: float | None = None
        self._told: tuple[object, ...] = ()
        self._told_s = 0.0
        self.after(START_S, self._look)

    @property
    def record(self) -> Record:
        """What is remembered of lends."""
        return self.run_dir.record

    def wake(self) -> None:
        """Something on the host changed."""
        self._poll_due_s = 0.0
        self.after(0.0, self._look)

    def situation(self) -> decide.Situation:
        """What is so."""
        host, now = self.host, self._now()
        container = host.container
        return decide.Situation(
            now=now,
            record=self.record,
            held=standing(
                self.run_dir.memory, key_ids={self.host.key_id}, here=self._here(), now=now
            ),
            revoked=self._revoked,
            busy=self._busy,
            refused=self._refused,
            alive=container is not None and container.alive,
            others=host.guests_alive,
            lock=host.lock_holder(),
            drained_s=self._drained_s(),
            drained_too_long_s=host.settings.drained_too_long_s,
        )

    def _look(self) -> None:
        """Read the page if that is due, act until there is nothing to do, tell, plan the next look."""
        if self.host.boottime_s() >= self._poll_due_s:
            self._poll()
        for _ in range(5):
            act = decide.next_act(self.situation())
            if self._carry_out(act):
                break
        self._tell()
        self._plan()

    def _poll(self) -> None:
        self._poll_due_s = self.host.boottime_s() + self._poll_s()
        page = self._page()
        if page is None:
            return
        memory, judgement = judge.judge(
            self.run_dir.memory, page[1], key_id=page[0].key_id, here=self._here(), now=self._now()
        )
        self.run_dir.memory = memory
        if not isinstance(judgement, Refusal):
            self._revoked = judgement.why if isinstance(judgement, Revoked) else ""
        self.refusal = judgement.reason if isinstance(judgement, Refusal) else ""

    def _page(self) -> tuple[SignedPage, LeasePage] | None:
        """The page of this host, if the collector can be asked and a trusted key signed it."""
        collector = self.host.pool.home
        if not self.host.private_up or collector.down or collector.refusing:
            return None
        for signed in self.host.pool.pages.all().values():
            page = decoded(signed.payload)
            if page.page != page_of(self.host.name, page.pages):
                continue
            try:
                self.host.verifier.verify(signed)
            except LeaseRefused as refused:
                self.refusal = str(refused)
                return None
            return signed, page
        return None

    def _carry_out(self, act: decide.Act) -> bool:
        """Do it; True when there is nothing more to do now."""
        match act:
            case decide.Rest():
                return True
            case decide.Begin():
                self._save(begun(self.record, act.held.lease))
                self._refused = ""
                self._ask_docker(self.host.tempo.create_s, self._started)
            case decide.Allow():
                return self._allow(act)
            case decide.Depart():
                self._depart(act)
            case decide.Kill():
                self._kill()
            case decide.Bury():
                self._ask_docker(self.host.tempo.remove_s, self._buried)
            case decide.Unstick():
                self._unstick()
            case _:
                assert_never(act)
        return not isinstance(act, decide.Depart)

    def _allow(self, act: decide.Allow) -> bool:
        lend = self._lend()
        control = controls.allow(act.held, self._serial(), self._now())
        if control.phase is controls.ControlPhase.GO and not lend.went:
            self._save_lend(dataclasses.replace(lend, went=True))
        if self.host.control != control:
            self.host.set_control(control)
        return True

    def _depart(self, act: decide.Depart) -> None:
        lend = dataclasses.replace(self._lend(), leaving=act.leaving)
        self._save_lend(lend)
        self.host.set_control(controls.leave(lend.lease, self._serial(), self._now()))

    def _kill(self) -> None:
        container = self.host.container
        if container is not None:
            container.kill()

    def _unstick(self) -> None:
        if self.host.startd is not None:
            self.host.unstick()

    def _started(self) -> None:
        """dockerd says that the container runs."""
        lend = self._lend()
        self.host.run_container(lend.lease.lease, lend.lease.image, self.host.settings.go_wait_s)
        container = Container(ident=lend.lease.lease, pid=4711, start_ticks=1, cgroup="/docker/x")
        self._save_lend(dataclasses.replace(lend, container=container))

    def _buried(self) -> None:
        self.host.container = None
        self.host.control = None
        self._refused = ""
        self._save(dataclasses.replace(self.record, lend=None))

    def _ask_docker(self, takes_s: float, then: object) -> None:
        """Ask without waiting; past the deadline the answer is not waited for any more."""
        assert callable(then)  # noqa: S101
        self._busy = True
        self._request += 1
        mine = self._request

        def answered() -> None:
            if mine == self._request and self.alive:
                self._busy = False
                then()
                self.after(0.0, self._look)

        if not self.host.dockerd.ask(takes_s, answered):
            self.after(1.0, lambda: self._docker_failed(mine, "dockerd does not run"))
        self.after(self.host.settings.docker_s, lambda: self._docker_failed(mine, "dockerd is silent"))

    def _docker_failed(self, request: int, problem: str) -> None:
        if request == self._request and self._busy:
            self._busy = False
            self._request += 1
            self._refused = problem
            self._look()

    def _tell(self) -> None:
        """The keeper's own ad, at every change and every report_s."""
        seen = self.situation()
        problem = self._refused or decide.why_not_begin(seen)
        phase = decide.phase_of(seen, problem)
        lend = self.record.lend
        told = (phase, seen.lock, lend, problem)
        now_s = self.host.boottime_s()
        if told == self._told and now_s - self._told_s < self.host.settings.report_s:
            return
        self._told, self._told_s = told, now_s
        report = KeeperReport(
            nonce=self.run_dir.nonce,
            phase=phase,
            lock=seen.lock,
            lease=lend.lease.lease if lend else None,
            container=lend.container.ident if lend and lend.container else None,
            image=lend.lease.image if lend else None,
            problem=problem or None,
            sent_at_s=self.host.wall_s(),
            heard_at_s=self.host.site_wall_s(),
        )
        self.host.send(lambda: self.host.pool.keepers.put(self.host.name, report))

    def _plan(self) -> None:
        """Look again at the next poll, and soon while a lend is on its way."""
        now_s = self.host.boottime_s()
        soon_s = DRAINED_LOOK_S if self.record.lend is None else self.host.settings.arm_poll_s
        next_s = min(self._poll_due_s, now_s + soon_s)
        if self._planned_s is None or self._planned_s <= now_s or next_s < self._planned_s:
            self._planned_s = next_s
            self.after(max(next_s - now_s, 0.05), self._look)

    def _poll_s(self) -> float:
        settings, lend = self.host.settings, self.record.lend
        jitter = 0.8 + 0.4 * self.host.rng.random()
        if lend is None:
            return settings.poll_local_s * jitter
        return settings.poll_flock_s * jitter if lend.went else settings.arm_poll_s

    def _drained_s(self) -> float:
        startd, now_s = self.host.startd, self.host.boottime_s()
        if startd is None or not startd.drained or not self.host.drained_by_us:
            self._drained_since_s = None
            return 0.0
        if self._drained_since_s is None:
            self._drained_since_s = now_s
        return now_s - self._drained_since_s

    def _now(self) -> Instant:
        return Instant(wall_s=self.host.wall_s(), boottime_s=self.host.boottime_s())

    def _here(self) -> Here:
        settings = self.host.settings
        return Here(
            host=HostName(self.host.name),
            pool=settings.pool,
            nonce=self.run_dir.nonce,
            images=frozenset(settings.images),
            skew_s=settings.skew_s,
        )

    def _serial(self) -> int:
        issue = self.run_dir.memory.issue
        return issue.serial if issue else 0

    def _lend(self) -> Lend:
        lend = self.record.lend
        assert lend is not None  # noqa: S101 - next_act speaks of a lend only when there is one
        return lend

    def _save_lend(self, lend: Lend) -> None:
        self._save(dataclasses.replace(self.record, lend=lend))

    def _save(self, record: Record) -> None:
        self.run_dir.record = record


