"""Questions of `shepherd check`: who we are to a daemon, how HTCondor is configured here. Runs in the
worker. Rights are asked for by DC_SEC_QUERY (`ping`): the daemon says whether it would obey, and does nothing."""

from collections.abc import Mapping, Sequence

import htcondor2

IDENTITY, DOMAIN, MAY = "MyRemoteUserName", "TrustDomain", "AuthorizationSucceeded"
ANYBODY = "ALLOW"
"""The level of what everybody may; asking for it tells who we are, also where we may nothing."""


class NobodyListens(Exception):
    """There is nobody at this address."""


class NoAnswer(Exception):
    """Somebody is there, and no longer answers what everybody may ask."""


def authority(address: str, rights: Sequence[str], token: str) -> tuple[str, str, list[str]]:
    """Identity, trust domain, and those of `rights` that are granted. Raises NobodyListens, NoAnswer.

    The bindings raise the same for a refusal and for a broken answer: what everybody may is asked before and after,
    and only between two answers silence is a refusal. Without any answer identity and domain are empty."""
    identity, domain, granted, silent = "", "", [], False
    for right in (ANYBODY, *rights):
        told = ping(address, right, token)
        silent = silent or not told
        if told.get(MAY) is True and right != ANYBODY:
            granted.append(right)
        if told and (right != ANYBODY or not identity):
            identity = str(told.get(IDENTITY) or "") or identity
            domain = str(told.get(DOMAIN) or "") or domain
    if silent and (identity or domain) and not ping(address, ANYBODY, token):
        raise NoAnswer
    return identity, domain, granted


def ping(address: str, right: str, token: str) -> Mapping[str, object]:
    """What a daemon says of a right; nothing if it refuses us, or breaks off."""
    security = htcondor2.SecurityContext(token) if token else None
    try:
        told = htcondor2.ping(address, right, security)
    except htcondor2.HTCondorException as exc:
        if "connect" in str(exc):
            raise NobodyListens from exc
        return {}
    return {name: told.get(name) for name in (IDENTITY, DOMAIN, MAY)}


def parameters(names: Sequence[str]) -> Mapping[str, str]:
    """HTCondor's configuration: those that are set."""
    found = {name: htcondor2.param.get(name) for name in names}
    return {name: str(value) for name, value in found.items() if value not in {None, ""}}
