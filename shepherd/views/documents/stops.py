"""Documents of those who are stopped, and of orders that were left for the daemon."""

from typing_extensions import TypedDict

from shepherd.model.intents import IntentKind
from shepherd.model.stop import BanKind


class BanJson(TypedDict):
    """One ban that stands."""

    kind: BanKind
    value: str
    """Whom or what."""
    addresses: list[str]
    """Cut off at the gateway."""
    at_s: float
    until_s: float | None
    """Null: until `shepherd unban`."""
    who: str
    why: str
    domain: str
    """Of a guest: whose users are banned."""


class BansJson(TypedDict):
    """`shepherd ban --list --json`."""

    bans: list[BanJson]


class QuarantineJson(TypedDict):
    """One quarantine."""

    ident: str
    host: str
    address: str
    """Of the container; empty: there was none."""
    at_s: float
    who: str
    why: str
    keep_host: bool
    """The host stays out of work until it is released."""
    released_at_s: float | None
    done: bool
    """Its keeper has said that it is carried out."""


class QuarantinesJson(TypedDict):
    """`shepherd quarantine --list --json`."""

    quarantines: list[QuarantineJson]


class OrderJson(TypedDict):
    """`--json` of `flockoff`, `flockon`, `ban`, `unban`, `quarantine` and `release`: an order that was left."""

    kind: IntentKind
    intent: str
    """Its name, the cause of the records of it."""
    about: dict[str, str]
    """What it is about, by name."""
    why: str
    for_s: float | None
    """How long; null: until it is ended."""
    running: bool | None
    """Whether somebody is there to obey now; null: this user may not ask. An order waits for the daemon."""
    said: str
    """The same in a sentence."""
