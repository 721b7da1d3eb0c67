"""A site on which whatever the pages show can be typed: files where the commands look, two recorded days, stand-ins for
the pools."""

import pathlib
from collections.abc import Iterator

import pytest

from shepherd.core.heads import Anchor, anchor_message
from shepherd.core.stop.manifest import case_text
from shepherd.edges.clock import SystemClock
from shepherd.edges.evidence.store import EvidenceDirectory
from shepherd.model.chain import Head
from shepherd.model.entry import Entry
from shepherd.model.settings import PolicyKind
from shepherd.model.syslog import line_of
from shepherd.programs import checkup_wiring, wiring
from shepherd.sim import pools as fake_pools
from shepherd.views.settings_example import gateway_example, node_example
from tests.cli.flock_pool import FlockPoolOfStandIns
from tests.cli.sites import body
from tests.cli.test_plan import PoolOfNow
from tests.cli.test_quarantine import CASE, IDENT, evidence_in
from tests.cli.test_trace import GUEST
from tests.cli.traced import TracedSite
from tests.edges.trace_stores import store_in
from tests.host.keeper_world import SETTINGS as NODE_SETTINGS
from tests.programs.test_build_image import STATUS, TREE
from tests.sim.load.test_readers import ad
from tests.sim.recorded_day import eventful_day, site_of

DAYS = (1_772_372_700.0, 1_772_459_100.0)
"""2026-03-01 and 2026-03-02, 13:45 UTC: what the pages ask for is about these days."""
NOW_S = DAYS[1] + 30 * 86400.0
"""When the pages are typed: in the month after."""
PACKAGES = ("bubblewrap", "busybox-static", "condor", "python3-minimal")


def two_days(patch: pytest.MonkeyPatch) -> Iterator[list[Entry]]:
    """What the fake site's shepherd put on record of an eventful hour of each."""
    for epoch_s in DAYS:
        patch.setattr(fake_pools, "EPOCH_S", epoch_s)
        pool = site_of(PolicyKind.DEMAND)
        eventful_day(pool)
        yield list(pool.ledger.entries)


class TypingSite(TracedSite):
    """Below one directory; `paths` has what stands here for paths of the pages."""

    def __init__(self, place: pathlib.Path, days: list[list[Entry]], patch: pytest.MonkeyPatch) -> None:
        super().__init__(place)
        self.place = place
        for folder in ("guests.d", "keys", "stick", "flock"):
            (place / folder).mkdir()
        (place / "guests.d" / "campus.toml").write_text(GUEST)
        (place / "jobs.jsonl").write_text(ad() + "\n")
        self.fill()
        self._settings()
        head = self._record(days)
        self.paths = {
            "/mnt/logger/shepherd.log": str(self._logged(head)),
            "/mnt/stick": str(place / "stick"),
            "$tree": str(debian_tree(place / "flock-tree")),
            "/var/tmp/flock.tar": str(place / "flock.tar"),
            "sha256:…": "sha256:" + "ab" * 32,
        }
        patch.setattr(SystemClock, "wall_s", lambda _: NOW_S)
        patch.setattr(wiring, "pool_of", lambda _settings, _beside: PoolOfNow())
        with_evidence(place / "evidence", patch)

    def settings_of(self, verb: str, words: list[str]) -> pathlib.Path:
        """The file that a verb would read by itself."""
        if verb == "guest":
            return FlockPoolOfStandIns(self.place / "flock", self._plain).settings
        name = next((name for name in ("gateway", "node") if name == verb or f"--{name}" in words), "shepherd")
        return self.place / f"{name}.toml"

    def _settings(self) -> None:
        self._plain = self.settings.read_text()
        text = self._plain.replace("[paths]\n", f'[paths]\nguests = "{self.place}/guests.d"\n')
        self.settings.write_text(text + f'\n[lease]\nkey = "{self.place}/keys/lease.key"\n')
        (self.place / "node.toml").write_text(node_example())
        (self.place / "gateway.toml").write_text(gateway_example())

    def _record(self, days: list[list[Entry]]) -> Head:
        ledger = self.ledger()
        for entries in days:
            ledger.append(entries)
        host = {"host": "p205", "flock_name": "f205", "state": "flock", "why": "", "since_s": 1.0}
        ledger.publish_present(body(hosts=[host]))
        head = ledger.head()
        ledger.close()
        return head

    def _logged(self, ledger: Head) -> pathlib.Path:
        """What the site's logger was told of the records' ends."""
        (self.state / "instance").write_text("me")
        store = store_in(self.trace, self.clock)
        told = anchor_message(Anchor(instance="me", ledger=ledger, trace=store.head()), DAYS[1])
        store.close()
        path = self.place / "messages"
        path.write_text(line_of(told, host="cm", app="shepherd", pid=1) + "\n")
        return path


def with_evidence(place: pathlib.Path, patch: pytest.MonkeyPatch) -> None:
    """A host's evidence of one quarantine, where `shepherd node evidence` looks."""
    store = EvidenceDirectory(place, size_mib=64, memory_mib=1)
    store.open(IDENT, case_text(CASE))
    evidence_in(store).seal(IDENT)
    patch.setattr("shepherd.programs.node_wiring.evidence_store_of", lambda _: store)
    patch.setattr("shepherd.programs.node_wiring.evidence_of", lambda *_: evidence_in(store))
    patch.setattr("shepherd.programs.node_wiring.settings_in", lambda _: NODE_SETTINGS)
    patch.setattr(checkup_wiring, "settings_in", lambda _: NODE_SETTINGS)


def debian_tree(root: pathlib.Path) -> pathlib.Path:
    """One in small, with the recipe's packages."""
    first = STATUS.partition("\n\n")[0]
    told = "".join(first.replace("condor", name, 1) + "\n\n" for name in PACKAGES)
    for name, text in {**TREE, "var/lib/dpkg/status": told}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
