"""The keeper's way with a quarantined container: cut off, frozen, looked at, killed or held, kept.

Only freezing and killing happen in the loop; all else elsewhere, so that a stopped dockerd, a full disk or a hostile
container delays nothing. Before anything is done the lend counts as leaving: whatever is lost of all this, the keeper's
usual way home ends the container.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence

from shepherd.core.container.spec import FIRST_SLOT_UID
from shepherd.core.keeper.decide import Act, Begin, Depart, Rest, Situation, next_act
from shepherd.core.keeper.lend import Leaving, Lend
from shepherd.core.stop import keeping as keepings
from shepherd.core.stop.keeping import Move, Sight
from shepherd.core.stop.quarantine import is_ident, of_host, sentence
from shepherd.errors import CommandFailed, LeaseRefused, ShepherdError
from shepherd.model.container import Container
from shepherd.model.evidence import Case, Hand, Keeping, KeepStage, Kept, Taking
from shepherd.model.node_settings import NodeSettings
from shepherd.model.stop import Quarantine
from shepherd.model.trace import EvidenceKept, TraceRecord
from shepherd.ports import Clock, Log
from shepherd.ports_node import Kernel, NodeFile, RunDir
from shepherd.programs.errand import Background, Errand
from shepherd.programs.keeper.checks import HostNetwork
from shepherd.programs.keeper.evidence import Evidence
from shepherd.programs.keeper.pages import PageReader

Records = Callable[[Sequence[TraceRecord]], None]
"""Takes what is to be traced. Raises CommandFailed."""

CUT_S, AGAIN_S = 5.0, 1.0
"""That the container is cut off is looked at this often; after a failure sooner."""
UNFROZEN_S = 1.0
"""A container that cannot be frozen within this is looked at as it runs."""
TIDY_S = 3600.0
"""How often evidence that has been kept long enough is looked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Means:
    """What it works with."""

    kernel: Kernel
    run_dir: RunDir
    network: HostNetwork
    evidence: Evidence
    pages: PageReader
    clock: Clock
    background: Background
    log: Log
    records: Records


class KeeperQuarantine:
    """One host's. What it must remember is in the run directory, what is evidence on the disk."""

    def __init__(self, settings: NodeSettings, means: Means) -> None:
        self._settings, self._means = settings, means
        self._keeping: Keeping | None = None
        self._order: Quarantine | None = None
        self._container: Container | None = None
        self._frozen = False
        self._recorded = False
        self._uncut = False
        """The host's usual guard must come back."""
        self._said = ""
        self._cut_at_s: float | None = None
        self._cut_failed = False
        self._tidied_s: float | None = None
        self._recording: Errand[bool] = Errand(means.background)
        self._describing: Errand[bool] = Errand(means.background)
        self._cutting: Errand[bool] = Errand(means.background)
        self._sealing: Errand[Kept | bool] = Errand(means.background)
        self._tidying: Errand[list[Kept]] = Errand(means.background)
        self._noting: Errand[bool] = Errand(means.background)
        self._sealed = ""
        """Ident of the quarantine whose evidence was listed last, or is."""
        self._troubles: list[str] = []
        """What went wrong with this one, for its list."""
        self._keeping = self._remembered()
        self.done = ""
        """Ident of the quarantine that was carried out here last."""

    @property
    def busy(self) -> bool:
        """Something is under way whose end must be seen at once."""
        is_held = self._keeping is not None and self._keeping.stage is KeepStage.HELD
        return (self._keeping is not None and not is_held) or self._sealing.busy

    @property
    def holds(self) -> bool:
        """A container stays frozen: nothing is to be seen soon."""
        return self._keeping is not None and not self.busy

    def problem(self) -> str:
        """Why nothing may be lent here; empty if something may."""
        order = self._standing()
        return sentence(order) if order is not None else ""

    def act(self, seen: Situation) -> Act | None:
        """What a quarantine makes of this moment; None: nothing, the keeper goes its usual way."""
        self._collect()
        order, lend = self._standing(), seen.record.lend
        self._container = container = lend.container if lend is not None else None
        if self._keeping is None and order is not None and order.ident != self.done:
            self._take_up(order, lend, seen)
        if self._keeping is not None and lend is not None and container is not None:
            return self._go_on(self._keeping, lend, container, seen)
        if self._keeping is not None:
            self._put_down(self._keeping)
        self._housekeep(seen.now.boottime_s)
        is_barred = order is not None and isinstance(next_act(seen), Begin)
        return Rest() if is_barred else None

    def let_go(self) -> None:
        """The keeper ends: nobody else would end what is frozen, unless it is to stay so."""
        if self._keeping is not None and self._container is not None and not self._keeping.keep_host:
            self._means.kernel.kill(self._container)

    def spared(self) -> frozenset[str]:
        """Containers that stay in dockerd. Raises CommandFailed."""
        now = {self._keeping.container} if self._keeping is not None else set()
        return self._means.evidence.containers() | now

    # --- the order ---

    def _standing(self) -> Quarantine | None:
        """The order for this host, by the newest page; a page that was not read yet says nothing."""
        page = self._means.pages.newest
        order = of_host(page.quarantines, self._settings.host) if page is not None else None
        return order if order is not None and is_ident(order.ident) else None

    def _is_released(self, ident: str) -> bool:
        """Somebody said so; that a page does not speak of it is no release."""
        page = self._means.pages.newest
        found = [one for one in page.quarantines if one.ident == ident] if page is not None else []
        return any(one.released_at_s is not None for one in found)

    def _take_up(self, order: Quarantine, lend: Lend | None, seen: Situation) -> None:
        """At the sight of it. Without a container nothing is to be kept, unless it was begun before a restart."""
        self._order = order
        if lend is None:
            self._seal(order.ident)
        elif lend.container is not None:
            keeping = Keeping(
                ident=order.ident, who=order.who, why=order.why, keep_host=order.keep_host,
                container=lend.container.ident, since_s=seen.now.boottime_s, stage=KeepStage.RECORDING,
            )  # fmt: skip
            self._means.log("quarantine", quarantine=order.ident, container=keeping.container[:12], why=order.why)
            self._frozen = self._recorded = False
            self._troubles = []
            self._keep(keeping)

    # --- carrying it out ---

    def _go_on(self, keeping: Keeping, lend: Lend, container: Container, seen: Situation) -> Act | None:
        now_s = seen.now.boottime_s
        lives = seen.alive or seen.others
        order = self._standing()
        if order is not None and order.ident == keeping.ident and order.keep_host and not keeping.keep_host:
            keeping = dataclasses.replace(keeping, keep_host=True)
            self._keep(keeping)
        self._cut(now_s)
        if keeping.stage is not KeepStage.ENDING and lives:
            self._freeze(container)
        sight = Sight(
            keeping=keeping, now_s=now_s, evidence_s=self._settings.evidence_s, recorded=self._recorded,
            recording=self._recording.busy, lives=lives, released=self._is_released(keeping.ident),
        )  # fmt: skip
        self._move(keepings.next_move(sight), sight, lend, container)
        if lend.leaving is None:
            return Depart(leaving=Leaving(since_s=now_s, why=self._why(keeping), failed=False))
        if self._keeping is not None and self._keeping.stage is KeepStage.ENDING and not lives:
            return None
        return Rest()

    def _move(self, move: Move, sight: Sight, lend: Lend, container: Container) -> None:
        match move:
            case Move.RECORD:
                self._record(sight, lend, container)
            case Move.WAIT:
                pass
            case Move.HOLD:
                if sight.keeping.stage is not KeepStage.HELD:
                    self._keep(dataclasses.replace(sight.keeping, stage=KeepStage.HELD))
                self._seal(sight.keeping.ident)
            case Move.END:
                if sight.keeping.stage is not KeepStage.ENDING:
                    self._means.log("quarantine: the container is ended", quarantine=sight.keeping.ident)
                    self._keep(dataclasses.replace(sight.keeping, stage=KeepStage.ENDING))
                self._means.kernel.kill(container)

    def _freeze(self, container: Container) -> None:
        """Nothing runs in it any more. What the kernel refuses is said, and does not delay the rest."""
        try:
            self._frozen = self._means.kernel.freeze(container)
        except CommandFailed as failed:
            self._say(f"the container cannot be frozen: {failed.diagnosis()}")

    def _record(self, sight: Sight, lend: Lend, container: Container) -> None:
        """Once it is frozen, or soon after if it cannot be."""
        if not self._frozen and sight.lives and sight.now_s - sight.keeping.since_s < UNFROZEN_S:
            return
        taking = Taking(
            container=container.ident, pids=tuple(sorted(self._means.kernel.members(container.cgroup))),
            until_s=sight.keeping.since_s + keepings.recording_s(sight.keeping, sight.evidence_s),
            job_uid=FIRST_SLOT_UID,
        )  # fmt: skip
        case, evidence = self._case(sight.keeping, lend), self._means.evidence
        self._recording.start(lambda: evidence.record(case, taking))
        self._describing.start(lambda: evidence.describe(case))

    def _case(self, keeping: Keeping, lend: Lend) -> Case:
        order = self._order or self._standing()
        return Case(
            ident=keeping.ident, host=self._settings.host, container=keeping.container, image=lend.lease.image,
            lease=lend.lease.lease, address=self._settings.flock_address, who=keeping.who, why=keeping.why,
            ordered_at_s=order.at_s if order is not None else 0.0, seen_at_s=self._means.clock.wall_s(),
            keep_host=keeping.keep_host,
        )  # fmt: skip

    def _cut(self, now_s: float) -> None:
        """At once, and looked at again and again: somebody's reload of rules must not let it out."""
        if self._cut_at_s is None or now_s - self._cut_at_s >= (AGAIN_S if self._cut_failed else CUT_S):
            network = self._means.network

            def cut() -> bool:
                network.cut()
                return True

            if self._cutting.start(cut):
                self._cut_at_s, self._uncut = now_s, True

    def _put_down(self, keeping: Keeping) -> None:
        """Nothing of the container is left here: the evidence is listed, the host is as usual."""
        self._seal(keeping.ident)
        if keeping.ident not in {self.done, self._sealed}:
            return
        if keeping.keep_host:
            self._noting.start(lambda: self._means.evidence.handed(Hand.RELEASED, keeping.ident, "keeper", "released"))
        self._keeping, self._cut_at_s = None, None
        with contextlib.suppress(CommandFailed):
            self._means.run_dir.write(NodeFile.QUARANTINE, "")

    def _seal(self, ident: str) -> None:
        """List what was kept; if nothing was found here, that was all."""
        evidence, troubles = self._means.evidence, tuple(self._troubles)
        if self.done == ident or self._describing.busy or self._tidying.busy:
            return
        if self._sealing.start(lambda: evidence.seal(ident, troubles) if evidence.has(ident) else False):
            self._sealed = ident

    # --- afterwards ---

    def _housekeep(self, now_s: float) -> None:
        """While no quarantine is carried out: the usual guard, what a restart left unlisted, what is past its time."""
        network, evidence, newest = self._means.network, self._means.evidence, self._sealed

        def uncut() -> bool:
            network.uncut()
            return True

        def tidy() -> list[Kept]:
            sealed = evidence.seal_all()
            evidence.tidy(newest)
            return sealed

        if self._uncut and self._cutting.start(uncut):
            self._uncut = False
        due = self._tidied_s is None or now_s - self._tidied_s >= TIDY_S
        if due and not self._sealing.busy and self._tidying.start(tidy):
            self._tidied_s = now_s

    def _collect(self) -> None:
        """What came back."""
        for errand, what in ((self._recording, "recording"), (self._describing, "dockerd"), (self._cutting, "cut")):
            outcome = errand.take()
            if isinstance(outcome, ShepherdError):
                self._say(f"{what}: {outcome.diagnosis()}")
            if outcome is not None and errand is self._recording:
                self._recorded = True
            if outcome is not None and errand is self._cutting:
                self._cut_failed = isinstance(outcome, ShepherdError)
        self._noting.take()
        self._collect_sealed()
        found = self._tidying.take()
        if isinstance(found, ShepherdError):
            self._say(f"old evidence: {found.diagnosis()}")
        for kept in found if isinstance(found, list) else ():
            self._told(kept)

    def _collect_sealed(self) -> None:
        outcome = self._sealing.take()
        if outcome is None:
            return
        self.done = self._sealed
        if isinstance(outcome, ShepherdError):
            self._say(f"the list of evidence: {outcome.diagnosis()}")
        elif isinstance(outcome, Kept):
            self._told(outcome)

    def _told(self, kept: Kept) -> None:
        """To the log and to the trace."""
        case = kept.case
        self._means.log(
            "evidence kept", quarantine=case.ident, manifest=kept.manifest, size_bytes=kept.size_bytes,
            lost="; ".join(kept.lost) or "nothing",
        )  # fmt: skip
        record = EvidenceKept(
            source=self._settings.host, host=self._settings.host, at_s=kept.made_at_s, quarantine=case.ident,
            container=case.container, manifest=kept.manifest, size_bytes=kept.size_bytes, lost="; ".join(kept.lost),
        )  # fmt: skip
        try:
            self._means.records([record])
        except CommandFailed as failed:
            self._say(f"the evidence could not be traced: {failed.diagnosis()}")

    def _why(self, keeping: Keeping) -> str:
        return f"quarantined by {keeping.who}: {keeping.why} ({keeping.ident})"

    def _say(self, problem: str) -> None:
        if self._keeping is not None and problem not in self._troubles:
            self._troubles.append(problem)
        if problem != self._said:
            self._said = problem
            self._means.log("quarantine", problem=problem)

    def _keep(self, keeping: Keeping) -> None:
        """Remembered if that can be; done anyway."""
        self._keeping = keeping
        try:
            self._means.run_dir.write(NodeFile.QUARANTINE, keepings.to_json(keeping))
        except CommandFailed as failed:
            self._say(f"the note of a quarantine cannot be written; going on: {failed.diagnosis()}")

    def _remembered(self) -> Keeping | None:
        text = self._means.run_dir.read(NodeFile.QUARANTINE)
        try:
            return keepings.from_json(text) if text else None
        except LeaseRefused as refused:
            self._say(f"the note of a quarantine is lost: {refused}")
            return None
