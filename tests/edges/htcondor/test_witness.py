"""What `shepherd check` asks real daemons, and what they say."""

import pathlib
from collections.abc import Iterator

import pytest

from shepherd.edges.htcondor.installed import bindings_version
from shepherd.edges.htcondor.tool import Said, Tools
from shepherd.edges.htcondor.witness import CondorOrders, CondorWitness, judged, version_in
from shepherd.errors import PoolUnavailable
from shepherd.model.checkup import QueueSeen
from tests.edges.htcondor.conftest import eventually
from tests.real_pool import IDENTITY, SCHEDD, RealPool

HOME, FLOCK, WITHIN_S = "10.9.0.1:9618", "10.9.0.1:9619", 30.0
RIGHTS = ("READ", "DAEMON", "ADMINISTRATOR", "CONFIG")


@pytest.fixture(name="home", scope="module")
def home_collector(real_pool: RealPool) -> Iterator[CondorWitness]:
    witness = CondorWitness(real_pool.worker(HOME), WITHIN_S)
    yield witness
    witness.close()


@pytest.mark.real
def test_a_real_collector_tells_its_release_and_its_time(home):
    """A clock that was an hour off was found when leases lapsed."""
    seen = eventually(home.about)
    assert seen.version >= (25, 0)
    assert 0 <= seen.age_s < 3600
    assert abs(seen.ahead_s) <= 2


@pytest.mark.real
def test_a_real_daemon_tells_what_we_may(home, real_pool):
    """A right was missing that was needed for the first time at the first reclaim."""
    found = home.authority(RIGHTS)
    assert found.identity == "unauthenticated@unmapped"
    assert found.trust_domain == "home.bench"
    assert found.granted == {"READ", "DAEMON", "ADMINISTRATOR"}
    startd = CondorWitness(real_pool.worker("10.9.0.1:1"), WITHIN_S)
    with pytest.raises(PoolUnavailable, match="nothing listens there"):
        startd.authority(RIGHTS)
    startd.close()


@pytest.mark.real
def test_a_real_pool_has_a_schedd_and_a_negotiator(home, real_pool):
    """The names were right, and the identity was another."""
    assert eventually(home.schedds) == {"p220": "condor@family"}
    assert eventually(home.negotiators) == 1
    assert eventually(lambda: home.slot("p220"), WITHIN_S) == "slot1@p220"
    assert home.slot("p999") == ""
    assert home.keeper("p220") is None
    flock = CondorWitness(real_pool.worker(FLOCK), WITHIN_S)
    assert flock.negotiators() == 0
    flock.close()


@pytest.mark.real
def test_a_real_schedd_tells_of_its_jobs_or_says_whom_it_refuses(home, real_pool):
    """READ was taken away in a cleanup, and every job counted as one cpu."""
    eventually(home.schedds)
    assert home.queue(SCHEDD, [IDENTITY]) == QueueSeen()
    with real_pool.configured("condor_schedd", "SCHEDD.DENY_READ = *\\n"):
        seen = eventually(lambda: q if (q := home.queue(SCHEDD, [IDENTITY])).problem else None, WITHIN_S)
    assert seen == QueueSeen(problem="it refuses unauthenticated@unmapped READ", refused="unauthenticated@unmapped")


@pytest.mark.real
def test_htcondors_configuration_is_told_as_it_is_in_force(home):
    """The file said one thing, and a later one another."""
    found = home.parameters(("COLLECTOR_HOST", "UID_DOMAIN", "NO_SUCH_SETTING"))
    assert found == {"COLLECTOR_HOST": HOME, "UID_DOMAIN": "home.bench"}


@pytest.mark.real
def test_a_real_startd_takes_an_order_or_not(home, real_pool, tmp_path):
    """Rights at the collector were in order, and the hosts took no orders: SEC_ENABLE_REMOTE_ADMINISTRATION."""
    orders = CondorOrders(Tools(directory=real_pool.tools(tmp_path)), WITHIN_S)
    assert orders.version()[0] >= (25, 0)
    eventually(lambda: home.slot("p220"), WITHIN_S)
    assert orders.problem("slot1@p220", HOME) == ""
    refused = orders.problem("slot1@p999", HOME)
    assert "slot1@p999" in refused
    assert "by hand: " in refused


def test_tools_that_are_not_there_have_no_version(tmp_path):
    """A missing package was a traceback."""
    orders = CondorOrders(Tools(directory=str(tmp_path)), 5.0)
    version, said = orders.version()
    assert (version, "cannot be started" in said) == ((), True)
    assert "cannot be started" in orders.problem("slot1@p1", "")


def test_only_the_words_of_a_daemon_that_would_obey_are_good():
    """An exit code of 0 and of 1 both meant that somebody had answered."""
    assert judged(Said(code=1, text="Couldn't fetch log: no log file by that name.", by_hand="x")) == ""
    assert judged(Said(code=1, text="couldn't connect to daemon p1", by_hand="x")).startswith("couldn't connect")
    assert judged(Said(code=None, text="", by_hand="x")).startswith("no answer")


@pytest.mark.parametrize(
    ("text", "version"), [("$CondorVersion: 25.14.1 2026-08-21 $", (25, 14, 1)), ("condor_version: not found", ())]
)
def test_a_release_is_read_from_htcondors_words(text: str, version: tuple[int, ...]):
    """`25.14` was compared as text, and was older than `25.9`."""
    assert version_in(text) == version


def test_the_bindings_beside_us_are_asked_in_a_process_of_their_own():
    """Importing them crashed the check on a machine with another Python."""
    assert bindings_version() >= (25, 0)
    assert "htcondor2" not in pathlib.Path("/proc/self/maps").read_text()
