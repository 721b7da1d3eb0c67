"""What adding and removing guests needs of the world. Edges implement these."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from shepherd.errors import SettingsError
from shepherd.model.guest import Claim, FlockPool, Guest, Token


class GuestFiles(Protocol):
    """What is written of guests on this machine. Every write is one atomic step. Raises CommandFailed."""

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else adds or removes guests meanwhile. Raises Unavailable if somebody does."""

    def guests(self) -> Sequence[Guest]:
        """All guests, removed ones too, by name. Raises SettingsError for the first file that is wrong."""

    def guest(self, name: str) -> Guest | None:
        """One guest, whatever the others' files are like. Raises SettingsError if its own is not understood."""

    def understood(self) -> tuple[Sequence[Guest], Sequence[SettingsError]]:
        """All guests but those whose files are wrong, and what is wrong with these."""

    def keep(self, guest: Guest) -> None:
        """Write a guest's file."""

    def configure(self, text: str) -> None:
        """Write what the flock pool is told of its guests."""

    def hand_over(self, guest: Guest, token: Token, snippet: str) -> Sequence[str]:
        """Write token (root's alone) and snippet for the guest's administrator; where they lie."""

    def clear_handover(self, guest: Guest) -> None:
        """Remove both, if they are still there."""


class FlockPoolHands(Protocol):
    """The flock pool, as its own administrator. Every method ends within its deadline."""

    def about(self) -> FlockPool:
        """What guests must know of it. Raises UsageError if it cannot have guests: no configuration, not the one that
        this is for, no directory for files of it, no signing key."""

    def mint(self, identity: str, lifetime_s: float) -> Token:
        """Make a token that can advertise schedds and read, and nothing else. Raises CommandFailed."""

    def reload(self) -> bool:
        """Have its daemons read their configuration; False if it does not answer, so that it will when it starts."""

    def lets_in(self, token: Token) -> bool:
        """Whether its collector lets somebody with this token advertise a schedd, or read. Raises PoolUnavailable if
        it does not say."""

    def obeys(self, guests: Sequence[Guest]) -> bool:
        """Whether its collector has read that these guests may sign in, and what they may advertise."""

    def withdraw(self, guests: Sequence[Guest]) -> Sequence[str]:
        """Take every guest's ad out of its collector that these guests may not advertise; what is left of such all the
        same, by name. Raises CommandFailed."""

    def claims(self) -> Sequence[Claim]:
        """The slots that anybody's jobs have. Raises CommandFailed."""

    def end(self, claims: Sequence[Claim]) -> None:
        """Tell the startds to end these claims at once. Raises CommandFailed for the first that could not be told."""
