"""The shepherd's keeping of quarantines, by itself: recorded, refused, carried out, forgotten."""

import dataclasses

from shepherd.core.stop import quarantine
from shepherd.model.entry import EntryKind
from shepherd.model.host import HostName, HostPair, Nonce
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.observation import HostFacts, KeeperPhase, KeeperReport, LockHolder
from shepherd.programs.diary import Diary
from shepherd.programs.quarantines import Quarantines
from shepherd.sim.ports import SimLedger, SimSpool
from shepherd.sim.site import Site

P205 = HostName("p205")
REPORT = KeeperReport(
    nonce=Nonce("n"), phase=KeeperPhase.FLOCKING, lock=LockHolder.FLOCK, lease=None, container="c", image=None,
    problem=None, sent_at_s=0.0, heard_at_s=0.0, address="10.27.2.5",
)  # fmt: skip


class Place:
    """One shepherd's ledger and spool, and the clock."""

    def __init__(self) -> None:
        site = Site()
        self.ledger, self.spool = SimLedger(site.meter), SimSpool()
        self.now_s, self.refused = 1_800_000_000.0, ""

    def wall_s(self) -> float:
        return self.now_s

    def steady_s(self) -> float:
        return self.now_s

    def started(self) -> Quarantines:
        """As a shepherd that starts now has them."""
        diary = Diary(self.ledger, self, lambda *_, **__: None)
        return Quarantines(
            ledger=self.ledger, diary=diary, spool=self.spool, clock=self, log=lambda *_, **__: None,
            why_not=lambda _: self.refused or None,
        )  # fmt: skip

    def order(self, kind: IntentKind, **about: str) -> None:
        self.now_s += 1
        name = f"{kind.value}-{self.now_s}"
        self.spool.intents.append(Intent(ident=name, kind=kind, at_s=self.now_s, who="ann", why="why", about=about))
        self.now_s += 1


def facts(**changes: str) -> dict[HostName, HostFacts]:
    keeper = dataclasses.replace(REPORT, **changes)  # type: ignore[arg-type]
    return {P205: HostFacts(pair=HostPair(host=P205, flock_name="f205"), keeper=keeper)}


def test_it_travels_with_the_address_that_the_keeper_tells_and_survives_a_restart() -> None:
    """The gateway did not know which address to cut, and a restarted shepherd let the host be lent."""
    place = Place()
    place.order(IntentKind.QUARANTINE, host="p205")
    found = place.started()
    assert found.look(facts())
    assert [(one.host, one.address) for one in found.all] == [(P205, "10.27.2.5")]
    assert not found.look(facts()), "nothing has changed"
    assert place.started().all == found.all
    assert P205 in found.bars.why
    assert place.spool.intents == []


def test_that_it_was_carried_out_is_on_record() -> None:
    """Whether the evidence was there could be asked only while the host was up."""
    place = Place()
    place.order(IntentKind.QUARANTINE, host="p205")
    found = place.started()
    found.look({})
    found.look(facts(quarantine=found.all[0].ident))
    last = place.ledger.last(EntryKind.QUARANTINES.value)
    assert last is not None
    assert last.body["carried_out"] == [found.all[0].ident]


def test_nobody_without_the_role_is_obeyed_and_the_refusal_is_on_record() -> None:
    """Whoever could write to the spool could take hosts out of work."""
    place = Place()
    place.refused = "eve may not ban or quarantine"
    place.order(IntentKind.QUARANTINE, host="p205")
    found = place.started()
    assert not found.look({})
    assert found.all == ()
    last = place.ledger.last(EntryKind.INTENT.value)
    assert last is not None
    assert last.body["refused"] == place.refused


def test_a_stop_is_obeyed_unrecorded_and_a_release_waits_for_the_disk() -> None:
    """The disk was full, and the attack went on; and a host was let go without anybody's name on record."""
    place = Place()
    found = place.started()
    place.ledger.full = True
    place.order(IntentKind.QUARANTINE, host="p205", keep_host="yes")
    assert found.look({})
    assert found.problem
    assert found.bars.held == {P205}
    place.order(IntentKind.RELEASE, host="p205")
    assert not found.look({})
    assert found.standing
    assert len(place.spool.intents) == 2
    place.ledger.full = False
    again = place.started()
    again.look({})
    assert again.standing == ()
    assert place.spool.intents == []


def test_one_for_which_there_is_no_room_waits_and_none_that_stands_is_forgotten(monkeypatch) -> None:
    """With one more the oldest was dropped: its host was lent again, and its container passed the gateway."""
    monkeypatch.setattr(quarantine, "MOST", 2)
    place = Place()
    for host in ("p201", "p202", "p203"):
        place.order(IntentKind.QUARANTINE, host=host)
    found = place.started()
    found.look({})
    assert {one.host for one in found.standing} == {"p201", "p202"}
    assert "no more quarantines fit on the pages, release some: p203" in found.problem
    place.order(IntentKind.RELEASE, host="p201")
    found.look({})
    found.look({})
    assert {one.host for one in found.standing} == {"p202", "p203"}
    assert (place.spool.intents, found.problem) == ([], "")
