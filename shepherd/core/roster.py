"""Who belongs to the pool: a collector forgets a silent host after a quarter of an hour (CLASSAD_LIFETIME), its
administrator does not.

Nothing here decides: a host that is not heard is in no snapshot, and no policy sees it.
"""

import datetime
from collections.abc import Collection, Mapping

from shepherd.core.naming import is_excluded, pair_hosts
from shepherd.core.recorded.members import Json, members, seconds
from shepherd.model.host import HostName
from shepherd.model.observation import HostFacts, Snapshot
from shepherd.model.roster import Known
from shepherd.model.settings import HostSettings

KEPT_S = 7 * 86400.0
"""A host that is not heard for longer was taken away."""

Roster = Mapping[HostName, Known]


def heard_at_s(facts: HostFacts) -> float:
    """When the home collector last heard of a host by any of its ads; 0: there is none."""
    ads = (facts.regular, facts.master, facts.keeper)
    return max((ad.heard_at_s for ad in ads if ad is not None), default=0.0)


def called(before: Roster, snapshot: Snapshot, hosts: HostSettings) -> dict[HostName, Known]:
    """All hosts that are heard now, and those from before that have not been silent for too long. Hosts that the
    settings exclude are nobody's concern once they are silent."""
    known = {
        name: one for name, one in before.items()
        if name not in snapshot.hosts and abs(snapshot.at_s - one.heard_at_s) <= KEPT_S
    }  # fmt: skip
    for name, facts in snapshot.hosts.items():
        if at_s := heard_at_s(facts):
            if not is_excluded(name, hosts):
                known[name] = Known(pair=facts.pair, heard_at_s=at_s)
        elif name in before:
            known[name] = before[name]
    return known


def unheard(roster: Roster, snapshot: Snapshot, away: Collection[HostName]) -> dict[HostName, Known]:
    """Known hosts of which no ad is left. Those that are `away`, in a switch, are told of by their records."""
    return {
        name: known for name, known in roster.items()
        if name not in away and ((facts := snapshot.hosts.get(name)) is None or not heard_at_s(facts))
    }  # fmt: skip


def roster_body(roster: Roster, silent: Roster) -> Json:
    """For the record: when each was heard is told of the silent ones only."""
    return {
        "hosts": {name: known.pair.flock_name for name, known in sorted(roster.items())},
        "unheard": {name: known.heard_at_s for name, known in sorted(silent.items())},
    }


def roster_from(body: Json, at_s: float, hosts: HostSettings) -> dict[HostName, Known]:
    """Of a record from `at_s`, as far as the settings of now still pair these machines so. Raises ValueError."""
    names, silent = members(body, "hosts"), members(body, "unheard")
    paired = {pair.host: pair for pair in pair_hosts(names, hosts).pairs}
    return {
        name: Known(pair=pair, heard_at_s=seconds(silent, name, at_s))
        for name, pair in paired.items() if names[name] == pair.flock_name
    }  # fmt: skip


def why_unheard(known: Known) -> str:
    """The reason that is shown of such a host."""
    at = datetime.datetime.fromtimestamp(known.heard_at_s, datetime.UTC)
    return f"not heard since {at:%Y-%m-%d %H:%M:%S} UTC"

