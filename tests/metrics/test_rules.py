"""Each alert over time, by Prometheus's own tool: it fires in the fault it is for, and nothing else does."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping

import pytest

from shepherd.lab.command import run
from shepherd.lab.prometheus import RULES
from tests.metrics.shown import alerts, chosen, expressions

pytestmark = [pytest.mark.real, pytest.mark.limit(120)]
MINUTES = 1600
AT, LATE = 150, 1500
"""When it is looked, minutes after the beginning; late for the one alert that waits for a day."""
GROWS = f"0+60x{MINUTES}"
"""A time that is always now."""


def flat(value: float) -> str:
    """The same for ever."""
    return f"{value}+0x{MINUTES}"


def bucket(le: str) -> str:
    return f'reclaim_latency_seconds_bucket{{le="{le}"}}'


QUIET: Mapping[str, str] = {
    "start_timestamp_seconds": flat(0), "last_look_timestamp_seconds": GROWS, "look_period_seconds": flat(10),
    "last_cycle_timestamp_seconds": GROWS, "cycle_period_seconds": flat(300), "alone": flat(1), "blind": flat(0),
    'source_up{source="keepers"}': flat(1), "reserve_kept": flat(1),
    'hosts{state="local",herd="local"}': flat(90), 'hosts{state="unknown",herd="neither"}': flat(10),
    'hosts_barred{why="keeper"}': flat(5), 'hosts_barred{why="cooling"}': flat(5),
    'hosts_barred{why="person"}': flat(90),
    "hosts_unheard": flat(0), "local_jobs_blocked": flat(0), "reclaim_deadline_seconds": flat(175),
    'local_jobs_without_demand{why="stuck"}': flat(0), 'local_jobs_without_demand{why="unfit"}': flat(7),
    "leases_near_expiry": flat(0), 'switches_stuck{way="out"}': flat(0), 'switches_stuck{way="home"}': flat(0),
    "hosts_late_home": flat(0), 'reclaims_failed_total{reason="local_work"}': flat(3),
    bucket("60.0"): "0+1x1600", bucket("120.0"): "0+1x1600", bucket("180.0"): "0+1x1600",
    bucket("300.0"): "0+1x1600", bucket("1200.0"): "0+1x1600", bucket("+Inf"): "0+1x1600",
    'lends_failed_total{reason="fault"}': "0+0.5x1600", 'lends_failed_total{reason="person"}': "0+9x1600",
    "lends_done_total": "0+1x1600", 'steps_total{step="drain",result="failed"}': "0+0.1x1600",
    'flockoff{cause="file"}': flat(0), 'flockoff{cause="verb"}': flat(0), 'flockoff{cause="leak"}': flat(0),
    "last_leak_timestamp_seconds": flat(60), "quarantines": flat(0), "ledger_writable": flat(1),
    "trace_storable": flat(1), "trace_sources_behind": flat(0), "trace_gaps_total": flat(3),
    "trace_anchor_last_timestamp_seconds": GROWS, "trace_anchor_period_seconds": flat(300), "icinga_up": flat(1),
    "icinga_silences_owed": flat(0), "problems": flat(0),
}  # fmt: skip
"""A pool that is well: of a hundred hosts ten are not heard, half as many lends fail as come to serve."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault: which series differ from those of a quiet pool (None: it is gone), and what fires."""

    name: str
    fires: tuple[str, ...]
    series: Mapping[str, str | None]
    at: int = AT


def since(minutes: int, before: float, after: float, at: int = AT) -> str:
    """Another value for the last so many minutes."""
    first = at - minutes
    return f"{before}+0x{first - 1} {after}+0x{MINUTES - first}"


def stood_still(minutes: int) -> str:
    """A time that nobody has renewed for so many minutes."""
    last = AT - minutes
    return f"0+60x{last} {60 * last}+0x{MINUTES - last}"


FAULTS = (
    Fault("nothing", (), {}),
    Fault("the daemon is gone", ("ShepherdAbsent",), dict.fromkeys(QUIET)),
    Fault("its file is old", ("ShepherdSilent",), {"last_look_timestamp_seconds": stood_still(2)}),
    Fault("a look is late", (), {"last_look_timestamp_seconds": stood_still(1)}),
    Fault("looks are rare", (), {"last_look_timestamp_seconds": stood_still(4), "look_period_seconds": flat(60)}),
    Fault("it has just begun", (), {
        "start_timestamp_seconds": flat(60 * AT - 20), "last_look_timestamp_seconds": flat(0)}),
    Fault("it hangs before its first look", ("ShepherdSilent",), {
        "start_timestamp_seconds": flat(60 * AT - 90), "last_look_timestamp_seconds": flat(0)}),
    Fault("no cycle", ("ShepherdNoCycle",), {"last_cycle_timestamp_seconds": stood_still(18)}),
    Fault("it was down over night", (), {"last_cycle_timestamp_seconds": f"_x{AT - 1} 60+0x{MINUTES}"}),
    Fault("it crashes on and on", ("ShepherdRestarts",), {"start_timestamp_seconds": GROWS}),
    Fault("another shepherd", ("ShepherdRival",), {"alone": since(6, 1, 0)}),
    Fault("blind", ("ShepherdBlind",), {"blind": since(11, 0, 1)}),
    Fault("blind for a moment", (), {"blind": since(8, 0, 1)}),
    Fault("a silent source", ("ShepherdSourceDown",), {'source_up{source="keepers"}': since(6, 1, 0)}),
    Fault("the reserve is broken", ("ShepherdReserveBroken",), {"reserve_kept": since(16, 1, 0)}),
    Fault("hosts are lost", ("ShepherdHostsUnknown",), {'hosts{state="unknown",herd="neither"}': since(16, 10, 11)}),
    Fault("keepers are silent", ("ShepherdHostsBarred",), {'hosts_barred{why="keeper"}': since(32, 5, 6)}),
    Fault("keepers restart", (), {'hosts_barred{why="keeper"}': since(28, 5, 90)}),
    Fault("a rack is dark", ("ShepherdHostsUnheard",), {"hosts_unheard": since(16, 0, 4)}),
    Fault("a host boots", (), {"hosts_unheard": since(13, 0, 1)}),
    Fault("nobody calls hosts home", ("ShepherdLocalWorkWaits",), {"local_jobs_blocked": since(16, 0, 7)}),
    Fault("a burst is served", (), {"local_jobs_blocked": since(13, 0, 7)}),
    Fault("stuck jobs", ("ShepherdJobsStuck",), {'local_jobs_without_demand{why="stuck"}': since(125, 0, 1)}),
    Fault("pages are not published", ("ShepherdLeasesExpire",), {"leases_near_expiry": since(3, 0, 2)}),
    Fault("stuck on the way home", ("ShepherdSwitchStuck",), {'switches_stuck{way="home"}': since(3, 0, 1)}),
    Fault("stuck on the way out", ("ShepherdSwitchStuck",), {'switches_stuck{way="out"}': since(3, 0, 1)}),
    Fault("a startd is not back", ("ShepherdHostNotBack",), {"hosts_late_home": since(1, 0, 1)}),
    Fault("not proven home", ("ShepherdReclaimFailed",), {
        'reclaims_failed_total{reason="local_work"}': since(30, 3, 4)}),
    Fault("reclaims are slow", ("ShepherdReclaimsSlow",), {
        bucket("60.0"): "0+0.5x1600", bucket("120.0"): "0+0.6x1600", bucket("180.0"): "0+0.7x1600",
        bucket("300.0"): "0+1x1600"}),
    Fault("reclaims are as slow as they may be", (), {
        bucket("60.0"): "0+0.5x1600", bucket("120.0"): "0+0.9x1600"}),
    Fault("reclaims never end, and hardly may", ("ShepherdReclaimsSlow",), {
        bucket("60.0"): "0+0.5x1600", bucket("120.0"): "0+0.5x1600", bucket("180.0"): "0+0.5x1600",
        bucket("300.0"): "0+0.5x1600", bucket("1200.0"): "0+0.5x1600", "reclaim_deadline_seconds": flat(1700)}),
    Fault("lends fail", ("ShepherdLendsFail",), {'lends_failed_total{reason="fault"}': "0+1.1x1600"}),
    Fault("orders fail", ("ShepherdStepsFail",), {'steps_total{step="drain",result="failed"}': "0+1x1600"}),
    Fault("a leak is latched", ("ShepherdLeak",), {'flockoff{cause="leak"}': since(1, 0, 1)}),
    Fault("a leak of one host", ("ShepherdLeak",), {"last_leak_timestamp_seconds": since(30, 0, 60 * (AT - 30))}),
    Fault("flockoff", ("ShepherdFlockoff",), {'flockoff{cause="file"}': since(65, 0, 1)}),
    Fault("flockoff over lunch", (), {'flockoff{cause="file"}': since(50, 0, 1)}),
    Fault("a forgotten quarantine", ("ShepherdQuarantine",), {"quarantines": since(1445, 0, 1, LATE)}, LATE),
    Fault("the disk is full", ("ShepherdLedgerGap",), {"ledger_writable": since(1, 1, 0)}),
    Fault("the store's disk is full", ("ShepherdTraceNotStored",), {"trace_storable": since(11, 1, 0)}),
    Fault("a host hands nothing out", ("ShepherdTraceBehind",), {"trace_sources_behind": since(61, 0, 1)}),
    Fault("a host boots and hands nothing out yet", (), {"trace_sources_behind": since(50, 0, 1)}),
    Fault("a gap", ("ShepherdTraceGap",), {"trace_gaps_total": since(30, 3, 4)}),
    Fault("a gap of yesterday", (), {"trace_gaps_total": since(70, 3, 4)}),
    Fault("the logger is dead", ("ShepherdAnchorOld",), {"trace_anchor_last_timestamp_seconds": stood_still(18)}),
    Fault("the logger is late", (), {"trace_anchor_last_timestamp_seconds": stood_still(14)}),
    Fault("no logger", (), {"trace_anchor_last_timestamp_seconds": None, "trace_anchor_period_seconds": None}),
    Fault("no Icinga", ("ShepherdIcingaDown",), {"icinga_up": since(12, 1, 0)}),
    Fault("Icinga refuses", ("ShepherdSilencesOwed",), {"icinga_silences_owed": since(17, 0, 4)}),
    Fault("a problem", ("ShepherdProblem",), {"problems": since(32, 0, 1)}),
)  # fmt: skip


def rule_test(fault: Fault) -> Mapping[str, object]:
    """In the tool's own form: exactly these alerts fire."""
    series = {name: values for name, values in {**QUIET, **fault.series}.items() if values is not None}
    fire = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(fault.fires)]
    return {
        "interval": "1m",
        "name": fault.name,
        "input_series": [{"series": f"shepherd_{name}", "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (count by (alertname, severity) (ALERTS{alertstate="firing"}))',
                "eval_time": f"{fault.at}m",
                "exp_samples": fire,
            }
        ],
    }


def judge(programs: pathlib.Path, folder: pathlib.Path, *faults: Fault) -> tuple[int, str]:
    """What `promtool test rules` says. JSON is YAML."""
    told = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [rule_test(one) for one in faults]}
    path = folder / "test.yml"
    path.write_text(json.dumps(told))
    done = run((str(programs / "promtool"), "test", "rules", str(path)), timeout_s=100)
    return done.returncode, done.stdout + done.stderr


def test_each_alert_fires_in_the_fault_it_is_for_and_no_other_does(programs, tmp_path):
    """An alert that had never been seen to fire did not."""
    assert {name for fault in FAULTS for name in fault.fires} == set(alerts())
    code, said = judge(programs, tmp_path, *FAULTS)
    assert code == 0, said


def test_an_alert_that_does_not_fire_would_be_told(programs, tmp_path):
    """The tool's files were in a form in which it compares nothing."""
    silent = dataclasses.replace(FAULTS[0], fires=("ShepherdBlind",))
    code, said = judge(programs, tmp_path, silent)
    assert code != 0
    assert "ShepherdBlind" in said


def test_prometheus_takes_the_rules(programs):
    """Prometheus did not start again after the rules were copied to it."""
    done = run((str(programs / "promtool"), "check", "rules", str(RULES)), timeout_s=30)
    assert done.returncode == 0, done.stderr
    assert f"{len(list(alerts()))} rules found" in done.stdout


def test_every_expression_of_the_dashboard_is_one(programs, tmp_path):
    """A panel showed an error of the parser."""
    asked = expressions()
    rules = [{"record": f"panel:{n}", "expr": chosen(text)} for n, text in enumerate(asked.values())]
    path = tmp_path / "panels.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = run((str(programs / "promtool"), "check", "rules", str(path)), timeout_s=30)
    assert done.returncode == 0, done.stderr
    assert f"{len(asked)} rules found" in done.stdout
