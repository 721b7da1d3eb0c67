"""How long a lend and a reclaim take on the real site, beside the bare sequence of commands in the same run."""

import functools
import statistics
import sys
import time
from collections.abc import Callable

import pytest

from shepherd.lab.demo_figures import accepting_since
from shepherd.lab.watch import Watch
from tests.faults.scene import TIMERS, Scene
from tests.lab import by_hand

pytestmark = [pytest.mark.real, pytest.mark.alone]
KEEPER_POLL_S = 2.0
ROUNDS = 3


def tell(figure: str) -> None:
    """Into pytest's captured output: shown with -s, and when something fails."""
    sys.stdout.write(figure + "\n")


def gaps_of(watch: Watch, host: str, during: Callable[[], None]) -> list[float]:
    """How long nobody of the host accepted work, each time while `during` ran. Seconds."""
    began_s = time.monotonic()
    during()
    found = watch.measured().without_accepting.get(host, [])
    return [gap.length_s for gap in found if gap.start_s >= began_s]


def bare_round(scene: Scene, number: int) -> None:
    """Lend and reclaim p202 with HTCondor's own commands and nothing else."""
    host = scene.site.host("p202")
    by_hand.lend(scene.site, host, f"bare-{number}")
    time.sleep(1.0)
    off = ("condor_off", "-daemon", "master", "-graceful", "-constraint", 'Machine == "f202"')
    scene.eventually(
        lambda: by_hand.order(scene.site, *off, "-pool", scene.site.flock_pool), 20, "f202's master is told to end"
    )
    scene.eventually(lambda: scene.is_home("p202"), 30, "p202 is back")


def known_masters(scene: Scene) -> set[str]:
    """Machines whose master the flock collector has heard."""
    site = scene.site
    return {str(ad["Machine"]) for ad in site.collector_ads(site.cm, "master", pool=site.flock_pool)}


def our_round(scene: Scene) -> None:
    """Lend and reclaim everything with the shepherd. A master is told to end only once its pool knows it, here as
    there; before that the container's end is the keeper's, which is another way."""
    scene.lend()
    scene.eventually(lambda: known_masters(scene) >= {"f201", "f202"}, 20, "the flock pool knows the masters")
    time.sleep(1.0)
    scene.flockoff("round")
    scene.eventually(scene.all_home, 30, "all hosts are back")


@pytest.mark.large("stages beside bare commands", sample=0)
@pytest.mark.limit(280)
def test_our_lend_and_reclaim_cost_at_most_half_more_than_the_bare_commands(scene: Scene) -> None:
    """A shepherd that is slow in the middle of a switch leaves hosts without any startd."""
    host = scene.site.host("p202")
    ours = [gap for _ in range(ROUNDS) for gap in gaps_of(scene.watch, "p202", lambda: our_round(scene))]
    scene.site.cm.stop("shepherd")
    host.stop("keeper")
    bare = [gap for n in range(ROUNDS) for gap in gaps_of(scene.watch, "p202", functools.partial(bare_round, scene, n))]
    host.start("keeper")
    scene.site.cm.start("shepherd")
    assert len(ours) == len(bare) == 2 * ROUNDS, (ours, bare)
    for name, part in (("lend", slice(0, None, 2)), ("reclaim", slice(1, None, 2))):
        mine, floor = statistics.median(ours[part]), statistics.median(bare[part])
        tell(f"{name}: {mine:.2f} s without an accepting startd, bare {floor:.2f} s, ratio {mine / floor:.2f}")
        assert mine <= 1.5 * floor, (name, ours, bare)


def test_a_whole_lend_takes_at_most_one_keeper_poll_and_ten_seconds(scene: Scene) -> None:
    """Counted from the cycle that decides, which comes within one period of `flockon`."""
    scene.eventually(lambda: "young" not in scene.status(), 60, "the collectors are old enough to be believed")
    began_s = time.monotonic()
    scene.lend()
    took_s = time.monotonic() - began_s
    tell(f"lent {took_s:.1f} s after flockon")
    assert took_s <= TIMERS["cycle_s"] + TIMERS["look_s"] + KEEPER_POLL_S + 10.0


@pytest.mark.large("stages beside bare commands", sample=0)
@pytest.mark.parametrize(("busy", "within_s"), [(False, 4.0), (True, TIMERS["graceful_s"] + 4.0)])
def test_a_reclaim_keeps_its_deadline(scene: Scene, busy: bool, within_s: float) -> None:
    """Idle: four seconds. Busy with jobs that ignore their notice: the notice and four seconds."""
    scene.lend()
    if busy:
        deaf = "executable = /bin/sh\narguments = \"-c 'trap : TERM; while :; do sleep 1; done'\"\nqueue {count}\n"
        scene.guests(count=4, description=deaf)
    time.sleep(2.0)
    began_s = time.monotonic()
    scene.site.cm.write("/tmp/flockoff", "now")

    def backs() -> list[float]:
        seen = (accepting_since(scene.watch.sightings, host.name, began_s) for host in scene.site.hosts)
        return [back - began_s for back in seen if back is not None]

    scene.eventually(lambda: len(backs()) == len(scene.site.hosts), within_s + 20, "all hosts are back")
    tell(f"back after {backs()}")
    assert max(backs()) <= within_s, backs()
