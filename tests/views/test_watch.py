"""The picture of `shepherd watch`: what is wrong first, deadlines, never larger than the screen."""

from hypothesis import given
from hypothesis import strategies as st

from shepherd.model.course import Silent
from shepherd.model.flockoff import Leak
from shepherd.model.host import HostState
from shepherd.views.lines import Tone, cells
from shepherd.views.present import Present, ShownHost, ShownReading
from shepherd.views.sparkline import bar, sparkline
from shepherd.views.status import Life
from shepherd.views.watch import Picture, Row, screen
from tests.views.test_status_screen import ALIVE, HOSTILE, NOW, host, present

ROWS = (Row(what="local", tone=Tone.LOCAL, values=(None, 3.0, 5.0), now=4),)


def picture(what: Present, life: Life = ALIVE, **changes: object) -> Picture:
    usual = {"present": what, "life": life, "now_s": NOW, "hours": 6.0, "rows": ROWS, "silent": ()}
    return Picture(**{**usual, **changes})  # type: ignore[arg-type]


def drawn(what: Picture, columns: int = 100, rows: int = 60) -> list[str]:
    return [one.text() for one in screen(what, columns, rows)]


def moving(name: str, stage: str, state: HostState, took_s: float, lasts_s: float | None) -> ShownHost:
    deadline_s = None if lasts_s is None else NOW - took_s + lasts_s
    return ShownHost(
        host=name, flock_name=f"f-{name}", state=state, why="guests wait", since_s=NOW - took_s, stage=stage,
        deadline_s=deadline_s,
    )  # fmt: skip


def test_hosts_under_way_have_progress_and_deadline():
    """"It is draining" was all that was said, for an hour."""
    out = moving("p1", "granted", HostState.ARMING, 90, 180)
    late = moving("p2", "off ordered", HostState.LEAVING, 70, 60)
    lines = drawn(picture(present(out, late)))
    at = lines.index("Under way: 2")
    assert lines[at + 1] == "  p2  off ordered     ██████████ 70 of 60 s  guests wait"
    assert lines[at + 2] == "  p1  granted         █████░░░░░ 90 of 180 s  guests wait"
    [overdue] = [one for one in screen(picture(present(out, late)), 100, 60) if one.text() == lines[at + 1]]
    assert overdue.spans[1].tone is Tone.WRONG


def test_a_dead_daemon_a_leak_and_a_blind_source_come_before_anything_else():
    """On a small screen they were below the edge."""
    blind = ShownReading(source="keepers", at_s=NOW - 400, problem="no answer", period_s=10.0)
    leak = Leak(host="p9", at_s=NOW - 30, what="leak: storage answers")
    held = [host(f"x{n}y{n}", HostState.HELD, f"why {n}") for n in range(50)]
    what = present(*held, leaks=(leak,), readings=(blind,))
    lines = drawn(picture(what, Life(running=False), trouble="ledger: disk gone"), 120, 8)
    assert lines[1].startswith("Not up to date: ledger: disk gone")
    assert lines[2].startswith("The shepherd is not running")
    assert lines[3] == "Leak: p9, 30 s ago: leak: storage answers"
    assert lines[4].startswith("Blind: keepers")
    assert len(lines) == 8
    assert "lines more; `shepherd -s` prints all" in lines[-1]


def test_machines_that_no_rule_pairs_are_there():
    """A rack with another scheme of names was in neither herd, and whoever watched never knew."""
    lines = drawn(picture(present(host("p1"), unmanaged=("login1", "login2"))))
    assert "Machines that no naming rule pairs: 2" in lines


def test_silent_checks_are_told_those_that_are_loud_soonest_first():
    """Nobody knew which alarms were off."""
    silent = tuple(Silent(check=f"p{n}!startd", until_s=NOW + 600 - n, host=f"p{n}") for n in range(7))
    lines = drawn(picture(present(host("p1")), silent=silent))
    at = lines.index("Silent checks: 7")
    assert lines[at + 1] == "  p6!startd for 10 min more"
    assert lines[at + 6] == "  and 2 more"


def test_what_is_not_known_is_blank():
    """A night without records looked like a night without demand."""
    assert sparkline([None, 0, 5, 10]) == " ▁▅█"
    assert sparkline([]) == ""
    assert sparkline([None, 0.0]) == " ▁"
    assert (bar(0.5, 4), bar(7.0, 3), bar(-1.0, 2)) == ("██░░", "███", "░░")
    lines = drawn(picture(present(host("p1")), rows=()))
    assert "The last 6 hours:  nothing on record" in lines


@given(HOSTILE, HOSTILE, st.sampled_from(HostState), st.integers(10, 250), st.integers(1, 80))
def test_the_picture_is_never_larger_than_the_screen(name, why, state, columns, rows):
    """One line too many, and the first one was gone: the one that says what is wrong."""
    odd = ShownHost(
        host=name, flock_name=why, state=state, why=why, since_s=NOW - 5, stage=why, deadline_s=NOW + 5, blocked=name
    )
    what = present(odd, problems=(why,), unmanaged=(name,), leaks=(Leak(host=name, at_s=NOW, what=why),))
    lines = drawn(picture(what, silent=(Silent(check=name, until_s=NOW + 9, host=why),), trouble=why), columns, rows)
    assert len(lines) <= rows
    assert all(cells(one) <= columns and one.isprintable() for one in lines)
