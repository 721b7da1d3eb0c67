"""What is asked of the monitoring, given what should be silent and what is."""

import dataclasses

import pytest

from shepherd.core.monitoring.plan import is_silent, plan
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


def silence(name: str, left_s: float, host: str = "p1", **more: object) -> Silence:
    made = Silence(
        name=name, check=f"{host}!startd", kind=SilenceKind.DOWNTIME, mark=mark(host),
        until_s=NOW + left_s,
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


@pytest.mark.parametrize(
    ("left_s", "sound", "expected"),
    [
        (7000, Sound.SILENT, []),
        (3000, Sound.SILENT, ["begin p1!startd"]),
        (-5, Sound.SILENT, ["begin p1!startd"]),
        (7000, Sound.AS_IS, []),
        (-5, Sound.AS_IS, ["end p1!startd"]),
        (7000, Sound.LOUD, ["end p1!startd"]),
    ],
)
def test_what_is_switched_off_is_ended_when_a_downtime_would_have_lapsed(
    left_s: float, sound: Sound, expected: list[str]
) -> None:
    """A host that died while it was lent was hidden for good, with the shepherd in the best of health."""
    off = silence("p1!startd", left_s, kind=SilenceKind.CHECKS_OFF)
    assert planned(wish(sound), there=(off,), icinga=OFF) == expected


def test_switched_off_for_a_host_that_nobody_knows_any_more_is_ended_in_time() -> None:
    """A host was retired while it was lent; its successor of the same name was not watched."""
    of_old = [silence(f"p9!{left_s}", left_s, "p9", kind=SilenceKind.CHECKS_OFF) for left_s in (60, -60)]
    assert planned(there=tuple(of_old), icinga=OFF) == ["end p9!-60"]


def test_the_other_way_is_left_only_when_the_new_one_holds() -> None:
    """A site that changed its ways had a moment in which every lent host alarmed."""
    off = silence("p1!startd", 7000, kind=SilenceKind.CHECKS_OFF)
    assert planned(wish(Sound.SILENT), there=(off,)) == ["begin p1!startd"]
    assert planned(wish(Sound.SILENT), there=(off, silence("a", 7200))) == ["end p1!startd"]


def test_the_most_pressing_comes_first() -> None:
    """Three thousand renewals stood before the one check whose host was about to be drained."""
    wishes = [wish(Sound.SILENT, f"p{n}") for n in (1, 2, 3, 5)] + [wish(Sound.LOUD, "p4")]
    there = (silence("r", 1000, "p1"), silence("old", 3000, "p2"), silence("x", 50, "p4"))
    asked = planned(*wishes, there=there, urgent=("p5",))
    assert asked == ["begin p5!startd", "end x", "begin p3!startd", "begin p1!startd", "begin p2!startd"]


@pytest.mark.parametrize("left_s", [20, -20])
def test_a_silence_that_ends_in_seconds_is_renewed_before_the_drain(left_s: float) -> None:
    """The last lend's downtime had half a minute left: its renewal stood behind three thousand others, and the drain
    went on, as the check was silent."""
    wishes = [wish(Sound.SILENT, "p1"), wish(Sound.SILENT, "p2"), wish(Sound.LOUD, "p3")]
    there = (silence("a", left_s, "p1"), silence("x", 50, "p3"))
    asked = planned(*wishes, there=there, urgent=("p1",))
    assert asked == ["begin p1!startd", "end x", "begin p2!startd"]
    assert not is_silent(there[:1], ICINGA, NOW)
    assert is_silent((silence("a", 31),), ICINGA, NOW)


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
