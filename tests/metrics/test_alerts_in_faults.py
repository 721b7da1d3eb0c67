"""Each alert in the fault it is for, by the figures of a real loop on the fake site, and by Prometheus's own tool.

`test_rules` tells what an expression makes of series that somebody wrote; here the daemon writes them.
"""

import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import pytest

from shepherd.lab.command import run
from shepherd.lab.prometheus import RULES
from shepherd.sim.site import Site
from tests.metrics.scenes import SCENES, Scene, site_that_lends
from tests.metrics.shown import Series, alerts, series

pytestmark = [pytest.mark.real, pytest.mark.limit(120)]
MINUTE_S = 60.0
BEFORE = 30
"""Minutes of a pool that is well, before the fault."""
DAWN_S = 86400.0
"""The first sample is taken a day after the tool's zero, so that no time of a daemon is before it."""


def sampled(site: Site) -> Series | None:
    """What a scrape brings; None of a daemon that is dead, or that has not begun."""
    running = site.shepherds[-1]
    return series(running.metering.figures()) if running.alive and running.shepherd is not None else None


def course_of(scene: Scene) -> Iterator[tuple[float, Series | None]]:
    """A sample each minute, with the site's wall clock."""
    site = site_that_lends(scene.spec)
    for _ in range(BEFORE):
        site.run(MINUTE_S)
        yield site.pools.wall_s(), sampled(site)
    course = scene.course(site)
    for _ in range(scene.minutes):
        next(course, None)
        site.run(MINUTE_S)
        yield site.pools.wall_s(), sampled(site)


def written(name: str, samples: Sequence[float | None], zero_s: float) -> str:
    """In the tool's notation, times moved to its clock; 0 is no time."""
    is_time = name.partition("{")[0].endswith("_timestamp_seconds")
    moved = (value - zero_s if is_time and value else value for value in samples)
    return " ".join("_" if value is None else repr(float(value)) for value in moved)


def rule_test(scene: Scene) -> Mapping[str, object]:
    """In the tool's own form: nothing fires while all is well, and in the end what the scene says."""
    told = list(course_of(scene))
    zero_s = told[0][0] - DAWN_S
    names = sorted({name for _, figures in told if figures for name in figures})
    lead = f"_x{int(DAWN_S / MINUTE_S)} "
    kept = {name: [figures.get(name) if figures else None for _, figures in told] for name in names}
    fires = sorted({scene.fires, *scene.beside})
    return {
        "interval": "1m",
        "name": scene.fires,
        "input_series": [
            {"series": f"shepherd_{name}", "values": lead + written(name, samples, zero_s)}
            for name, samples in kept.items()
        ],
        "promql_expr_test": [asked(BEFORE - 1, []), asked(BEFORE - 1 + scene.minutes, fires)],
    }


def asked(minute: int, fires: Sequence[str]) -> Mapping[str, object]:
    """Exactly these alerts fire at this sample."""
    return {
        "expr": 'count by (alertname) (ALERTS{alertstate="firing"}) > bool 0',
        "eval_time": f"{int(DAWN_S / MINUTE_S) + minute}m",
        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in fires],
    }


def test_each_alert_has_its_fault():
    """An alert that had never been seen to fire did not."""
    assert sorted(scene.fires for scene in SCENES) == sorted(alerts())


@pytest.mark.large("alerts in their faults", sample=3)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.fires)
def test_a_fault_fires_its_alert_by_the_daemons_own_figures(
    scene: Scene, programs: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """The rule was right, and the series it asks for never came to be what it waits for: `ShepherdNoCycle` saw a cycle
    of a blind daemon every five minutes."""
    path = tmp_path / "test.yml"
    path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [rule_test(scene)]}))
    done = run((str(programs / "promtool"), "test", "rules", str(path)), timeout_s=100)
    assert done.returncode == 0, done.stdout + done.stderr
