"""`ensure => absent` on a host that is lent: the lend ends, and the host is as its site had it."""

from collections.abc import Mapping

from shepherd.lab.rollout import manifest, plain, traces
from shepherd.lab.rollout.evidence import Seen, check, sight
from shepherd.lab.rollout.lending import Lending
from shepherd.lab.rollout.place import Place
from shepherd.lab.rollout.rolling import Rolling

LEAVES_S = 200.0
KEPT = ("/etc/docker/daemon.json", "/etc/docker/key.json", "/etc/condor/known_hosts")
"""dockerd's settings and identity stay with it; HTCondor notes by itself whom root's tools have talked to
(SEC_SYSTEM_KNOWN_HOSTS)."""
ACCOUNTS = tuple(f"/etc/{name}" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid"))
"""dockerd has made an account for its containers, which stays with it. `-` behind them: as they were before."""


class Leaving:
    """The end."""

    def __init__(self, place: Place, lending: Lending, rolling: Rolling) -> None:
        self._site, self._machine, self._lending, self._rolling = place.site, place.machine, lending, rolling

    def absent(self, seen: Seen) -> None:
        """Puppet itself ends the lend; of the plain host nothing is missing, and of us records alone are left."""
        self._lending.resume()
        check("it is lent", sight(self._machine).container)
        said = self._rolling.apply_absent(seen, manifest.CHANGED, LEAVES_S)
        seen["ended"] = [line.partition("returns: ")[2] for line in said if "ending the lend of" in line]
        check("Puppet ended the lend", seen["ended"])
        plain.joined(self._site, self._machine)
        self._is_plain(seen)
        seen["again"] = {}
        self._rolling.apply_absent(seen["again"], manifest.NOTHING_TO_DO, LEAVES_S)

    def _is_plain(self, seen: Seen) -> None:
        machine, here = self._machine, sight(self._machine)
        seen["startd"] = machine.must(("condor_config_val", "STARTD")).strip()
        seen["vlans"], seen["rules"] = here.facts["vlans"], traces.rules(machine)
        seen["docker"] = traces.in_docker(machine)
        seen["profiles"] = [one for one in here.facts["apparmor_profiles"] if manifest.APPARMOR in one]
        seen["left"] = traces.ours(machine)
        seen["settled"] = differences(self._rolling.plain, traces.settled(machine))
        check("the regular startd is started by its master", seen["startd"] == "/usr/sbin/condor_startd")
        check("a regular startd runs, and no container", here.is_local)
        check("the VLAN and our rules are gone", not seen["vlans"] + seen["rules"])
        check("dockerd has its own networks", any(one.endswith(" bridge") for one in seen["docker"]["networks"]))
        check("and none of ours", not [one for one in seen["docker"]["networks"] if one.startswith("macvlan")])
        check("and no container", not seen["docker"]["containers"])
        check("our AppArmor profile is not loaded", not seen["profiles"])
        check("no unit and no program of ours is left", not [path for path in seen["left"] if not _is_record(path)])
        wrong = {what: paths for what, paths in seen["settled"].items() if paths}
        check(f"every other file is as it was: {wrong}", not wrong)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    """Files that are not as they were, but for those that stay on purpose."""
    known = {*KEPT, *ACCOUNTS, *(f"{path}-" for path in ACCOUNTS)}
    new, gone = after.keys() - before.keys(), before.keys() - after.keys()
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    return {"new": sorted(new - known), "gone": sorted(gone), "changed": sorted(changed - known)}


def _is_record(path: str) -> bool:
    """Whether it is kept on purpose: traceability records, evidence that somebody holds, systemd's own memory."""
    return path.startswith(("/var/lib/shepherd", "/var/log/shepherd", "/var/lib/systemd/timers/"))
