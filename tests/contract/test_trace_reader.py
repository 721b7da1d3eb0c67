"""The TraceReader contract: the store in files finds what the slow and obvious one finds, whatever is asked."""

import pathlib
import tempfile
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.edges.trace_store.read import StoreReader
from shepherd.model.trace import FlowBegun, Gap, JobBegun, Segment, StayBegun, TraceRecord
from shepherd.model.trace_rows import FlowsSought, JobsSought, SeenSought, Span, StaysSought
from shepherd.ports_trace import TraceReader
from shepherd.programs.trace.asking import Asking
from shepherd.sim.trace_store import SimTraceStore
from tests.core.trace.test_truth import LATER_S, letters, names
from tests.core.trace.worlds import ADDRESSES, DAY_S, FAR, HOSTS, NAT, START, worlds
from tests.edges.trace_stores import Clock, store_in

Places = Sequence[TraceReader]


def filled(directory: pathlib.Path, records: Sequence[TraceRecord], *, reveal: bool = True) -> Places:
    """Both, with the same records in the order of time, in a few segments of a few days, all but two summed up."""
    ordered = sorted(records, key=lambda record: record.from_s if isinstance(record, Gap) else record.at_s)
    clock = Clock(START)
    store = store_in(directory, clock)
    for number, at in enumerate(range(0, len(ordered), 7), start=1):
        store.add(Segment(source="all", number=number, sealed_at_s=START, records=tuple(ordered[at : at + 7])))
        clock.now += 60 if number % 3 else DAY_S * 9
        store.upkeep(may_retire=False)
    store.close()
    return StoreReader(directory, reveal=reveal), SimTraceStore(ordered, reveal=reveal)


def some(values: Sequence[object], most: int = 2) -> "st.SearchStrategy[tuple[object, ...]]":
    """A filter: none, or some values, perhaps one that nothing has."""
    if not values:
        return st.just(())
    return st.just(()) | st.lists(st.sampled_from([*values, values[0]]), min_size=1, max_size=most).map(tuple)


@st.composite
def spans(draw) -> Span:
    """From a moment to all the time there is."""
    if draw(st.booleans()):
        return Span()
    begun, length = draw(st.floats(START - 60, START + DAY_S + 60)), draw(st.sampled_from([0.0, 10.0, 600.0]))
    return Span(from_s=begun, to_s=begun + length)


@st.composite
def questions(draw, records: Sequence[TraceRecord]) -> tuple[str, StaysSought | JobsSought | FlowsSought | SeenSought]:
    """A question of any kind by any of its filters, with values that are there."""
    span = draw(spans())
    jobs = [record for record in records if isinstance(record, JobBegun)]
    containers = [record.container for record in records if isinstance(record, StayBegun)]
    match draw(st.sampled_from(["stays", "jobs", "flows", "schedds", "clocks", "gaps"])):
        case "stays":
            return "stays", StaysSought(
                span=span, hosts=draw(some(HOSTS)), containers=draw(some(containers)),
                addresses=draw(some([*ADDRESSES.values()])), herds=draw(some(["flock", "local"])),
                leases=draw(some([f"lease-{container}" for container in containers])),
            )  # fmt: skip
        case "jobs":
            return "jobs", JobsSought(
                span=span, hosts=draw(some(HOSTS)), uids=draw(some([2001, 2002])), slots=draw(some(["slot1_1"])),
                users=draw(some(["alice@campus", "bob@campus"])), schedds=draw(some(["submit.campus", "other"])),
                jobs=draw(some([job.job for job in jobs] or ["none"])), peers=draw(some(["203.0.113.5:40000"])),
                containers=draw(some(containers)),
            )  # fmt: skip
        case "flows":
            return "flows", FlowsSought(
                span=span, sources=draw(some(["gateway", *HOSTS])), addresses=draw(some([*ADDRESSES.values()])),
                ports=draw(some([40001, 40002])), nat_addresses=draw(some([NAT, "192.0.2.99"])),
                nat_ports=draw(some([41822, 41823])), far_addresses=draw(some(FAR)), far_ports=draw(some([443, 80])),
                protocols=draw(some([6, 17])), uids=draw(some([-1, 0, 2001, 2002])),
            )  # fmt: skip
        case kind:
            words = ["gateway", "flows", "jobs", "submit.campus", "campus", "203.0.113.5:9618", *HOSTS]
            return kind, SeenSought(span=span, names=draw(some(words)))


def comparable(rows: Sequence[object]) -> list[str]:
    """Rows in an order that ties do not change, without pseudonyms, which are each store's own."""
    return sorted(repr((getattr(row, "begun", row), getattr(row, "ended", None))) for row in rows)


@settings(max_examples=30)
@given(st.data())
def test_both_stores_find_the_same(data):
    """The index over NAT ports left out what had begun the day before."""
    records = data.draw(worlds()).records()
    asked = data.draw(st.lists(questions(records), min_size=1, max_size=8))
    with tempfile.TemporaryDirectory() as place:
        real, obvious = filled(pathlib.Path(place), records)
        for kind, sought in asked:
            found, expected = (getattr(store, kind)(sought) for store in (real, obvious))
            assert comparable(found.rows) == comparable(expected.rows), (kind, sought)
            assert (found.is_cut, list(found.unasked)) == (False, [])


@settings(max_examples=20)
@given(st.data())
def test_letters_get_the_same_answer_from_both(data):
    """An answer was right in every test, and wrong in the files."""
    world = data.draw(worlds())
    asked = data.draw(st.lists(letters(world), min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as place:
        real, obvious = filled(pathlib.Path(place), world.records())
        for _, question in asked:
            found, expected = (Asking(store, LATER_S).ask(question) for store in (real, obvious))
            assert (found.verdict, names(found)) == (expected.verdict, names(expected))
            assert {f.flow for f in found.flows} == {f.flow for f in expected.flows}


def test_what_is_personal_is_hidden_from_who_may_not_see_it(tmp_path):
    """Whoever could run the verb could read who had run what."""
    job = JobBegun(
        source="p201", host="p201", container="c", slot="slot1_1", begun="1", at_s=START, uid=2001, job="ce#1.0",
        user="alice@campus", owner="alice", schedd="ce", cpus=3,
    )  # fmt: skip
    for store in filled(tmp_path, [job, FlowBegun(
        source="gateway", flow=1, at_s=START, protocol=6, address="10.27.2.1", port=1, nat_address=NAT, nat_port=2,
        far_address=FAR[0], far_port=443,
    )], reveal=False):  # fmt: skip
        (found,) = store.jobs(JobsSought()).rows
        assert (found.begun.user, found.begun.owner, found.begun.job, found.begun.cpus) == ("", "", "", 3)
        assert found.hidden is not None
        assert found.pseudonym
        assert store.jobs(JobsSought(pseudonyms=(found.pseudonym,))).rows[0].begun == found.begun
        by_name = store.jobs(JobsSought(users=("alice@campus",)))
        assert (list(by_name.rows), len(by_name.unasked)) == ([], 1)
