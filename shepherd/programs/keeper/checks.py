"""What must hold before a host is lent, before its container may run anything, and while it is lent."""

from collections.abc import Set as AbstractSet
from typing import Protocol

from shepherd.core.container import leaks, record
from shepherd.core.container.drift import drift, engine_problem
from shepherd.errors import CommandFailed, LeakFound, Unavailable
from shepherd.model.container import ContainerSpec, EngineFacts, Profile, Started
from shepherd.model.node_settings import NodeSettings
from shepherd.model.reach import Whence
from shepherd.ports_node import Engine, Reach, Shield


class HostNetwork(Protocol):
    """The host's side of the flock VLAN, as `NodeNetwork` has it. Raises CommandFailed, Unavailable."""

    def problem(self) -> str:
        """Why no container may be put on the network now, in one clause; empty if one may. Asks dockerd."""

    def mend(self) -> None:
        """Make what is missing. Asks dockerd. Raises Refused with the remedy besides."""

    def hold_guard(self) -> None:
        """Load the host guard's rules unless they are in force. Asks dockerd nothing."""

    def cut(self) -> None:
        """Let nothing of the container pass, either way, and see that it is so. Asks dockerd nothing. Idempotent."""

    def uncut(self) -> None:
        """The host guard's usual rules again. Idempotent."""


class Checks:
    """The keeper's look at dockerd, the network and the container. Every method may take as long as dockerd does."""

    def __init__(
        self,
        settings: NodeSettings,
        engine: Engine,
        reach: Reach,
        network: HostNetwork,
        shield: Shield,
    ) -> None:
        """`shield` is what the host adds to a container before anything runs in it."""
        self._settings, self._engine, self._reach = settings, engine, reach
        self._network, self._shield = network, shield

    def host_problem(self, facts: EngineFacts, images: AbstractSet[str]) -> str:
        """Why none of these images can be lent to guests here now; empty if one can."""
        problem = engine_problem(self._settings, facts) or self._network.problem()
        return problem or self._engine.image_problem(images)

    def mend(self, facts: EngineFacts, images: AbstractSet[str]) -> str:
        """The same while nothing is lent: the host's network is brought into order first, after a boot or a flushed
        firewall. Raises as `HostNetwork.mend`."""
        problem = engine_problem(self._settings, facts) or self._problem_left()
        return problem or self._engine.image_problem(images)

    def silent_targets(self) -> str:
        """Which leak targets answer nobody, not even this host, in one clause; empty if all do. Raises as `Reach`."""
        tried = {attempt for attempt in leaks.attempts(self._settings) if attempt.whence is Whence.HOST}
        silent = sorted(attempt.target for attempt in tried - self._reach.answered(None, tried))
        return f"{', '.join(silent)} answers nobody here, and so proves nothing; mend `leak_targets`" if silent else ""

    @property
    def rules(self) -> str:
        """The rules that `close_in` loads into a container's network."""
        return self._shield.rules

    def close_in(self, spec: ContainerSpec, started: Started) -> None:
        """Load the container's own rules, then look whether all walls stand, and whether a job's can be built. Raises
        as `look_at`."""
        self._shield.load(started.pid)
        self.look_at(spec, record.made(spec, self.rules), started)
        if self._settings.profile is Profile.APART and (problem := self._engine.job_problem(started)):
            raise CommandFailed(problem)

    def patrol(self, now: ContainerSpec, made: record.Made, started: Started) -> None:
        """The same while guests are in it. The host's side is mended first if somebody else's reload took it away: that
        is no reason to send guests home. `now`: the container as it would be made now. Raises as `look_at` and
        `HostNetwork.mend`. What dockerd is not needed for comes first: a stopped dockerd must hide no leak."""
        nothing = self._look_around(made, started)
        self._network.hold_guard()
        if problem := record.moved(made, now) or self._problem_left():
            raise CommandFailed(problem)
        self._look_into(now, made, started, nothing)

    def look_at(self, now: ContainerSpec, made: record.Made, started: Started) -> None:
        """Compare what runs with what it was made as, and try what must not be reached.

        Raises CommandFailed for a wall that is missing, LeakFound for one with a hole, Unavailable if nothing could be
        shown: a flock pool that is restarted, say. Leaks are tried first, because a stopped dockerd hides none.
        """
        self._look_into(now, made, started, self._look_around(made, started))

    def _look_around(self, made: record.Made, started: Started) -> str:
        """What it reaches, and its own rules. Returns why nothing could be shown; empty if something was."""
        finding = leaks.judge(self._settings, self._reach.answered(started.pid, leaks.attempts(self._settings)))
        if finding.leaks:
            raise LeakFound(finding.problem)
        if problem := self._shield.problem(started.pid, made.rules or self.rules):
            raise CommandFailed(problem)
        return finding.problem

    def _look_into(self, now: ContainerSpec, made: record.Made, started: Started, nothing: str) -> None:
        """What dockerd and the kernel say of it."""
        if nothing:
            raise Unavailable(nothing)
        seen = self._engine.seen(started)
        if problem := drift(record.as_made(made, now, seen.spec), seen):
            raise CommandFailed(problem)

    def _problem_left(self) -> str:
        """What is wrong with the network after mending it, if that was needed; empty if nothing is."""
        if not self._network.problem():
            return ""
        self._network.mend()
        return self._network.problem()
