"""`shepherd -s` on a terminal: what is wrong comes first, thousands of hosts fit, strangers' words do nothing."""

from hypothesis import given
from hypothesis import strategies as st

from shepherd.model.demand import DemandGroup, Resources
from shepherd.model.flockoff import FlockOff, Leak
from shepherd.model.host import HostState
from shepherd.model.stop import Ban, BanKind
from shepherd.views.lines import Tone, cells, painted, wrapped
from shepherd.views.present import Present, ShownHost, ShownReading
from shepherd.views.status import Life
from shepherd.views.status_screen import status_screen

NOW = 1_800_000_000.0
HOSTILE = st.text(st.characters(), max_size=60)
ALIVE = Life(running=True, pid=7)


def host(name: str, state: HostState = HostState.LOCAL, why: str = "", blocked: str = "") -> ShownHost:
    flock_name = name.replace("p", "f", 1)
    return ShownHost(host=name, flock_name=flock_name, state=state, why=why, since_s=NOW - 90, blocked=blocked)


def present(*hosts: ShownHost, **changes: object) -> Present:
    usual: dict[str, object] = {
        "at_s": NOW, "sentence": "quiet", "cycle_at_s": NOW - 10, "flockoff": None, "hosts": hosts,
        "readings": (ShownReading(source="queue", at_s=NOW - 3, problem=None, period_s=10.0),), "idle_jobs": 3,
        "running_jobs": 1, "unmanaged": (), "problems": (),
    }  # fmt: skip
    return Present(**{**usual, **changes})  # type: ignore[arg-type]


def shown(what: Present, life: Life = ALIVE, width: int = 80) -> list[str]:
    return [one.text() for one in wrapped(status_screen(what, life, NOW), width)]


def test_a_rack_is_one_line_a_herd():
    """Three thousand names were forty screens; the two hosts that were away were on the thirty-eighth."""
    hosts = [host(f"p-{n}", HostState.FLOCK if n > 2400 else HostState.LOCAL) for n in range(1, 3001)]
    lines = shown(present(*hosts, host("p-3001", HostState.HELD, "somebody drains it: new disk")))
    assert "Hosts: 3001  at 2027-01-15 08:00:00 UTC" in lines
    assert "  local     2400  p-[1-2400]" in lines
    assert "  flock      600  f-[2401-3000]" in lines
    assert "  somebody drains it: new disk: p-3001 for 90 s" in lines
    assert len(lines) < 15


def test_hosts_with_the_same_trouble_are_told_together():
    """A switch died, and each of its forty hosts had three lines."""
    away = [host(f"p-{n}", HostState.UNKNOWN, "its ads are stale") for n in range(1, 41)]
    gpus = [host(f"p-{n}", blocked="has a GPU") for n in range(41, 45)]
    lines = shown(present(*away, *gpus))
    assert "  its ads are stale (40): p-[1-40]" in lines
    assert lines[lines.index("Local hosts that cannot be lent: 4") + 1] == "  has a GPU (4): p-[41-44]"


def test_what_is_wrong_comes_first_and_in_its_tone():
    """The daemon was dead for a weekend, and the last line of forty said so."""
    off = FlockOff(since_s=NOW - 60, who="root", why="maintenance", until_s=None, from_file=False)
    blind = ShownReading(source="keepers", at_s=NOW - 400, problem="no answer", period_s=10.0)
    leak = Leak(host="p9", at_s=NOW - 30, what="leak: storage answers")
    what = present(host("p1"), flockoff=off, leaks=(leak,), problems=("the disk is full",), readings=(blind,))
    found = list(status_screen(what, Life(running=False), NOW))
    first = [one.text().split()[0] for one in found[:6]]
    assert first == ["The", "Flocking", "It", "Leak:", "Problem:", "Blind:"]
    assert {span.tone for one in found[:6] for span in one.spans} == {Tone.WRONG}
    assert "Blind: keepers, last believed 7 min ago: no answer" in shown(what)


def test_everything_that_is_not_as_usual_is_there():
    """What the piped form tells is told here too."""
    ban = Ban(kind=BanKind.USER, value="eve@campus", at_s=NOW - 60, until_s=None, who="root", why="scans", addresses=())
    group = DemandGroup(asks=Resources(cpus=64, memory_mib=9, disk_kib=0, gpus=0), jobs=4)
    what = present(host("p1"), bans=(ban,), unfit=(group,), unmanaged=("login1", "login2"))
    text = "\n".join(shown(what, width=200))
    for told in ("user eve@campus", "4 fit no host: 64 cpus", "  login[1-2]", "Local jobs: 3 idle", "queue 3 s ago"):
        assert told in text


@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(HostState), st.integers(20, 200))
def test_strangers_words_move_no_cursor_and_no_line_is_too_wide(name, why, source, state, width):
    """A drain reason cleared the administrator's screen and wrote "all is well" on it."""
    reading = ShownReading(source=source, at_s=NOW, problem=why or None, period_s=10.0)
    what = present(host(name, state, why, blocked=why), readings=(reading,), problems=(why,), sentence=why)
    for one in wrapped(status_screen(what, ALIVE, NOW), width):
        assert cells(one.text()) <= width
        assert painted(one, coloured=False).isprintable()
