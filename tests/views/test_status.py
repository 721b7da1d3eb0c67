"""`shepherd -s`: the lists of the talk, and everything else that a person must not have to look for."""

import ast
import dataclasses
from typing import Any

import pytest

from shepherd.core.present import present
from shepherd.errors import Unavailable
from shepherd.model.demand import DemandGroup, Resources
from shepherd.model.flockoff import FlockOff, Leak
from shepherd.model.host import HostName, HostState
from shepherd.model.observation import Reading, Source
from shepherd.model.one_line import one_line
from shepherd.model.orders import HostMemory, Stage, Verdict
from shepherd.views.present import Present, ShownHost, ShownReading, present_from
from shepherd.views.status import Life, status_json, status_text
from shepherd.views.wording import age, instant
from tests import build

NOW = build.NOW
ALIVE = Life(running=True, pid=4711)
DEAD = Life(running=False)


def host(name: str, state: HostState, why: str = "", since_s: float | None = None) -> ShownHost:
    return ShownHost(host=name, flock_name=name.replace("p", "f", 1), state=state, why=why, since_s=since_s)


def shown(**changes: object) -> Present:
    """A quiet site of four hosts."""
    usual = Present(
        at_s=NOW - 4,
        sentence="lend 1 host: 12 idle jobs are fewer than 600",
        cycle_at_s=NOW - 180,
        flockoff=None,
        hosts=(
            host("p212.sips", HostState.LOCAL),
            host("p-7-17.sips", HostState.LOCAL),
            host("p203.sips", HostState.FLOCK),
            host("p-7-1.sips", HostState.FLOCK),
        ),
        readings=(
            ShownReading(source="home startds", at_s=NOW - 4, problem=None, period_s=10),
            ShownReading(source="queue", at_s=NOW - 150, problem=None, period_s=10),
        ),
        idle_jobs=12,
        running_jobs=3,
        unmanaged=(),
        problems=(),
    )
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]


def text(life: Life = ALIVE, **changes: object) -> str:
    return status_text(shown(**changes), life, NOW)


def test_the_first_lines_are_those_of_the_talk():
    """Scripts of years read these lines."""
    assert text() == (
        "Active Regular Compute Node: 2\n"
        "['p-7-17.sips', 'p212.sips']\n"
        "\n"
        "Active Flock Compute Nodes: 2\n"
        "['f-7-1.sips', 'f203.sips']\n"
        "\n"
        "Local jobs: 12 idle, 3 running\n"
        "Last cycle, 3 min ago: lend 1 host: 12 idle jobs are fewer than 600\n"
        "Sources: home startds 4 s ago, queue 2 min ago\n"
    )


def test_the_lists_are_lists_for_a_program_too():
    """An empty herd is `[]`, not an empty line."""
    lines = text(hosts=()).splitlines()
    assert [ast.literal_eval(lines[n]) for n in (1, 4)] == [[], []]


def test_a_host_in_another_state_is_shown_with_the_reason():
    """Host p301 was missing from both lists for a week, and nobody knew why."""
    found = text(
        hosts=(
            host("p301", HostState.HELD, "a person drained it: disk swap", NOW - 7200),
            host("p3", HostState.UNKNOWN),
            host("p4", HostState.ARMING, "few idle jobs", NOW - 3),
        )
    )
    assert "Other hosts: 3\n" in found
    assert "  p301  held for 2 h: a person drained it: disk swap\n" in found
    assert "  p3    unknown: no reason given\n" in found
    assert "  p4    arming for 3 s: few idle jobs\n" in found


@pytest.mark.parametrize("state", [s for s in HostState if s not in {HostState.LOCAL, HostState.FLOCK}])
def test_no_state_is_left_out(state):
    """A state that is added later must not make hosts invisible."""
    assert f"p9  {state.value}: because" in text(hosts=(host("p9", state, "because"),))


def test_machines_that_no_rule_pairs_are_named():
    """A new rack that was never lent, because its names start with q."""
    assert "Machines that no naming rule pairs: 2\n['q1', 'q2']\n" in text(unmanaged=("q2", "q1"))


@pytest.mark.parametrize(
    ("until_s", "from_file", "end"),
    [
        (None, False, "It ends with `shepherd flockon`."),
        (NOW + 3600, False, f"It ends by itself at {instant(NOW + 3600)}, or with `shepherd flockon`."),
        (None, True, "It ends when the file is removed and `shepherd flockon` was said."),
        (NOW + 60, True, f"It ends when the file is removed, but not before {instant(NOW + 60)}."),
    ],
)
def test_a_flockoff_says_who_when_why_and_what_ends_it(until_s, from_file, end):
    """The file in /tmp of a colleague on holiday."""
    off = FlockOff(since_s=NOW - 300, who="greg", why="network work", until_s=until_s, from_file=from_file)
    found = text(flockoff=off)
    assert f"Flocking is OFF since {instant(NOW - 300)} (5 min ago), by greg: network work\n  {end}\n" in found


def test_a_source_that_is_not_believed_is_named():
    """Nothing was lent all night, and the reason was in no place where people look."""
    reading = ShownReading(source="keepers", at_s=0, problem="silent for 20 s", period_s=10)
    found = text(readings=(reading,))
    assert "Sources: keepers never\n  keepers not believed: silent for 20 s\n" in found


def test_a_problem_and_an_unknown_queue_are_said():
    """Zero idle jobs and "we do not know" are opposite reasons to do nothing."""
    found = text(idle_jobs=None, running_jobs=None, problems=("the ledger is full",), cycle_at_s=0.0, readings=())
    assert "Local jobs: not known\n" in found
    assert "Problem: the ledger is full\n" in found
    assert "Last cycle: none yet\n" in found
    assert "Sources: none asked yet\n" in found


@pytest.mark.parametrize(
    ("life", "age_s", "words"),
    [
        (ALIVE, 4, ""),
        (ALIVE, 300, "The shepherd (process 4711) runs, but is silent (last sign of life 5 min ago).\n"),
        (DEAD, 4, "The shepherd is not running (last sign of life 4 s ago)."),
        (ALIVE, -3, ""),
        (ALIVE, -300, "The shepherd (process 4711) runs, but is silent (last sign of life 5 min ahead of this clock)."),
        (Life(running=None), 4, ""),
        (Life(running=None), 300, "The shepherd is not running (last sign of life 5 min ago)."),
    ],
)
def test_a_dead_or_silent_daemon_is_said(life, age_s, words):
    """A view of last week looked like the present."""
    found = status_text(shown(at_s=NOW - age_s), life, NOW)
    first, title, _ = found.partition("Active Regular Compute Node: 2\n")
    assert title
    assert first.startswith(words)
    assert bool(first) is bool(words)


def test_a_leak_is_said_also_where_it_stops_its_own_host_alone():
    """With `leak_stops = "host"` all went on, and nobody who asked how the flock was doing heard of the leak."""
    found = text(leaks=(Leak(host="p9", at_s=NOW - 30, what="leak: storage answers"),))
    assert "\nLeak: p9, 30 s ago: leak: storage answers\n" in found


def test_what_strangers_wrote_cannot_steer_the_terminal():
    """A drain reason with escape codes cleared the administrator's screen."""
    nasty = "\x1b[2J\x07boo\nActive Flock Compute Nodes: 99"
    found = text(
        hosts=(host(f"p1{nasty}", HostState.LOCAL), host("p2", HostState.HELD, nasty)), problems=(nasty,)
    )
    assert "\x1b" not in found
    assert "\x07" not in found
    assert found.splitlines().count("Active Flock Compute Nodes: 99") == 0


def body_of_a_site() -> dict[str, object]:
    """As the daemon publishes it."""
    seen = build.snapshot(
        build.idle_host("p201"),
        build.facts("p202", regular=build.regular(drain="disk swap")),
        build.facts("p203", flock=build.flock_startd()),
        build.idle_host("p204"),
        build.facts("p205", regular=build.regular(busy=1), keeper=None),
        idle_jobs=7,
        readings={Source.QUEUE: Reading(source=Source.QUEUE, at_s=NOW, problem="silent")},
    )
    off = FlockOff(since_s=NOW - 300, who="greg", why="x", until_s=None, from_file=True)
    switches = {one.host: one for one in [build.record("p203", Stage.LENT)]}
    memories = {HostName("p204"): HostMemory(failures=1, not_before_s=NOW + 60, last_problem="no image")}
    about = {"instance": "i1", "pid": 1, "sentence": "quiet", "cycle_at_s": NOW - 60}
    return dict(present(seen, switches, memories, off, build.settings(), about=about, problems=["full"]))


def test_what_the_daemon_publishes_is_what_the_view_reads():
    """Writer and reader of the view are two programs of possibly two versions."""
    read = present_from(body_of_a_site())
    assert [one.host for one in read.hosts] == ["p201", "p202", "p203", "p204", "p205"]
    assert read.in_state(HostState.LOCAL)[0].host == "p201"
    assert (read.idle_jobs, read.sentence, read.problems) == (7, "quiet", ("full",))
    assert read.flockoff is not None
    assert read.flockoff.from_file
    assert [r.problem for r in read.readings if r.source == "queue"] == ["silent"]
    assert "disk swap" in status_text(read, ALIVE, NOW)


def test_the_same_for_machines_has_a_schema_and_says_whether_it_lives():
    """A dashboard that showed a dead daemon's last numbers for a day."""
    body = body_of_a_site()
    alive = status_json(body, present_from(body), ALIVE, NOW + 2)
    assert (alive["schema"], alive["running"], alive["last_sign_of_life_s"]) == (1, True, 2.0)
    assert alive["hosts"] == body["hosts"]
    assert status_json(body, present_from(body), DEAD, NOW)["running"] is False
    unasked = Life(running=None)
    assert status_json(body, present_from(body), unasked, NOW + 9999)["running"] is False


def test_a_view_of_another_schema_is_refused_with_what_to_do():
    """After a half-done upgrade, wrong words are worse than none."""
    with pytest.raises(Unavailable, match=r"schema 2.*restart the shepherd after the upgrade"):
        present_from({"schema": 2})


@pytest.mark.parametrize("damage", [{"hosts": 3}, {"hosts": [{"host": "p1"}]}, {"at_s": None}, {"queue": 7}])
def test_a_damaged_view_is_a_message_and_no_traceback(damage):
    """The view is read in every state of the machine."""
    with pytest.raises(Unavailable, match="damaged"):
        present_from({**body_of_a_site(), **damage})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (0.4, "0 s"), (59, "59 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (1e6, "12 d")],
)
def test_ages_are_short(seconds, words):
    """A clock that was set back must not give an age below nothing."""
    assert age(seconds) == words


def test_text_is_put_on_one_line():
    """One host, one line."""
    assert one_line(" a\nb\tc\u202e ") == "a b c"


def test_jobs_that_raise_no_demand_are_named_with_what_they_ask_for():
    """Six hundred jobs waited for a host of a terabyte, and nobody who could have told their owner knew."""
    large, many = Resources(cpus=2, memory_mib=1 << 20, disk_kib=4096), Resources(cpus=1, gpus=9)
    unfit = (DemandGroup(asks=large, jobs=600),)
    stuck = tuple(DemandGroup(asks=many._replace(cpus=cpus), jobs=cpus) for cpus in range(1, 8))
    verdict = Verdict(orders=(), refusals=(), sentence="", unfit=unfit, stuck=stuck)
    site = build.settings()
    body = present(build.snapshot(idle_jobs=628), {}, {}, None, site, about={}, problems=[], verdict=verdict)
    said = status_text(present_from(body), ALIVE, NOW).splitlines()
    assert "  600 fit no host: 2 cpus, 1048576 MiB of memory, 4 MiB of disk" in said
    assert "  7 are taken by no host that stands free: 7 cpus, 0 MiB of memory, 0 MiB of disk, 9 GPUs" in said
    assert "  3 more are taken by no host that stands free" in said


def test_a_view_from_before_there_were_shapes_is_read():
    """An upgrade of the verbs before the daemon must not end in a defect."""
    body: dict[str, Any] = dict(present(build.snapshot(), {}, {}, None, build.settings(), about={}, problems=[]))
    queue = {name: value for name, value in body["queue"].items() if name not in {"unfit", "stuck"}}
    assert present_from({**body, "queue": queue}).unfit == ()
