"""How checks are named after hosts."""

import pytest

from shepherd.core.monitoring.names import SAMPLE_HOSTS, checks_of, sample_of
from shepherd.core.monitoring.permissions import needed
from shepherd.model.host import HostName, HostPair
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import SilenceKind

PAIR = HostPair(host=HostName("p220.example.org"), flock_name="f220.example.org")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{host}!startd", "p220.example.org!startd"),
        ("{host_short}!startd", "p220!startd"),
        ("{flock}", "f220.example.org"),
        ("{host_short}!{flock_short}", "p220!f220"),
    ],
)
def test_a_check_may_be_named_without_the_domain(template: str, name: str) -> None:
    """HTCondor had full names, Icinga short ones, and no check could be named: the site did without."""
    icinga = IcingaSettings(regular=(template,), flock=())
    assert checks_of(PAIR, icinga) == ((name,), ())


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000])
def test_a_few_hosts_stand_for_the_pool(count: int) -> None:
    """The first rack had the checks, and was the only one that was asked for."""
    pairs = [HostPair(host=HostName(f"p{n:04}"), flock_name=f"f{n:04}") for n in range(count)]
    asked = sample_of(pairs, IcingaSettings(heartbeat="cm!alive", flock=()))
    hosts = asked.get("regular startds", [])
    assert len(hosts) == len(set(hosts)) == min(count, SAMPLE_HOSTS)
    assert asked["the sign of life"] == ["cm!alive"]
    assert "flocking startds" not in asked
    assert count < 1000 or hosts[-1] > "p0600"


def test_the_sign_of_lifes_check_must_be_ours_to_see() -> None:
    """It was asked for, and was refused to a user who had all that the list of permissions named."""
    hosts = IcingaSettings(regular=("{host}",), flock=(), heartbeat="cm!alive")
    assert "objects/query/Service" in set(needed(hosts))
    off = IcingaSettings(regular=("{host}",), flock=(), heartbeat="cm!alive", silence=SilenceKind.CHECKS_OFF)
    assert "objects/modify/Service" not in set(needed(off))
