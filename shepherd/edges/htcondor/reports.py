"""A keeper's report to an ad and back."""

from collections.abc import Mapping
from typing import Any

from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder


def to_ad(host: HostName, report: KeeperReport) -> Mapping[str, object]:
    """Attributes of the keeper's ad.

    `MyType` is "Generic" because the bindings can ask for no other kind of generic ads; `ShepherdAd` says what it is.
    """
    texts: dict[str, str | None] = {
        "Nonce": report.nonce,
        "Phase": report.phase.value,
        "Lock": report.lock.value,
        "Lease": report.lease,
        "Container": report.container,
        "Image": report.image,
        "Problem": report.problem,
        "KeeperVersion": report.version,
    }
    said = {name: value for name, value in texts.items() if value}
    fixed = {"MyType": "Generic", "ShepherdAd": "Keeper", "Name": f"shepherd-keeper@{host}", "ShepherdHost": host}
    return {**fixed, **said, "SentAt": report.sent_at_s}


def to_report(said: Mapping[str, Any]) -> KeeperReport | None:
    """The report, or None if its words are not ours."""
    try:
        phase, lock = KeeperPhase(said["Phase"]), LockHolder(said["Lock"])
    except (KeyError, ValueError):
        return None
    return KeeperReport(
        nonce=Nonce(said["Nonce"]),
        phase=phase,
        lock=lock,
        lease=LeaseId(said["Lease"]) if said["Lease"] else None,
        container=said["Container"] or None,
        image=said["Image"] or None,
        problem=said["Problem"] or None,
        sent_at_s=said["sent"],
        heard_at_s=said["heard"],
        version=said["KeeperVersion"],
    )
