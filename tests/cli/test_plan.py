"""`shepherd plan`: what the next cycle would do, told by somebody who can do nothing."""

import dataclasses
import json
import pathlib
import time

import pytest

from shepherd.cli.main import main
from shepherd.errors import PoolUnavailable
from shepherd.model.observation import FlockStartd, KeeperPhase, Queue
from shepherd.model.orders import HostMemory, Stage, SwitchRecord
from shepherd.programs import wiring
from tests.build import keeper, regular
from tests.cli.documents import fits
from tests.cli.sites import Site
from tests.edges.ledgers import remembered, switch, switched


@dataclasses.dataclass(kw_only=True)
class PoolOfNow:
    """p201 is lent, p202 to p204 are idle. Counts what it was asked to change."""

    idle_jobs: int = 0
    trouble: PoolUnavailable | None = None
    """What every question to the home collector ends in."""
    published_pages: int = 0
    closed: int = 0

    def _home(self) -> float:
        if self.trouble:
            raise self.trouble
        return time.time()

    def regular_startds(self, _hosts):
        now = self._home()
        return {name: regular(heard_at_s=now, idle_since_s=now - 500) for name in ("p202", "p203", "p204")}

    def regular_masters(self, _hosts):
        self._home()
        return {}

    def keepers(self, _hosts):
        now = self._home()
        lent = keeper(KeeperPhase.FLOCKING, lease=switch("p201").lease, heard_at_s=now)
        return {"p201": lent, **{name: keeper(heard_at_s=now) for name in ("p202", "p203", "p204")}}

    def queue(self):
        self._home()
        return Queue(idle_jobs=self.idle_jobs, running_jobs=0, schedds=("cm",))

    def flock_startds(self, _names):
        return {"f201": FlockStartd(claimed_slots=1, started_at_s=1.0, heard_at_s=time.time())}

    def collector_age_s(self):
        self._home()
        return 9999.0, 9999.0

    def publish(self, _pages):
        self.published_pages += 1

    def published(self):
        return ()

    def close(self):
        self.closed += 1


@pytest.fixture(name="pool")
def the_pool(monkeypatch: pytest.MonkeyPatch) -> PoolOfNow:
    pool = PoolOfNow()
    monkeypatch.setattr(wiring, "pool_of", lambda _settings, _beside: pool)
    return pool


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    """Its daemon has lent p201, and p204 cools after a failure. There is no signing key."""
    site = Site(tmp_path)
    ledger, now = site.ledger(), time.time()
    record: SwitchRecord = dataclasses.replace(switch("p201", Stage.LENT), granted_at_s=now - 50, stage_at_s=now - 40)
    memory = HostMemory(failures=1, not_before_s=now + 900, last_problem="no such image")
    ledger.append([switched(record, now - 40), remembered("p204", memory, now - 30)])
    ledger.close()
    return site


def plan(site: Site, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, what was printed, what was complained about."""
    code = main(site.words("plan"))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_lends_and_refusals_are_shown_with_their_reasons(site, pool, capsys):
    """"Why is this host not lent?" was answered by reading the source."""
    code, out, err = plan(site, capsys)
    sentence, *lines = out.splitlines()
    assert (code, err) == (0, "")
    assert sentence.endswith("3 hosts local, 1 lent, 0 neither.")
    assert "  p202 -> flock: no idle local jobs" in lines
    assert any(line.startswith("  p204 stays: ") and "no such image" in line for line in lines)
    assert pool.closed == 1


def test_reclaims_are_shown_with_their_reason(site, pool, capsys):
    """A burst: what comes home is known from the daemon's own record of what it lent."""
    pool.idle_jobs = 700
    line = "  p201 -> local: 700 idle local jobs, of which 688 find no local host free"
    assert line in plan(site, capsys)[1].splitlines()


def test_a_plan_for_machines_says_the_same(site, pool, capsys):
    """Monitoring compares what will be with what is."""
    assert main(site.words("plan", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    fits("plan", told)
    assert {"host": "p202", "herd": "flock", "why": "no idle local jobs"} in told["orders"]
    assert [refusal["host"] for refusal in told["refusals"]] == ["p204", "p203"]
    assert (told["problems"], pool.published_pages) == ({}, 0)


def test_a_plan_changes_nothing(site, pool, capsys):
    """A look at tomorrow that lent a host, or took an intent from the spool, would be no look."""
    (site.intents / "anybody.json").write_text("an intent")
    before = contents(site.state)
    for pool.idle_jobs in (0, 700):
        assert plan(site, capsys)[0] == 0
    assert contents(site.state) == before
    assert pool.published_pages == 0


def contents(place: pathlib.Path) -> dict[str, bytes]:
    """Every file below a directory."""
    return {str(path): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("trouble", [PoolUnavailable("home collector: silent"), PoolUnavailable("no", refused=True)])
def test_a_blind_source_is_named_and_nothing_is_lent(site, pool, capsys, trouble):
    """An empty plan looked like a quiet pool; the collector had been down for a day."""
    pool.trouble = trouble
    code, out, _ = plan(site, capsys)
    assert code == 0
    assert f"not believed: home startds: {trouble}" in out.splitlines()
    assert "-> flock" not in out


def test_a_collector_that_is_not_there_is_named_with_its_setting(site, capsys):
    """The whole way, by a real worker: what a newcomer with a typing error sees."""
    site.condor_config.write_text("COLLECTOR_HOST = 127.0.0.1:1\nSEC_CLIENT_AUTHENTICATION_METHODS = CLAIMTOBE\n")
    text = site.settings.read_text().replace("[home]", '[home]\ncollector = "127.0.0.1:1"')
    text = text.replace("10.27.0.1:9619", "127.0.0.1:2")
    site.settings.write_text(text)
    code, out, err = plan(site, capsys)
    assert (code, err) == (0, "")
    assert "nothing listens there; is home.collector (127.0.0.1:1) right" in out
    assert "nothing listens there; is flock.collector (127.0.0.1:2) right" in out


def test_a_daemon_that_never_ran_is_no_obstacle(tmp_path, pool, capsys):
    """The plan is most wanted before the daemon's first start."""
    code, out, _ = plan(Site(tmp_path), capsys)
    assert (code, pool.closed) == (0, 1)
    assert "p202 -> flock" in out


def test_a_damaged_ledger_is_a_message(site, pool, capsys):
    """A plan from half a record would lend what is lent."""
    newest = max((site.ledger_place).glob("2*.sqlite"))
    newest.write_bytes(b"\0\1\2" * 4000)
    code, out, err = plan(site, capsys)
    assert (code, out) == (1, "")
    assert str(newest.name) in err
    assert pool.published_pages == 0


def test_bad_settings_are_named_and_no_pool_is_asked(site, pool, capsys):
    """A plan by settings that the daemon refuses would be a promise."""
    with site.settings.open("a") as file:
        file.write("\n[policy]\nreserve = 7.0\n")
    code, _, err = plan(site, capsys)
    assert code == 2
    assert f"{site.settings}: policy.reserve" in err
    assert pool.closed == 0


def test_hosts_that_a_rule_makes_one_are_named_with_the_file(site, pool, capsys):
    """The remedy named two keys, of one of the three files on that machine."""
    with site.settings.open("a") as file:
        file.write("\n[hosts]\nregular = 'p20(?P<n>.).*'\nflock = 'p20{n}'\n")
    out = plan(site, capsys)[1]
    assert f"not managed: {site.settings}: hosts.regular, hosts.flock: p202 would be p202" in out
