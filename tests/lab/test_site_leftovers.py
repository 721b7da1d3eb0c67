"""What a killed lab leaves: nothing alive, and nothing that the next one does not remove; and nobody else's things."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.lab.cgroups import mounted
from shepherd.lab.eventually import eventually
from shepherd.lab.net import namespaces_of
from shepherd.lab.site import Site
from shepherd.lab.state import RUN_DIR, SiteState, cleanup_leftovers, start_ticks

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bystander() -> Iterator[str]:
    """A network namespace of somebody else, named almost like ours."""
    name = f"shlab-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True, timeout=10)
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=True, timeout=10)


@pytest.mark.real
def test_a_lab_killed_with_sigkill_dies_whole_and_is_removed_by_the_next(site: Site, bystander: str) -> None:
    """A developer's kill -9 once left daemons eating the machine; and a cleaner that guesses removes others' things."""
    living = {path.name for path in RUN_DIR.iterdir()}
    lab = subprocess.Popen(
        [sys.executable, "-m", "shepherd.lab", "up", "--hosts", "1"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert lab.stderr is not None
    with lab.stderr:
        for line in lab.stderr:
            if " up: " in line:
                break
        lab.kill()
        lab.wait(10)
    dead = SiteState(site_id=min({path.name for path in RUN_DIR.iterdir()} - living))
    inits = [int(path.read_text().split()[0]) for path in dead.directory.glob("*.pid")]
    assert len(inits) == 4
    eventually(lambda: not any(start_ticks(pid) for pid in inits), 10, what="every node of the killed lab is dead")
    assert dead.site_id in cleanup_leftovers()
    assert namespaces_of(dead.site_id) == []
    assert not dead.directory.exists()
    assert not dead.bulk.exists()
    trees = [tree for version in mounted().values() for tree in version.trees.values()]
    assert not [tree for tree in trees if (tree / dead.cgroup.lstrip("/")).exists()]
    assert Path("/run/netns", bystander).exists()
    assert len(site.regular_startds()) >= 1, "the living site was touched"


@pytest.mark.real
def test_a_lab_told_to_end_removes_its_site(site: Site) -> None:
    """Ctrl-C is how people end it; what stays behind then is never looked for."""
    living = {path.name for path in RUN_DIR.iterdir()}
    lab = subprocess.Popen(
        [sys.executable, "-m", "shepherd.lab", "up", "--hosts", "1"], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    eventually(lambda: {path.name for path in RUN_DIR.iterdir()} - living, 60, what="a second site has begun")
    time.sleep(1.0)
    lab.send_signal(signal.SIGTERM)
    lab.wait(60)
    assert {path.name for path in RUN_DIR.iterdir()} == living
    assert site.state.directory.exists()


@pytest.mark.real
def test_a_recorded_process_number_that_now_is_a_stranger_is_not_killed(tmp_path: Path) -> None:
    """Numbers are used again; a cleaner that trusts them kills whoever has one now."""
    stranger = subprocess.Popen(["sleep", "60"], cwd=tmp_path)
    state = SiteState(site_id="teststale")
    assert state.claim()
    (state.directory / "p201.pid").write_text(f"{stranger.pid} {start_ticks(stranger.pid) - 1}\n")
    state.remove()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait(5)
