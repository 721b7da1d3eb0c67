"""What a killed test or bench leaves is removed by `./run clean`, and nothing else is."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.lab.mark import BULK, Mark, marked, marks, namespaces, remove_unmade
from shepherd.lab.net import NETNS_DIR
from shepherd.lab.state import start_ticks

ROOT = Path(__file__).parents[2]
MAKER = """
import subprocess, sys, time
from shepherd.lab.mark import marked
with marked() as mark:
    subprocess.run(["ip", "netns", "add", mark.netns("a")], check=True)
    inside = ["nsenter", f"--net=/run/netns/{mark.netns('a')}", "sleep", "600"]
    sleeper = subprocess.Popen(inside, start_new_session=True, stdout=subprocess.DEVNULL)
    mark.directory("trace").mkdir()
    (mark.directory("trace") / "day.sqlite").write_text("x")
    print(mark.ident, sleeper.pid, flush=True)
    time.sleep(600)
"""
pytestmark = pytest.mark.real


@pytest.fixture
def stranger() -> Iterator[str]:
    """Somebody else's namespace, named as ours are."""
    name = "shepherd-test-0123456789ab-in"
    subprocess.run(["ip", "netns", "add", name], check=True, timeout=10)
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=True, timeout=10)


def test_what_a_killed_maker_left_is_removed_and_nothing_else(stranger: str, tmp_path: Path) -> None:
    """Namespaces with servers in them, and half a trace store, had lain on the machine for weeks."""
    maker = subprocess.Popen([sys.executable, "-c", MAKER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert maker.stdout is not None
    with maker.stdout, namespaces("living") as (living,):
        ident, sleeper = maker.stdout.readline().split()
        dead = Mark(ident=ident)
        assert ident not in remove_unmade()
        assert (dead.directory("trace") / "day.sqlite").exists()
        maker.kill()
        maker.wait(10)
        assert ident in remove_unmade()
        assert not (NETNS_DIR / dead.netns("a")).exists()
        assert not list(BULK.glob(f"*{ident}*"))
        assert not (marks() / ident).exists()
        assert start_ticks(int(sleeper)) == 0
        assert (NETNS_DIR / living).exists()
        assert (NETNS_DIR / stranger).exists()
    assert not (NETNS_DIR / living).exists()


def test_what_is_no_mark_is_left_alone() -> None:
    """A file of somebody's in that directory named what was to be removed."""
    with marked() as mark:
        other = marks() / "*"
        other.touch()
        remove_unmade()
        assert other.exists()
        assert (marks() / mark.ident).exists()
        other.unlink()
