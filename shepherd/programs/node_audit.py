"""`shepherd check --audit`: everything that must hold on this host, looked at now, whatever the keeper is doing."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shepherd.core.container.record import Made
from shepherd.core.container.spec import container_spec
from shepherd.core.keeper.lend import Lend
from shepherd.errors import ShepherdError
from shepherd.model.container import Started
from shepherd.model.node_settings import NodeSettings
from shepherd.ports_node import Engine, Tokens
from shepherd.programs.keeper.checks import Checks

NOT_LENT = "no container runs here; its walls are tried before the next lend"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One thing that was looked at."""

    what: str
    problem: str
    """Why it is not in order, in one clause; empty if it is."""


@dataclass(frozen=True, kw_only=True)
class NodeAudit:
    """One host's audit. Changes nothing."""

    settings: NodeSettings
    engine: Engine
    checks: Checks
    tokens: Tokens
    lend: Lend | None
    made: Made
    """The keeper's record of what its container was made as."""

    def run(self) -> Iterator[Looked]:
        """Look at everything; each is told as soon as it is known."""
        yield self._looked("token for the flock pool", self.tokens.check)
        yield self._looked("dockerd, network, host guard and images", self._host)
        yield self._looked("leak targets", self.checks.silent_targets)
        if self.lend is None or self.lend.container is None:
            yield Looked(what=NOT_LENT, problem="")
            return
        started = Started(ident=self.lend.container.ident, pid=self.lend.container.pid)
        now, made = container_spec(self.settings, self.lend.lease), self.made
        look = functools.partial(self.checks.look_at, now, made, started)
        yield self._looked("the container's walls, and what it reaches", look)

    def _host(self) -> str:
        return self.checks.host_problem(self.engine.facts(), frozenset(self.settings.images))

    def _looked(self, what: str, look: Callable[[], str | None]) -> Looked:
        try:
            return Looked(what=what, problem=look() or "")
        except ShepherdError as exc:
            return Looked(what=what, problem=exc.diagnosis())
