"""What is asked of the monitoring, given what should be silent and what is."""

import dataclasses

import pytest

from shepherd.core.monitoring.plan import plan
from shepherd.core.monitoring.wishes import Sound, Wish
from shepherd.model.host import HostName
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import Begin, Call, End, Mark, Silence, SilenceKind

NOW = 1_000_000.0
ICINGA = IcingaSettings(url="https://icinga")
OFF = dataclasses.replace(ICINGA, silence=SilenceKind.CHECKS_OFF)


def mark(host: str) -> Mark:
    return Mark(pool="home", instance="i", host=host, lease="", why="a reason")


def wish(sound: Sound, host: str = "p1") -> Wish:
    return Wish(check=f"{host}!startd", sound=sound, mark=mark(host))


def silence(name: str, left_s: float | None, host: str = "p1", **more: object) -> Silence:
    made = Silence(
        name=name, check=f"{host}!startd", kind=SilenceKind.DOWNTIME, mark=mark(host),
        until_s=None if left_s is None else NOW + left_s,
    )  # fmt: skip
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def planned(
    *wishes: Wish, there: tuple[Silence, ...] = (), urgent: tuple[str, ...] = (), icinga: IcingaSettings = ICINGA
) -> list[str]:
    calls = plan({one.check: one for one in wishes}, there, [HostName(host) for host in urgent], icinga, NOW)
    return [words(call) for call in calls]


def words(call: Call) -> str:
    match call:
        case Begin():
            return f"begin {call.check}"
        case End():
            return f"end {call.silence.name}"


@pytest.mark.parametrize(
    ("sound", "there", "expected"),
    [
        (Sound.SILENT, (), ["begin p1!startd"]),
        (Sound.SILENT, (silence("a", 7200),), []),
        (Sound.SILENT, (silence("a", 3601),), []),
        (Sound.SILENT, (silence("a", 3600),), ["begin p1!startd"]),
        (Sound.SILENT, (silence("a", -5),), ["begin p1!startd"]),
        (Sound.SILENT, (silence("a", 3000), silence("b", 7000)), ["end a"]),
        (Sound.SILENT, (silence("a", 7000), silence("b", 7000)), ["end a"]),
        (Sound.SILENT, (silence("a", 20_000),), ["begin p1!startd"]),
        (Sound.SILENT, (silence("a", 20_000), silence("b", 7200)), ["end a"]),
        (Sound.SILENT, (silence("a", 7200, from_s=NOW + 10),), ["begin p1!startd"]),
        (Sound.AS_IS, (silence("a", 100), silence("b", 7200)), []),
        (Sound.AS_IS, (), []),
        (Sound.LOUD, (silence("a", 100), silence("b", 7200)), ["end a", "end b"]),
        (Sound.LOUD, (), []),
    ],
)
def test_one_check(sound: Sound, there: tuple[Silence, ...], expected: list[str]) -> None:
    """A renewal that ended the old downtime first left a gap; two answers that were lost left a heap."""
    assert planned(wish(sound), there=there) == expected


def test_switched_off_is_for_as_long_as_it_takes() -> None:
    """A check that was off was switched off anew each hour."""
    off = silence("p1!startd", None, kind=SilenceKind.CHECKS_OFF)
    assert planned(wish(Sound.SILENT), there=(off,), icinga=OFF) == []
    assert planned(wish(Sound.LOUD), there=(off,), icinga=OFF) == ["end p1!startd"]


def test_the_other_way_is_left_only_when_the_new_one_holds() -> None:
    """A site that changed its ways had a moment in which every lent host alarmed."""
    off = silence("p1!startd", None, kind=SilenceKind.CHECKS_OFF)
    assert planned(wish(Sound.SILENT), there=(off,)) == ["begin p1!startd"]
    assert planned(wish(Sound.SILENT), there=(off, silence("a", 7200))) == ["end p1!startd"]


def test_the_most_pressing_comes_first() -> None:
    """Three thousand renewals stood before the one check whose host was about to be drained."""
    wishes = [wish(Sound.SILENT, f"p{n}") for n in (1, 2, 3, 5)] + [wish(Sound.LOUD, "p4")]
    there = (silence("r", 1000, "p1"), silence("old", 3000, "p2"), silence("x", 50, "p4"))
    asked = planned(*wishes, there=there, urgent=("p5",))
    assert asked == ["begin p5!startd", "end x", "begin p3!startd", "begin p1!startd", "begin p2!startd"]


def test_silences_of_unknown_hosts_are_left_to_lapse() -> None:
    """A collector that was restarted knew no host, and every flocking startd's check alarmed."""
    stray = silence("a", 7000, "p9")
    assert planned(wish(Sound.SILENT), there=(stray, silence("b", 7200))) == []


def test_a_check_that_is_no_more_of_a_known_host_is_made_loud() -> None:
    """A template was changed, and the old check stayed silent until its downtime was over."""
    old = silence("a", 7000, check="p1!old-name")
    assert planned(wish(Sound.SILENT), there=(old, silence("b", 7200))) == ["end a"]


def test_a_downtime_begins_in_the_past_and_ends_in_whole_seconds() -> None:
    """A downtime that began in Icinga's future, whose clock was slow, was none when the drain came."""
    (call,) = plan({"p1!startd": wish(Sound.SILENT)}, (), (), ICINGA, NOW + 0.4)
    assert isinstance(call, Begin)
    assert (call.from_s, call.until_s) == (NOW - 300, NOW + 7200)
