"""A host's disk, as far as evidence lies on it, and the parts of a keeper that carry out a quarantine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from shepherd.model.evidence import Piece, Taking
from shepherd.ports_node import Engine
from shepherd.programs.errand import Background
from shepherd.programs.keeper.evidence import Evidence
from shepherd.programs.keeper.pages import PageReader
from shepherd.programs.keeper.quarantine import KeeperQuarantine, Means, Records
from shepherd.sim.clock import SimClock
from shepherd.sim.node_ports import SimKernel, SimNetwork

if TYPE_CHECKING:
    from shepherd.ports import Log
    from shepherd.sim.host import Host

CASE, MANIFEST, TAKEN = "case.json", "manifest.json", "take1/index.jsonl"


class SimEvidence:
    """Files by ident and name. It outlives keepers and boots."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, str]] = {}
        self.lines: list[str] = []

    def cases(self) -> Mapping[str, str]:
        """See the port."""
        return {ident: files[CASE] for ident, files in self.files.items() if CASE in files}

    def open(self, ident: str, case: str) -> None:
        """See the port."""
        self.files.setdefault(ident, {}).setdefault(CASE, case)

    def take(self, ident: str, taking: Taking) -> None:
        """See the port."""
        self.files[ident][TAKEN] = f"{sorted(taking.pids)}"

    def keep(self, ident: str, name: str, text: str) -> None:
        """See the port."""
        self.files[ident][name] = text

    def read(self, ident: str, name: str) -> str | None:
        """See the port."""
        return self.files.get(ident, {}).get(name)

    def pieces(self, ident: str) -> tuple[Sequence[Piece], Sequence[str]]:
        """See the port."""
        lost = [] if TAKEN in self.files[ident] else ["nothing was recorded while the container was frozen"]
        return list(self.found(ident).values()), lost

    def layer(self, ident: str) -> Sequence[Piece]:
        """See the port."""
        del ident
        return ()

    def found(self, ident: str) -> Mapping[str, Piece]:
        """See the port."""
        return {
            name: Piece(name=name, size_bytes=len(text), sha256=hashlib.sha256(text.encode()).hexdigest(), what="")
            for name, text in self.files[ident].items()
            if name != MANIFEST
        }

    def sizes(self) -> Mapping[str, int]:
        """See the port."""
        return {ident: sum(map(len, files.values())) for ident, files in self.files.items()}

    def delete(self, ident: str) -> None:
        """See the port."""
        self.files.pop(ident, None)

    def custody(self) -> Sequence[str]:
        """See the port."""
        return tuple(self.lines)

    def note(self, make: Callable[[str], str]) -> None:
        """See the port."""
        self.lines.append(make(self.lines[-1] if self.lines else ""))


def quarantine_of(
    host: Host, engine: Engine, pages: PageReader, background: Background, log: Log, records: Records
) -> KeeperQuarantine:
    """As `programs/node_wiring.py` makes it."""
    clock = SimClock(host.wall_s, host.boottime_s)
    means = Means(
        kernel=SimKernel(host),
        run_dir=host.run_dir,
        network=SimNetwork(host),
        evidence=Evidence(host.settings, engine, host.evidence, clock, log),
        pages=pages,
        clock=clock,
        background=background,
        log=log,
        records=records,
    )
    return KeeperQuarantine(host.settings, means)
