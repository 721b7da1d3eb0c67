"""The keeper's dealings with dockerd: one at a time, elsewhere, so that a stopped dockerd stops nothing else."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from shepherd.core.container.drift import drift, engine_problem
from shepherd.core.container.spec import container_spec, resolver_text
from shepherd.errors import CommandFailed, ShepherdError
from shepherd.model.container import EngineFacts, Started
from shepherd.model.lease import Lease
from shepherd.model.node_settings import NodeSettings
from shepherd.ports_node import Engine, NodeFile, RunDir, Tokens
from shepherd.programs.errand import Background, Errand


class Yard:
    """Prepares, buries and checks."""

    def __init__(
        self,
        settings: NodeSettings,
        engine: Engine,
        network_problem: Callable[[], str],
        shield: Callable[[int], None],
        run_dir: RunDir,
        tokens: Tokens,
        background: Background,
    ) -> None:
        """`network_problem` says why no container may be put on the network now, in one clause; empty if one may.
        `shield` loads the rules of the container whose PID 1 this is, before anything runs in it; raises as Engine."""
        self._settings, self._engine, self._run_dir, self._tokens = settings, engine, run_dir, tokens
        self._network_problem, self._shield = network_problem, shield
        self._start: Errand[Started] = Errand(background)
        self._burial: Errand[Sequence[str]] = Errand(background)
        self._check: Errand[str] = Errand(background)
        self._checked_s: float | None = None
        self._buried_s: float | None = None
        self.problem = ""
        """Why no container could be started here now, by the last check; empty if one could."""

    @property
    def busy(self) -> bool:
        """A request to dockerd is under way."""
        return self._start.busy or self._burial.busy or self._check.busy

    def prepare(self, lease: Lease) -> None:
        """Check everything, then start this lease's container; `started` has the outcome."""
        self._start.start(lambda: self._prepare(lease))

    def started(self) -> Started | ShepherdError | None:
        """The outcome of `prepare`, once."""
        return self._start.take()

    def bury(self, now_s: float, every_s: float) -> None:
        """Remove all containers of ours, at most every so often; `buried` has the outcome."""
        if self._buried_s is None or now_s - self._buried_s >= every_s:
            self._buried_s = now_s
            self._burial.start(lambda: self._engine.remove_all(None))

    def buried(self) -> Sequence[str] | ShepherdError | None:
        """The outcome of `bury`, once: the last words of what was removed."""
        outcome = self._burial.take()
        if outcome is not None and not isinstance(outcome, ShepherdError):
            self._buried_s = None
        return outcome

    def check(self, now_s: float, every_s: float) -> None:
        """While no lend is on: keep `problem` true, and no container of ours about."""
        due = self._checked_s is None or now_s - self._checked_s >= every_s
        if due and not self.busy and self._check.start(self._look):
            self._checked_s = now_s

    def collect_check(self) -> None:
        """Learn what a check found that is back."""
        match self._check.take():
            case None:
                pass
            case str() as problem:
                self.problem = problem
            case ShepherdError() as error:
                self.problem = error.diagnosis()

    def _look(self) -> str:
        self._tokens.check()
        self._engine.remove_all(None)
        return self._problem(self._engine.facts(), frozenset(self._settings.images))

    def _prepare(self, lease: Lease) -> Started:
        self._engine.remove_all(None)
        facts = self._engine.facts()
        if problem := self._problem(facts, frozenset({lease.image})):
            raise CommandFailed(problem)
        self._run_dir.open_to(facts.root_gid)
        self._run_dir.write(NodeFile.TOKEN, self._tokens.mint())
        self._run_dir.write(NodeFile.RESOLVER, resolver_text(self._settings))
        spec = container_spec(self._settings, lease)
        started = self._engine.run(spec)
        self._shield(started.pid)
        if problem := drift(spec, self._engine.seen(started)):
            raise CommandFailed(problem)
        return started

    def _problem(self, facts: EngineFacts, images: AbstractSet[str]) -> str:
        """Why none of these images can be lent to guests here now; empty if one can."""
        problem = engine_problem(self._settings, facts) or self._network_problem()
        return problem or self._engine.image_problem(images)
