"""What our ApiUser must be allowed, and what of that it is not."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import Permissions, SilenceKind


def needed(icinga: IcingaSettings) -> Iterator[str]:
    """Names of permissions, as Icinga's `permissions` have them: for one way of silencing, and to see what the other
    left."""
    silenced = _kinds([*icinga.regular, *icinga.flock])
    asked_for = _kinds([*icinga.regular, *icinga.flock, icinga.heartbeat])
    match icinga.silence:
        case SilenceKind.DOWNTIME:
            yield from ("actions/schedule-downtime", "actions/remove-downtime", "objects/query/Downtime")
            yield from (f"objects/query/{kind}" for kind in asked_for)
        case SilenceKind.CHECKS_OFF:
            yield from (f"objects/query/{kind}" for kind in asked_for)
            yield from (f"objects/modify/{kind}" for kind in silenced)
            yield from ("actions/remove-downtime", "objects/query/Downtime")
    if icinga.heartbeat:
        yield "actions/process-check-result"


def _kinds(checks: Sequence[str]) -> Sequence[str]:
    return sorted({"Service" if "!" in name else "Host" for name in checks if name})


def missing(permissions: Permissions, icinga: IcingaSettings) -> tuple[str, ...]:
    """Those that are not granted, in order; `*` and `?` in what is granted count as Icinga counts them. Whether a
    filter leaves our objects out is seen only by asking for them."""
    patterns = [one.lower() for one in permissions.granted]
    return tuple(one for one in needed(icinga) if not any(fnmatchcase(one.lower(), pattern) for pattern in patterns))
