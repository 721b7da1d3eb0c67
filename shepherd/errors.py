"""Every error the shepherd raises, in one tree.

    ShepherdError                 has `diagnosis()`: what happened, where, what to do
    ├── BadInput                  a human gave something wrong; exit code 2
    │   ├── SettingsError         a setting: names file and key
    │   └── UsageError            a verb or its arguments
    ├── Unavailable               the outside did not answer; asking again later may help
    │   ├── PoolUnavailable       a collector or schedd is silent or refuses (`refused` tells which)
    │   ├── DockerUnavailable     dockerd does not answer in time
    │   ├── MonitoringUnavailable the monitoring is silent, reloading, or answers nothing that is understood
    │   └── LedgerUnavailable     nothing can be recorded: no lending, reclaims go on
    ├── CommandFailed             the outside answered and it went wrong; says how to repeat it by hand
    │   ├── MonitoringRefused     the monitoring says no, to one request or to our user
    │   └── LeakFound             a guest could reach what it must not; stops flocking
    ├── Refused                   a rule said no; expected, counted, never a traceback
    │   ├── LeaseRefused          a lease page is forged, stale, replayed or not for this host
    │   ├── TraceRefused          a spool's segment, or a line of one, is not what a source of ours writes
    │   └── AnotherShepherd       a second active shepherd of this pool
    └── InvariantBroken           a defect of ours; carries what was seen

Foreign exceptions stop at the edge that met them and travel on only as `__cause__`.
"""

from collections.abc import Sequence


class ShepherdError(Exception):
    """Base of the tree. `str(error)` is one sentence a person understands."""

    def diagnosis(self) -> str:
        """What to show to a person: the sentence, without type names or tracebacks."""
        return str(self)


class BadInput(ShepherdError):
    """A human gave something wrong; nothing was changed. Exit code 2."""


class SettingsError(BadInput):
    """A setting is wrong: names the file, the key and the remedy. Others of the same reading follow,
    one a line, so that a person mends them all at once."""

    def __init__(
        self,
        *,
        file: str,
        key: str,
        problem: str,
        remedy: str,
        others: Sequence["SettingsError"] = (),
    ) -> None:
        self.file, self.key, self.problem, self.remedy = file, key, problem, remedy
        self.others = tuple(others)
        lines = [f"{file}: {key}: {problem}; {remedy}", *map(str, others)]
        super().__init__("\n".join(lines))


class UsageError(BadInput):
    """A verb was called in a way it cannot be."""


class Unavailable(ShepherdError):
    """The outside did not answer; the same question may be answered later."""


class PoolUnavailable(Unavailable):
    """A collector or schedd is silent (`refused=False`) or says no (`refused=True`)."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        self.refused = refused
        super().__init__(message)


class DockerUnavailable(Unavailable):
    """dockerd does not answer within its deadline."""


class MonitoringUnavailable(Unavailable):
    """The monitoring is silent, slow, reloading, or answers nothing that can be understood."""


class LedgerUnavailable(Unavailable):
    """Nothing can be recorded. Only reclaims go on (invariant 9)."""


class CommandFailed(ShepherdError):
    """An outside command answered and failed; `by_hand` repeats it."""

    def __init__(self, message: str, *, by_hand: str = "") -> None:
        self.by_hand = by_hand
        super().__init__(message + (f" (by hand: {by_hand})" if by_hand else ""))


class MonitoringRefused(CommandFailed):
    """The monitoring understood and says no: no such object, no permission, a wrong password (`is_user`)."""

    def __init__(self, message: str, *, is_user: bool = False) -> None:
        self.is_user = is_user
        super().__init__(message)


class LeakFound(CommandFailed):
    """A guest's job could reach what it must not: nothing is lent until a person has looked."""


class Refused(ShepherdError):
    """A rule said no. Expected, counted, shown; never a traceback."""


class LeaseRefused(Refused):
    """A lease page is forged, stale, replayed, or not for this host."""


class TraceRefused(Refused):
    """A trace record, or a segment of them, cannot be read."""


class AnotherShepherd(Refused):
    """Another shepherd instance is active in this pool."""


class InvariantBroken(ShepherdError):
    """A defect of ours: something that must always hold does not."""
