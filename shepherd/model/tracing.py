"""The answer to a question of who did what: who can have been it, how that is known, and what cannot be known.

Times are of the shepherd's clock, each known only to within how far the clocks were known to be apart.
"""

import dataclasses
import enum

from shepherd.model.question import Question
from shepherd.model.trace import ClockSeen, Gap
from shepherd.model.trace_rows import Flow, Job, Stay


class Verdict(enum.Enum):
    """What an answer, or one connection in it, comes to."""

    NAMED = "named"
    """The records leave one, and nothing that bears on it is missing."""
    AMBIGUOUS = "ambiguous"
    """The records leave several, all of them named, and nothing that bears on it is missing."""
    NO_JOB = "no job's"
    """The container itself did it, by an account that no job had."""
    INCOMPLETE = "incomplete"
    """What is named is so; others may be missing, because the records have gaps."""
    NOTHING = "nothing found"
    """Nothing that was asked for is on record, and the record is whole."""
    UNANSWERABLE = "unanswerable"
    """What is missing could be the answer. What is on record is shown all the same."""


class Standing(enum.Enum):
    """How much a link of the evidence is worth."""

    PROVEN = "proven"
    """Seen by the kernel, our programs or HTCondor's authentication on our side."""
    CLAIMED = "claimed"
    """The word of a schedd that is not ours."""
    OPEN = "open"
    """Not known, or not to be told apart."""


class LinkKind(enum.Enum):
    """The links between a connection and a person, in their order."""

    FLOW = "flow"
    STAY = "host"
    ACCOUNT = "account"
    JOB = "job"
    SENDER = "schedd"
    USER = "user"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Link:
    """One link of the evidence, in words that name no person."""

    kind: LinkKind
    standing: Standing
    text: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Times:
    """When something began and ended. Each is known to within so much, either way; None: not ended."""

    from_s: float
    from_within_s: float
    until_s: float | None
    until_within_s: float = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sender:
    """Whom a job came from."""

    schedd: str
    """Its name; claimed unless `standing` says otherwise."""
    peer: str
    """Where its claim was activated from, as our startd saw it."""
    identity: str = ""
    """Who had signed in as that schedd; empty: nobody was seen."""
    guest: str = ""
    """Whose that schedd is; as much claimed as the schedd."""
    standing: Standing = Standing.CLAIMED
    why: str = ""
    contact: str = ""
    """Mail address of whom to ask; known to the site, not to the records."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Suspect:
    """A job that can have been it."""

    job: Job
    times: Times
    sender: Sender
    links: tuple[Link, ...]
    others: "tuple[JobFlow, ...] | None" = None
    """Its connections, if they were asked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobFlow:
    """A connection of a job, or of its container if the account is not known."""

    flow: Flow
    times: Times
    nat_address: str
    nat_port: int | None
    by_account: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class StayFound:
    """A host's time in a herd."""

    stay: Stay
    times: Times
    jobs: tuple[Suspect, ...] = ()
    """Jobs that ran there in the time asked for, if jobs were asked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowFound:
    """A connection that was asked for, and who can have been it."""

    flow: Flow
    times: Times
    stays: tuple[StayFound, ...]
    """Where it can have come from."""
    account: int | None
    suspects: tuple[Suspect, ...]
    may_be_container: bool
    """Whether it can have been HTCondor itself, too, and no job."""
    verdict: Verdict
    why: tuple[str, ...]
    """Why not one and certain, a sentence each; why it is, if it is."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tracing:
    """The whole answer."""

    question: Question
    verdict: Verdict
    flows: tuple[FlowFound, ...]
    """If a connection was asked for."""
    stays: tuple[StayFound, ...]
    """Else."""
    gaps: tuple[Gap, ...]
    """That overlap the time asked for, or bear on what was found."""
    clocks: tuple[ClockSeen, ...]
    """By which times were told: of each source the nearest to the time asked for."""
    notes: tuple[str, ...]
    """What else is to be said: how far the search was widened, what could not be asked, what was cut."""

    def suspects(self) -> list[Suspect]:
        """All jobs that are named, once each, in their order."""
        found = [one for flow in self.flows for one in flow.suspects] + [one for at in self.stays for one in at.jobs]
        unique = {(s.job.begun.host, s.job.begun.container, s.job.begun.slot, s.job.begun.begun): s for s in found}
        return list(unique.values())
