"""Every other ad to plain rows: masters, keepers, submitters, schedds, collectors. Runs in the worker."""

import re
from collections.abc import Iterable, Mapping, Sequence

from shepherd.edges.htcondor.values import Ad, count, number, text

MASTER = ["Machine", "STARTD_StartTime", "LastHeardFrom"]
KEEPER_TEXTS = [
    "Nonce", "Phase", "Lock", "Lease", "Container", "Image", "Problem", "KeeperVersion", "Address", "Mac", "Quarantine",
]  # fmt: skip
KEEPER = ["ShepherdHost", "SentAt", "LeakAt", "Spooled", "LastHeardFrom", *KEEPER_TEXTS]
SUBMITTER = ["ScheddName", "SubmitterTag", "AuthenticatedIdentity", "IdleJobs", "RunningJobs"]
SCHEDD = ["Name", "AuthenticatedIdentity"]
SCHEDD_PLACE = [*SCHEDD, "MyAddress"]
SCHEDD_ASKED = [*SCHEDD, "MyAddress", "CondorVersion"]
SINFUL = re.compile(r"<([0-9]{1,3}(?:\.[0-9]{1,3}){3}:[0-9]{1,5})[?>]")
COLLECTOR = ["StatsLifetime", "CondorVersion"]
DRAINABLE = ["Name", "SlotID", "Draining", "DrainReason", "DrainingRequestId"]


def masters(ads: Iterable[Ad]) -> Mapping[str, tuple[bool, float]]:
    """Machine to (startd held off, heard at). Of two masters of one name the one heard last speaks."""
    found: dict[str, tuple[bool, float]] = {}
    for ad in ads:
        machine, heard = text(ad.get("Machine")), number(ad.get("LastHeardFrom")) or 0.0
        if machine and heard >= found.get(machine, (False, 0.0))[1]:
            found[machine] = (number(ad.get("STARTD_StartTime")) == 0, heard)
    return found


def keepers(ads: Iterable[Ad]) -> Mapping[str, Sequence[object]]:
    """Host to when it was heard and sent, the keeper's own words as in KEEPER_TEXTS, its last leak, and its spool."""
    found: dict[str, list[object]] = {}
    newest: dict[str, float] = {}
    for ad in ads:
        host, heard = text(ad.get("ShepherdHost")), number(ad.get("LastHeardFrom")) or 0.0
        if host and heard >= newest.get(host, 0.0):
            newest[host] = heard
            said = [value if isinstance(value := ad.get(name), str) else "" for name in KEEPER_TEXTS]
            numbers = [number(ad.get("LeakAt")) or 0.0, count(ad.get("Spooled")) or 0]
            found[host] = [heard, number(ad.get("SentAt")) or 0.0, *said, *numbers]
    return found


def demand(
    ads: Iterable[Ad], *, schedds: Sequence[str], identities: Sequence[str]
) -> tuple[Mapping[str, int], int, int]:
    """Idle jobs of each of the site's own schedds, their running jobs, and how many ads were not counted.

    `SubmitterTag` is "" in what a schedd tells its own pool; `AuthenticatedIdentity` is written by the collector. A job
    with a negative MaxHosts makes others' idle jobs, or fewer than none, of its submitter's (schedd.cpp: count_a_job):
    then there is one at least, so that the schedd is asked.
    """
    running = refused = 0
    idle: dict[str, int] = {}
    for ad in ads:
        jobs, name = _idle(ad.get("IdleJobs")), text(ad.get("ScheddName"))
        ours = name in schedds and ad.get("AuthenticatedIdentity") in identities and ad.get("SubmitterTag") == ""
        if not ours or jobs is None or name is None:
            refused += 1
            continue
        idle[name] = idle.get(name, 0) + jobs
        running += count(ad.get("RunningJobs")) or 0
    return idle, running, refused


def _idle(said: object) -> int | None:
    read = number(said)
    return count(said) if read is None or read >= 0 else 1


def present_schedds(ads: Iterable[Ad], *, identities: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Name of each schedd that has an ad under one of `identities` to its address and version, as it says itself."""
    return {
        text(ad.get("Name")) or "": (text(ad.get("MyAddress")) or "", text(ad.get("CondorVersion")) or "")
        for ad in ads
        if ad.get("AuthenticatedIdentity") in identities
    }


def identities(ads: Iterable[Ad]) -> Mapping[str, str]:
    """Name of each schedd to who it has authenticated as, in the collector's words."""
    return {text(ad.get("Name")) or "": text(ad.get("AuthenticatedIdentity")) or "" for ad in ads}


def places(ads: Iterable[Ad]) -> Sequence[tuple[str, str, str]]:
    """Name, address with port, and authenticated identity of each schedd. The address is its own word."""
    found = []
    for ad in ads:
        match = SINFUL.match(text(ad.get("MyAddress")) or "")
        said = (text(ad.get("Name")) or "", match[1] if match else "", text(ad.get("AuthenticatedIdentity")) or "")
        found.append(said)
    return sorted(found)


def versions(ads: Iterable[Ad]) -> Sequence[str]:
    """What daemons say to be, `$CondorVersion: …$`."""
    return [said for ad in ads if (said := text(ad.get("CondorVersion")))]


def age_s(ads: Iterable[Ad]) -> float | None:
    """How long the collector has been up by its own clock; of several the youngest. None if no ad tells."""
    ages = [age for ad in ads if (age := number(ad.get("StatsLifetime"))) is not None]
    return min(ages, default=None)


def drainable(ads: Iterable[Ad]) -> Mapping[str, object] | None:
    """Name by which the host's startd can be drained, and the drain that is on."""
    rows = [(count(ad.get("SlotID")) or 0, text(ad.get("Name")) or "", ad) for ad in ads]
    if not rows:
        return None
    _, name, _ = min(rows, key=lambda row: row[:2])
    on = [ad for *_, ad in rows if ad.get("Draining") is True]
    request = on[0].get("DrainingRequestId") if on else None
    reason = text(on[0].get("DrainReason")) if on else None
    return {"name": name, "draining": bool(on), "reason": reason or "", "request": text(request) or ""}
