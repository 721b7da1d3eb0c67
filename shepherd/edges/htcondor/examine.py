"""Questions of `shepherd check`: who we are to a daemon, how HTCondor is configured here. Runs in the
worker. Rights are asked for by DC_SEC_QUERY (`ping`): the daemon says whether it would obey, and does nothing."""

from collections.abc import Mapping, Sequence

import htcondor2

IDENTITY, DOMAIN, MAY = "MyRemoteUserName", "TrustDomain", "AuthorizationSucceeded"
ANYBODY = "ALLOW"
"""The level of what everybody may; asking for it tells who we are, also where we may nothing."""


class NobodyListens(Exception):
    """There is nobody at this address."""


def authority(address: str, rights: Sequence[str], token: str) -> tuple[str, str, list[str]]:
    """Identity, trust domain, and those of `rights` that are granted. Raises NobodyListens."""
    identity, domain, granted = "", "", []
    for right in (ANYBODY, *rights):
        told = ping(address, right, token)
        if told.get(MAY) is True and right != ANYBODY:
            granted.append(right)
        if told and (right != ANYBODY or not identity):
            identity = str(told.get(IDENTITY) or "") or identity
            domain = str(told.get(DOMAIN) or "") or domain
    return identity, domain, granted


def ping(address: str, right: str, token: str) -> Mapping[str, object]:
    """What a daemon says of a right; nothing if it refuses us."""
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
