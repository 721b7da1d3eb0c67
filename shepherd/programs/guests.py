"""Adding and removing guests, step by step: each step may be repeated, and repeating all of them completes what was
interrupted between any two."""

import dataclasses
from collections.abc import Callable, Sequence

from shepherd.core.guest.admission import added, needs_token, removing
from shepherd.core.guest.claims import to_end
from shepherd.core.guest.pool_config import pool_config
from shepherd.core.guest.rules import guest_problems, site_problems
from shepherd.core.guest.snippet import snippet
from shepherd.core.settings.forms import Problem
from shepherd.errors import PoolUnavailable, SettingsError, UsageError
from shepherd.model.guest import Anew, Deed, FlockPool, Guest, Standing, Token, Wanted
from shepherd.ports_guest import FlockPoolHands, GuestFiles

DAY_S = 86400.0
PROBE_S = 120.0
"""Lifetime of a token that only shows that nobody is let in with such a one."""
SETTLED_S = 20.0
"""Within this the pool obeys its new configuration."""
GONE_S = 60.0
"""Within this the claims of a removed guest are gone."""
LOOK_S = 0.2
"""How often the pool is asked meanwhile."""

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clock:
    """Time, as far as it is needed here. Seconds."""

    wall_s: Callable[[], float]
    monotonic_s: Callable[[], float]
    pause: Callable[[float], None]
    instant: Callable[[float], str]
    """A moment in words."""


class Guests:
    """Adds and removes. Every method says each step it has taken, and holds the lock from the first to the last."""

    def __init__(
        self, files: GuestFiles, pool: FlockPoolHands, clock: Clock, *, who: str, graceful_s: float, say: Say
    ) -> None:
        self._files, self._pool, self._clock, self._say = files, pool, clock, say
        self._who, self._graceful_s = who, graceful_s

    def add(self, name: str, wanted: Wanted, anew: Anew) -> Guest:
        """Add a guest, change it, give it a new token, or complete what was interrupted.

        Raises UsageError, with nothing changed, if that cannot be; CommandFailed, PoolUnavailable if it went wrong
        half way: repeat it.
        """
        pool = self._pool.about()
        with self._files.alone():
            known = self._files.guests()
            guest = added(name, _named(name, known), wanted, anew, self._deed(), pool.trust_domain)
            self._refuse(guest, known, pool)
            if guest != _named(name, known):
                self._files.keep(guest)
            return self._admit(guest, anew, pool)

    def _admit(self, guest: Guest, anew: Anew, pool: FlockPool) -> Guest:
        token = self._issue(guest, pool) if needs_token(guest, anew) else None
        runs = self._configure()
        if runs:
            self._withdraw()
        if token is None:
            self._say(f"{guest.name} is a guest as {guest.identity}; the flock pool knows it as it is written here")
            return guest
        if runs:
            self._await(lambda: self._pool.lets_in(token), f"{guest.identity} is let in with its token")
        done = dataclasses.replace(
            guest, standing=Standing.ADMITTED, token_id=token.ident, token_until_s=token.until_s
        )
        self._files.keep(done)
        self._say(f"{guest.name} is a guest as {guest.identity}")
        return done

    def _issue(self, guest: Guest, pool: FlockPool) -> Token:
        token = self._pool.mint(guest.identity, guest.token_days * DAY_S)
        text = snippet(guest, pool, self._clock.instant(token.until_s), self._graceful_s)
        for place in self._files.hand_over(guest, token, text):
            self._say(f"to hand over: {place}")
        return token

    def remove(self, name: str, *, every_claim: bool) -> Guest:
        """Remove a guest: nobody is let in as it any more, its ads leave the flock pool, its claims end.

        `every_claim`: end all guests' claims, because its schedds cannot be trusted to say which are theirs. Repeating
        it for a guest that is removed already does all of that again. Raises as `add`, and PoolUnavailable if the flock
        pool does not answer: nobody is let in as the guest once it does. Other guests' files that are wrong hinder
        nothing: they let nobody in from then on, and SettingsError is raised when all is done.
        """
        self._pool.about()
        with self._files.alone():
            guest = self._leaving(name)
            if not self._configure():
                message = f"the flock pool does not answer; {name} is not let in once it has started anew"
                raise PoolUnavailable(f"{message}; then repeat this, to see that its claims are gone")
            if guest is not None:
                self._shut_out(guest)
            self._withdraw()
            self._say("its ads are out of the flock pool's collector")
            self._vacate(every=every_claim)
            if guest is not None:
                self._forget(guest)
            return next(one for one in self._files.guests() if one.name == name)

    def _leaving(self, name: str) -> Guest | None:
        """The guest that is removed; None if its file is wrong, which lets nobody in."""
        try:
            known = self._files.guest(name)
        except SettingsError:
            return None
        guest = removing(name, known, self._deed())
        if guest != known:
            self._files.keep(guest)
        return guest

    def _shut_out(self, guest: Guest) -> None:
        probe = self._pool.mint(guest.identity, PROBE_S)
        self._await(lambda: not self._pool.lets_in(probe), f"{guest.identity} is refused")
        self._say(f"{guest.identity} is refused, with whatever token")

    def _vacate(self, *, every: bool) -> None:
        present = [guest for guest in self._files.understood()[0] if guest.may_sign_in]
        ended: set[str] = set()

        def are_gone() -> bool:
            claims = to_end(self._pool.claims(), present, every=every)
            ended.update(claim.slot for claim in claims)
            self._pool.end(claims)
            return not claims

        self._await(are_gone, "no claim of it is left", within_s=GONE_S)
        self._say(f"claims ended: {' '.join(sorted(ended)) or 'it had none'}")

    def _forget(self, guest: Guest) -> None:
        self._files.clear_handover(guest)
        done = dataclasses.replace(guest, standing=Standing.REMOVED)
        if done != guest:
            self._files.keep(done)
        self._say(f"{guest.name} is removed")

    def _configure(self) -> bool:
        guests, wrong = self._files.understood()
        for one in wrong:
            self._say(f"let in no more, until it is mended and `shepherd guest add` repeated: {one}")
        self._files.configure(pool_config(guests))
        runs = self._pool.reload()
        if not runs:
            self._say("the flock pool does not answer; it reads who its guests are when it starts")
        return runs

    def _withdraw(self) -> None:
        """What guests had advertised, and may no more, by the configuration that the pool has read meanwhile."""
        guests, _ = self._files.understood()
        self._await(lambda: self._pool.obeys(guests), "the flock pool's collector has read who its guests are")
        self._await(lambda: not self._pool.withdraw(guests), "no ad is left that no guest may advertise")

    def _refuse(self, guest: Guest, known: Sequence[Guest], pool: FlockPool) -> None:
        others = [other for other in known if other.name != guest.name]
        problems = [*guest_problems(guest), *site_problems(guest, others, self._graceful_s, pool.trust_domain)]
        if problems:
            raise UsageError("\n".join(map(_words, problems)))

    def _await(self, question: Callable[[], bool], what: str, within_s: float = SETTLED_S) -> None:
        end_s = self._clock.monotonic_s() + within_s
        while not question():
            if self._clock.monotonic_s() >= end_s:
                raise PoolUnavailable(f"within {within_s:g} s it did not come true that {what}; repeat this")
            self._clock.pause(LOOK_S)

    def _deed(self) -> Deed:
        return Deed(who=self._who, at_s=round(self._clock.wall_s()))


def _named(name: str, guests: Sequence[Guest]) -> Guest | None:
    return next((guest for guest in guests if guest.name == name), None)


def _words(problem: Problem) -> str:
    return f"{problem.key}: {problem.problem}; {problem.remedy}"
