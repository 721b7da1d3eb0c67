"""A guest: a foreign pool whose schedds may flock to us, as `/etc/shepherd/guests.d/NAME.toml` has it."""

import dataclasses
import enum


class Standing(enum.Enum):
    """How far a guest's admission or removal has come. Repeating completes what was interrupted."""

    ADDING = "adding"
    """Its identity may sign in; whether its token was written is not known."""
    ADMITTED = "admitted"
    """Everything is done, and its token was handed out."""
    REMOVING = "removing"
    """Nothing of it may sign in; whether its ads and claims are gone is not known."""
    REMOVED = "removed"
    """Everything of it is gone. The file stays, so that a later guest of this name gets another identity."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guest:
    """One guest. Written by `shepherd guest` alone. No field is a secret."""

    name: str
    """Short name, as in the file's own."""
    generation: int
    """Counts the identities that this name has had, from 1. Only the newest may sign in."""
    standing: Standing
    """How far its admission or removal has come."""
    identity: str
    """Whom its token names, `guest.NAME.GENERATION@TRUST_DOMAIN` of the flock pool."""
    schedds: tuple[str, ...]
    """Names of its schedds as in their ads. It may advertise no other."""
    domain: str
    """What stands after the `@` in its users' names: UID_DOMAIN of its schedds. No other guest has it, and it may
    advertise no submitter of another."""
    contact: str = ""
    """Mail address of whom to ask when its jobs do harm."""
    hosts: int = 0
    """How many hosts' worth of cores and memory its jobs may have at a time, at most; 0: no limit. Hosts. The flock
    pool's negotiator counts by what claims say of their users, which a schedd that was tampered with may falsify."""
    notice_s: float = 0.0
    """The notice before a reclaim that it was promised; 0: whatever `graceful_s` is. Seconds. A lent host serves
    several guests and goes home as a whole, so that this is no timer of its own: a promise above `graceful_s` is
    refused, and shown when `graceful_s` falls below it later. A job that says `job_max_vacate_time` may get less."""
    token_days: int = 365
    """How long its token is good for. Days."""
    token_id: str = ""
    """Id of its newest token (`jti`), to find it in logs; the token itself is nowhere here."""
    token_until_s: float = 0.0
    """When that token ends. Seconds since 1970."""
    added_by: str = ""
    """Who added this generation."""
    added_at_s: float = 0.0
    """When. Seconds since 1970."""
    changed_by: str = ""
    """Who changed it last, or gave it a new token."""
    changed_at_s: float = 0.0
    """When. Seconds since 1970."""
    removed_by: str = ""
    """Who removed it."""
    removed_at_s: float = 0.0
    """When. Seconds since 1970."""
    past: tuple[str, ...] = ()
    """Identities that this name had before, with when and by whom each began and ended."""

    @property
    def may_sign_in(self) -> bool:
        """Whether the flock pool is to know its identity."""
        return self.standing in {Standing.ADDING, Standing.ADMITTED}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody asks for a guest; None: as it is, or the default."""

    schedds: tuple[str, ...] | None = None
    domain: str | None = None
    contact: str | None = None
    hosts: int | None = None
    notice_s: float | None = None
    token_days: int | None = None

    def given(self) -> dict[str, object]:
        """The fields that were given."""
        return {key: value for key, value in vars(self).items() if value is not None}


class Anew(enum.Enum):
    """What an existing guest gets besides what is asked of its fields."""

    NOTHING = "nothing"
    CHANGE = "change"
    """Other values than it has."""
    RENEW = "renew"
    """One more token; older ones stay good until they end."""
    REISSUE = "reissue"
    """A new identity with a token of its own; older tokens are refused at once, running jobs stay."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deed:
    """Who does something to a guest, and when."""

    who: str
    at_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlockPool:
    """What a guest must know of the flock pool."""

    trust_domain: str
    """Issuer of its tokens."""
    collector: str
    """Where guests' schedds find it, `host:port`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """A token and what may be told of it."""

    text: str = dataclasses.field(repr=False)
    ident: str
    until_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A slot that somebody's jobs have, as the flock collector has it. User and schedd are what the schedd says."""

    slot: str
    user: str
    schedd: str
    address: str = ""
    """IPv4 address of the machine that has claimed it (`ClientMachine`), if the startd gave that."""
