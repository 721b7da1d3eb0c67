"""What a host makes of bans: which stand by its own clock, what its container's startd reads, whose jobs they hit."""

import json
from collections.abc import Iterable, Sequence

from shepherd.core.stop.bans import Bans, hits, is_over, people
from shepherd.core.stop.encode import ban_from, ban_members
from shepherd.errors import LeaseRefused
from shepherd.model.guest import Claim
from shepherd.model.stop import Ban, BanKind, JobSeen

SEPARATORS = frozenset(" ,")
"""Of HTCondor's lists: what has one in it is nobody's name there."""


def standing(bans: Iterable[Ban], wall_s: float) -> Bans:
    """Those that are not over by this clock."""
    return tuple(ban for ban in bans if not is_over(ban, wall_s))


def ad_text(bans: Sequence[Ban]) -> str:
    """The bans as attributes that the container's startd publishes and refuses by. All are there, also when empty: a
    startd that has none of them yet does not know whom to refuse, and refuses everybody."""
    lists = {
        "ShepherdBannedUsers": [ban.value for ban in bans if ban.kind is BanKind.USER],
        "ShepherdBannedDomains": [ban.domain for ban in bans if ban.kind is BanKind.GUEST],
        "ShepherdBannedSchedds": [ban.value for ban in bans if ban.kind is BanKind.SCHEDD],
    }
    return "".join(f"{name} = {listed(values)}\n" for name, values in lists.items())


def listed(values: Iterable[str]) -> str:
    """A list as HTCondor has it: one quoted string."""
    good = sorted({value for value in values if value and value.isprintable() and not SEPARATORS & set(value)})
    return '"' + ",".join(good).replace("\\", "\\\\").replace('"', '\\"') + '"'


def hit(jobs: Iterable[tuple[int, JobSeen]], bans: Sequence[Ban]) -> frozenset[int]:
    """The accounts whose job is of somebody banned, by any name that it goes by."""
    on = people(bans)
    claims = [(uid, Claim(slot="", user=job.user, schedd="", address=job.address)) for uid, job in jobs]
    return frozenset(uid for uid, claim in claims if any(hits(ban, claim) for ban in on))


def to_json(bans: Sequence[Ban]) -> str:
    """What is remembered over restarts of the keeper."""
    return json.dumps([dict(ban_members(ban)) for ban in bans], sort_keys=True)


def from_json(text: str) -> Bans:
    """The inverse. Raises LeaseRefused if it is damaged."""
    try:
        members = json.loads(text)
    except ValueError as exc:
        raise LeaseRefused(f"memory of bans is damaged: {exc}") from exc
    if not isinstance(members, list):
        raise LeaseRefused("memory of bans is damaged: no list")
    return tuple(ban_from(one) for one in members)
