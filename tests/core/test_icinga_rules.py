"""Settings of the monitoring that are well-formed and still wrong."""

import dataclasses

import pytest

from shepherd.core.settings.icinga import icinga_problems
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import SilenceKind
from shepherd.model.settings import TimerSettings

SOUND = IcingaSettings(url="https://icinga.example.org:5665", heartbeat="cm!flocking-shepherd")

FAULTS = [
    ({"url": "http://icinga.example.org:5665"}, "icinga.url"),
    ({"url": "https://"}, "icinga.url"),
    ({"url": "https://icinga:99999"}, "icinga.url"),
    ({"url": "https://icinga/v1"}, "icinga.url"),
    ({"url": "https://user:secret@icinga"}, "icinga.url"),
    ({"url": "https://icinga?x=1"}, "icinga.url"),
    ({"url": "icinga.example.org:5665"}, "icinga.url"),
    ({"user": ""}, "icinga.user"),
    ({"password_file": "password"}, "icinga.password_file"),
    ({"ca_file": "ca.crt"}, "icinga.ca_file"),
    ({"regular": ("startd",)}, "icinga.regular"),
    ({"regular": ("{host",)}, "icinga.regular"),
    ({"regular": ("{machine}!startd",)}, "icinga.regular"),
    ({"regular": ("{host!r}!startd",)}, "icinga.regular"),
    ({"regular": ("{host.real}!startd",)}, "icinga.regular"),
    ({"regular": ("{host}!a!b",)}, "icinga.regular"),
    ({"regular": ("{host}!",)}, "icinga.regular"),
    ({"flock": ("{flock} !startd",)}, "icinga.flock"),
    ({"flock": ("{host}!startd",)}, "icinga.flock"),
    ({"heartbeat": "cm"}, "icinga.heartbeat"),
    ({"heartbeat": "cm!"}, "icinga.heartbeat"),
    ({"downtime_s": 60.0}, "icinga.downtime_s"),
    ({"downtime_s": 90_000.0}, "icinga.downtime_s"),
    ({"downtime_s": float("inf")}, "icinga.downtime_s"),
    ({"request_s": 0.0}, "icinga.request_s"),
    ({"lend_waits_s": -1.0}, "icinga.lend_waits_s"),
    ({"lend_waits_s": 180.0}, "icinga.lend_waits_s"),
    ({"heartbeat_ttl_s": 20.0}, "icinga.heartbeat_ttl_s"),
]


def keys(icinga: IcingaSettings) -> list[str]:
    """What is wrong, by key."""
    return [problem.key for problem in icinga_problems(icinga, TimerSettings())]


@pytest.mark.parametrize(("changes", "key"), FAULTS)
def test_a_fault_is_named_with_its_key(changes: dict[str, object], key: str) -> None:
    """A template without a host silenced one check for all of them."""
    assert keys(dataclasses.replace(SOUND, **changes)) == [key]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"regular": (), "flock": ()},
        {"regular": ("{host}.example.org!startd", "{host}!condor slots"), "flock": ("{flock}",)},
        {"regular": ("{host_short}!startd",), "flock": ("{flock_short}",)},
        {"heartbeat": "", "lend_waits_s": 0.0, "ca_file": "/etc/ssl/site.pem"},
        {"url": "https://[2001:db8::1]:5665/"},
        {"silence": SilenceKind.CHECKS_OFF, "downtime_s": 120.0},
    ],
)
def test_what_a_site_may_want_is_let_through(changes: dict[str, object]) -> None:
    """A rule that refuses a sound site is worked around."""
    assert keys(dataclasses.replace(SOUND, **changes)) == []  # type: ignore[arg-type]


def test_nothing_is_asked_of_a_site_without_icinga() -> None:
    """Settings for what is not used stood in the way of an upgrade."""
    assert keys(IcingaSettings(password_file="nowhere", downtime_s=-1)) == []
