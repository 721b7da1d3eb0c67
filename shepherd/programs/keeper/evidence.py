"""Evidence of quarantined containers on their host: taken, listed with hashes, kept for its time, then deleted."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from shepherd.core.stop import custody
from shepherd.core.stop.manifest import case_of, case_text, lost_words, manifest_of, manifest_text
from shepherd.errors import ShepherdError, TraceRefused
from shepherd.model.evidence import Case, Custody, Hand, Kept, Manifest, Taking
from shepherd.model.node_settings import NodeSettings
from shepherd.ports import Clock, Log
from shepherd.ports_node import Engine, EvidenceStore

DAY_S = 86400.0
MIB = 1 << 20
MANIFEST, DOCKERD = "manifest.json", "dockerd.json"
KEEPER = "keeper"
"""In the chain of custody."""


class Evidence:
    """Every method may take long, and is called elsewhere than in the loop. Raises CommandFailed, Unavailable."""

    def __init__(
        self, settings: NodeSettings, engine: Engine, store: EvidenceStore, clock: Clock, log: Log
    ) -> None:
        self._settings, self._engine, self._store, self._clock, self._log = settings, engine, store, clock, log

    def containers(self) -> frozenset[str]:
        """Containers whose writable layers are evidence: they stay in dockerd."""
        return frozenset(case.container for case in self._cases() if case.container)

    def has(self, ident: str) -> bool:
        """Whether something of it was begun here."""
        return ident in self._store.cases()

    def record(self, case: Case, taking: Taking) -> bool:
        """Take what exists only as long as the container is frozen."""
        self._store.open(case.ident, case_text(case))
        self._store.take(case.ident, taking)
        return True

    def describe(self, case: Case) -> bool:
        """Have dockerd's description, and the container out of the way of the next one."""
        self._store.open(case.ident, case_text(case))
        told = self._engine.set_aside(case.container, f"evidence-{case.ident}")
        if self._store.read(case.ident, DOCKERD) is None:
            self._store.keep(case.ident, DOCKERD, told)
        return True

    def seal(self, ident: str, troubles: Sequence[str] = ()) -> Kept:
        """List everything with its hash, and note that it was made. Idempotent: nothing is changed once it is done."""
        case = case_of(self._store.cases()[ident])
        text = self._store.read(ident, MANIFEST)
        if text is None:
            text = manifest_text(self._listed(case, troubles))
            self._store.keep(ident, MANIFEST, text)
        manifest = manifest_of(text)
        if not custody.manifest_noted(self._store.custody(), ident):
            self._note(Hand.MADE, ident, KEEPER, f"ordered by {case.who}: {case.why}", text)
        return kept(manifest, text)

    def seal_all(self) -> list[Kept]:
        """Those that nobody listed because a keeper or its host ended. Not while one is being made."""
        idents = [ident for ident in self._store.cases() if self._store.read(ident, MANIFEST) is None]
        return [self.seal(ident, ("the keeper or the host ended before it was listed",)) for ident in idents]

    def tidy(self, but: str) -> bool:
        """Delete what is past its time, and the oldest of what is above the budget."""
        sizes, now_s = self._store.sizes(), self._clock.wall_s()
        for case, why in overdue(self._settings, [one for one in self._cases() if one.ident != but], sizes, now_s):
            text = self._store.read(case.ident, MANIFEST) or ""
            if case.container:
                self._engine.remove(case.container)
            self._note(Hand.DELETED, case.ident, KEEPER, why, text)
            self._store.delete(case.ident)
            self._log("evidence deleted", quarantine=case.ident, why=why)
        return True

    def handed(self, hand: Hand, ident: str, who: str, why: str) -> bool:
        """Note that somebody had it in hand."""
        self._note(hand, ident, who, why, self._store.read(ident, MANIFEST) or "")
        return True

    def _listed(self, case: Case, troubles: Sequence[str]) -> Manifest:
        lost = list(troubles)
        if case.container and self._store.read(case.ident, DOCKERD) is None:
            try:
                self.describe(case)
            except ShepherdError as exc:
                lost.append(f"what dockerd knew of it: {exc.diagnosis()}")
        pieces, lost_there = self._store.pieces(case.ident)
        if (layer := self._store.layer(case.ident)) is None:
            lost.append("hashes of files in the writable layer: dockerd does not tell where it lies")
        return Manifest(
            case=case,
            made_at_s=self._clock.wall_s(),
            pieces=tuple(pieces),
            layer=tuple(layer or ()),
            lost=(*lost_there, *lost),
        )

    def _cases(self) -> Iterator[Case]:
        for ident, text in self._store.cases().items():
            try:
                yield case_of(text)
            except TraceRefused as refused:
                self._log("evidence that cannot be understood", quarantine=ident, problem=str(refused))

    def _note(self, hand: Hand, ident: str, who: str, why: str, manifest: str) -> None:
        def line(before: str) -> str:
            return custody.line(
                Custody(
                    at_s=self._clock.wall_s(), hand=hand, ident=ident, who=who, why=why, manifest=digest(manifest),
                    before=custody.link(before),
                )
            )  # fmt: skip

        self._store.note(line)


def overdue(
    settings: NodeSettings, cases: list[Case], sizes: Mapping[str, int], now_s: float
) -> Iterator[tuple[Case, str]]:
    """What must go, oldest first, and why."""
    total = sum(sizes.values())
    for case in sorted(cases, key=lambda case: case.seen_at_s):
        if now_s - case.seen_at_s > settings.evidence_days * DAY_S:
            why = f"kept for {settings.evidence_days:g} days"
        elif total > settings.evidence_mib * MIB:
            why = f"all evidence here has {total // MIB} MiB, {settings.evidence_mib} are allowed; this is the oldest"
        else:
            continue
        total -= sizes.get(case.ident, 0)
        yield case, why


def kept(manifest: Manifest, text: str) -> Kept:
    """What is told of it."""
    lost = (lost_words(manifest.lost),) if manifest.lost else ()
    return Kept(
        case=manifest.case, manifest=digest(text), size_bytes=manifest.size_bytes, lost=lost,
        made_at_s=manifest.made_at_s,
    )  # fmt: skip


def digest(text: str) -> str:
    """SHA-256 of a manifest; empty of none."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
