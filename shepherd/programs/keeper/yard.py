"""The keeper's dealings with dockerd: one at a time, elsewhere, so that a stopped dockerd stops nothing else."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from shepherd.core.container import record
from shepherd.core.container.spec import container_spec, resolver_text
from shepherd.errors import CommandFailed, DockerUnavailable, ShepherdError, Unavailable
from shepherd.model.container import Started
from shepherd.model.lease import Lease
from shepherd.model.node_settings import NodeSettings
from shepherd.ports_node import Engine, NodeFile, RunDir, Tokens
from shepherd.ports_trace import JobFiles
from shepherd.programs.errand import Background, Errand
from shepherd.programs.keeper.checks import Checks

RENEW_AGAIN_S = 60.0
"""Pause before a token that was not to be had is asked for again."""


class Yard:
    """Prepares, buries and checks."""

    def __init__(
        self,
        settings: NodeSettings,
        engine: Engine,
        checks: Checks,
        run_dir: RunDir,
        tokens: Tokens,
        background: Background,
        files: JobFiles,
        login: Callable[[], tuple[str, str] | None] = lambda: None,
        spared: Callable[[], AbstractSet[str]] = frozenset,
    ) -> None:
        """`login`: user and password for the registry, if it wants any; raises CommandFailed. `spared`: containers that
        are not removed, because they are evidence; raises CommandFailed."""
        self._settings, self._engine, self._checks = settings, engine, checks
        self._run_dir, self._tokens, self._files, self._login = run_dir, tokens, files, login
        self._spared = spared
        self._start: Errand[Started] = Errand(background)
        self._burial: Errand[Sequence[str]] = Errand(background)
        self._check: Errand[str] = Errand(background)
        self._round: Errand[bool] = Errand(background)
        self._patrolled_s: float | None = None
        self.fruitless_rounds = 0
        """Patrols in a row that could not show that guests stay in; a dockerd that is away is none."""
        self._renewal: Errand[bool] = Errand(background)
        self._renewed: bool | ShepherdError | None = None
        self._renewed_from_s: float | None = None
        self._minted_s: float | None = None
        self._checked_s: float | None = None
        self._buried_s: float | None = None
        self.problem = ""
        """Why no container could be started here now, by the last check; empty if one could."""

    @property
    def busy(self) -> bool:
        """A request to dockerd is under way."""
        return self._start.busy or self._burial.busy or self._check.busy or self._round.busy or self._renewal.busy

    def prepare(self, lease: Lease, now_s: float) -> None:
        """Check everything, then start this lease's container; `started` has the outcome."""
        self._patrolled_s, self._minted_s, self.fruitless_rounds = None, now_s, 0
        self._start.start(lambda: self._prepare(lease))

    def started(self) -> Started | ShepherdError | None:
        """The outcome of `prepare`, once."""
        return self._start.take()

    def patrol(self, lease: Lease, started: Started, now_s: float) -> None:
        """While it is lent, every `leak_check_s`: look whether the walls still stand. `patrolled` has the outcome."""
        if self._patrolled_s is None:
            self._patrolled_s = now_s
        due = now_s - self._patrolled_s >= self._settings.leak_check_s
        if due and not self.busy and self._round.start(lambda: self._patrol(lease, started)):
            self._patrolled_s = now_s

    def patrolled(self) -> ShepherdError | None:
        """What the last round met, once."""
        outcome = self._round.take()
        if outcome is not None:
            fruitless = isinstance(outcome, Unavailable) and not isinstance(outcome, DockerUnavailable)
            self.fruitless_rounds = self.fruitless_rounds + 1 if fruitless else 0
        return outcome if isinstance(outcome, ShepherdError) else None

    def renew(self, now_s: float) -> ShepherdError | None:
        """While it is lent: another token before the half of its life is over, tried until there is one. A keeper that
        was restarted does not know how old the token is. Returns what went wrong, once."""
        outcome, self._renewed = self._renewed, None
        if outcome is True:
            self._minted_s = self._renewed_from_s
        old = self._minted_s is None or now_s - self._minted_s >= self._settings.token_s / 2
        tried = self._renewed_from_s is not None and now_s - self._renewed_from_s < RENEW_AGAIN_S
        if old and not tried and self._renewal.start(self._renew):
            self._renewed_from_s = now_s
        return outcome if isinstance(outcome, ShepherdError) else None

    def bury(self, now_s: float, every_s: float) -> None:
        """Remove all containers of ours, at most every so often; `buried` has the outcome."""
        if self._buried_s is None or now_s - self._buried_s >= every_s:
            self._buried_s = now_s
            self._burial.start(lambda: self._engine.remove_all(self._spared()))

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
        """Learn what a check found that is back, and that a token is: nobody may ask for that on the way home."""
        self._renewed = self._renewal.take() or self._renewed
        match self._check.take():
            case None:
                pass
            case str() as problem:
                self.problem = problem
            case ShepherdError() as error:
                self.problem = error.diagnosis()

    def _look(self) -> str:
        self._tokens.check()
        self._engine.remove_all(self._spared())
        self._fetch()
        return self._checks.mend(self._engine.facts(), frozenset(self._settings.images))

    def _fetch(self) -> None:
        """Have all images here before a lend needs one."""
        if self._settings.registry:
            for image in self._settings.images:
                self._engine.fetch(image, self._settings.registry, self._login())

    def _prepare(self, lease: Lease) -> Started:
        self._engine.remove_all(self._spared())
        facts = self._engine.facts()
        if problem := self._checks.host_problem(facts, frozenset({lease.image})):
            raise CommandFailed(problem)
        self._run_dir.open_to(facts.root_gid)
        self._files.make(lease.lease, facts.root_uid, facts.root_gid)
        self._run_dir.write(NodeFile.TOKEN, self._tokens.mint())
        self._run_dir.write(NodeFile.RESOLVER, resolver_text(self._settings))
        spec = container_spec(self._settings, lease)
        self._run_dir.write(NodeFile.SPEC, record.to_json(spec, self._checks.rules))
        started = self._engine.run(spec)
        self._checks.close_in(spec, started)
        return started

    def _patrol(self, lease: Lease, started: Started) -> bool:
        made = record.from_json(self._run_dir.read(NodeFile.SPEC))
        self._checks.patrol(container_spec(self._settings, lease), made, started)
        return True

    def _renew(self) -> bool:
        self._run_dir.write(NodeFile.TOKEN, self._tokens.mint())
        return True
