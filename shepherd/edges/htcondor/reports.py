"""A keeper's report to an ad and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder

_PHASES = {phase.value: phase for phase in KeeperPhase}
LONGEST = 200
"""Characters of a nonce, a lease or an image."""

_LOCKS = {holder.value: holder for holder in LockHolder}


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
        "Address": report.address,
        "Mac": report.mac,
        "Quarantine": report.quarantine,
    }
    said = {name: value for name, value in texts.items() if value}
    fixed = {"MyType": "Generic", "ShepherdAd": "Keeper", "Name": f"shepherd-keeper@{host}", "ShepherdHost": host}
    return {**fixed, **said, "SentAt": report.sent_at_s, "LeakAt": report.leak_at_s, "Spooled": report.spooled}


def to_report(row: Sequence[Any]) -> KeeperReport | None:
    """The report, or None if its words are not ours. `row` as in `others.keepers`.

    Nonce, lease and image go into lease pages; any host that may advertise may have written them.
    """
    heard, sent, nonce, phase, lock, lease, container, image, problem, version, *later = row
    address, mac, quarantine, leak_at, spooled = later
    known_phase, known_lock = _PHASES.get(phase), _LOCKS.get(lock)
    if known_phase is None or known_lock is None or not all(map(_is_word, (nonce, lease or "-", image or "-"))):
        return None
    return KeeperReport(
        nonce=Nonce(nonce),
        phase=known_phase,
        lock=known_lock,
        lease=LeaseId(lease) if lease else None,
        container=container or None,
        image=image or None,
        problem=problem or None,
        sent_at_s=sent,
        heard_at_s=heard,
        version=version,
        leak_at_s=leak_at,
        address=address,
        mac=mac,
        spooled=spooled,
        quarantine=quarantine,
    )


def _is_word(text: str) -> bool:
    return 0 < len(text) <= LONGEST and text.isprintable() and " " not in text
