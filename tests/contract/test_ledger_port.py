"""What every Ledger and every Spool must do: the real ones and those of the fake world are held to the same."""

import pathlib
from collections.abc import Callable

import pytest

from shepherd.edges.spool import FileSpool, leave
from shepherd.errors import InvariantBroken
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.orders import HostMemory, Stage
from shepherd.ports import Ledger, Spool
from shepherd.sim.meter import Meter
from shepherd.sim.ports import SimLedger, SimSpool
from shepherd.sim.site import SiteSpec
from tests.edges.ledgers import MARCH_1, home, ledger_in, note, remembered, switch, switched


@pytest.fixture(name="ledger", params=["real", "fake"])
def every_ledger(request, tmp_path: pathlib.Path):
    if request.param == "fake":
        yield SimLedger(Meter(SiteSpec().limits(), lambda: MARCH_1))
        return
    ledger = ledger_in(tmp_path)
    yield ledger
    ledger.close()


def test_a_ledger_starts_empty(ledger: Ledger):
    """The first start of all has nothing to remember, and that is no error."""
    assert (ledger.switches(), ledger.memories(), ledger.last("flockoff")) == ({}, {}, None)
    ledger.append([])
    assert ledger.last("life") is None


def test_the_newest_switch_of_a_host_counts_until_it_is_over(ledger: Ledger):
    """A daemon that remembered an older stage repeated a step that was done."""
    ledger.append([switched(switch("p1", Stage.GRANTED)), switched(switch("p2"))])
    ledger.append([switched(switch("p1", Stage.GO_GIVEN)), home("p2")])
    assert {host: record.stage for host, record in ledger.switches().items()} == {HostName("p1"): Stage.GO_GIVEN}


def test_the_newest_memory_of_a_host_counts(ledger: Ledger):
    """Cooling must grow with each failure, not start anew."""
    ledger.append([remembered("p1", HostMemory(failures=1)), remembered("p1", HostMemory(failures=2))])
    assert ledger.memories() == {HostName("p1"): HostMemory(failures=2)}


def test_the_last_of_a_kind_is_the_one_appended_last(ledger: Ledger):
    """By order of recording, not by the clock in it, which may have been set back."""
    off = Entry(at_s=MARCH_1 - 9, kind=EntryKind.FLOCKOFF, cause="flockoff", body={})
    ledger.append([Entry(at_s=MARCH_1, kind=EntryKind.FLOCKOFF, cause="flockoff", body={"who": "root"}), off])
    ledger.append([note("other")])
    assert ledger.last("flockoff") == off


def test_a_body_that_is_not_json_is_refused_and_nothing_is_recorded(ledger: Ledger):
    """What the fake world let through, the real one would have died of."""
    bad = Entry(at_s=MARCH_1, kind=EntryKind.STEP, cause="x", body={"kind": Stage.LENT})
    with pytest.raises(InvariantBroken):
        ledger.append([note("good"), bad])
    assert ledger.last("observed") is None


def real_spool(tmp_path: pathlib.Path) -> tuple[Spool, Callable[[IntentKind], str]]:
    place = FileSpool(tmp_path / "intents", lambda *_args, **_fields: None)
    return place, lambda kind: leave(tmp_path / "intents", kind, why="because")


def fake_spool(_tmp_path: pathlib.Path) -> tuple[Spool, Callable[[IntentKind], str]]:
    place = SimSpool()

    def put(kind: IntentKind) -> str:
        ident = f"{kind.value}-{len(place.intents)}"
        place.intents.append(Intent(ident=ident, kind=kind, at_s=MARCH_1, who="root", why="because"))
        return ident

    return place, put


@pytest.mark.parametrize("make", [real_spool, fake_spool])
def test_an_intent_waits_until_it_is_done_and_is_then_gone(make, tmp_path):
    """Until it is on record it must be found again; after that never."""
    place, put = make(tmp_path)
    assert place.waiting() == ()
    idents = {put(IntentKind.FLOCKOFF), put(IntentKind.FLOCKON)}
    assert {intent.ident for intent in place.waiting()} == idents
    assert {intent.ident for intent in place.waiting()} == idents
    first, second = place.waiting()
    place.done(first)
    place.done(first)
    assert place.waiting() == (second,)
    assert second.why == "because"
