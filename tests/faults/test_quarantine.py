"""Quarantines on the real site: cut, frozen, recorded, killed or kept, whatever dies meanwhile."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shepherd.lab.node import Node, alive
from tests.faults.scene import LEND_S, TIMERS, Scene
from tests.lab.talking import TALK, hearing

pytestmark = pytest.mark.real

EVIDENCE = "/var/lib/shepherd-node/evidence"
MARKED = (
    "executable = /bin/bash\n"
    f"arguments = \"-c 'echo the-jobs-own-words > mark; {TALK.format(name='$HOSTNAME')} exec sleep 600'\"\n"
    "environment = \"MARK=seen-in-its-environment\"\n"
    "request_memory = 32\nqueue {count}\n"
)
CUT_S, LOCAL_S = 2.0, 15.0
Record = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def released(scene: Scene) -> Iterator[None]:
    """No quarantine stands afterwards."""
    yield
    for host in scene.site.hosts:
        if host.status("keeper")["state"] == "inactive":
            host.start("keeper")
        scene.site.cm.must(("shepherd", "release", host.name, "the scenario is over"), user="shepherd")


def quarantine(scene: Scene, host: str, *more: str) -> float:
    """Order it. When, on the monotonic clock."""
    began_s = time.monotonic()
    scene.site.cm.must(("shepherd", "quarantine", host, "a letter came", *more), user="shepherd")
    return began_s


def members(host: Node) -> list[int]:
    """Processes of its container."""
    return host.pids(".", containers=True)


def stand_still(pids: list[int]) -> bool:
    """None of them does anything."""
    before = [ticks(pid) for pid in pids]
    time.sleep(0.6)
    return bool(pids) and before == [ticks(pid) for pid in pids] and all(map(alive, pids))


def ticks(pid: int) -> list[str]:
    """What a process has used of the processors."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()[11:13]


def is_cut(host: Node) -> bool:
    """By the kernel's own listing."""
    return "quarantined" in host.must(("nft", "list", "table", "netdev", "shepherd_guard"))


def ident(scene: Scene, host: str) -> str:
    """The name of the newest one."""
    told = json.loads(scene.site.cm.must(("shepherd", "quarantine", "--list", "--json"), user="shepherd"))
    return str([row["ident"] for row in told["quarantines"] if row["host"] == host][-1])


def is_done(scene: Scene, host: str) -> bool:
    """Its keeper said so."""
    told = json.loads(scene.site.cm.must(("shepherd", "quarantine", "--list", "--json"), user="shepherd"))
    return any(row["done"] for row in told["quarantines"] if row["host"] == host and row["released_at_s"] is None)


def lost_of(host: Node, name: str) -> list[str]:
    """What the manifest says is missing."""
    return list(json.loads(host.read(f"{EVIDENCE}/{name}/manifest.json"))["lost"])


def test_it_is_cut_within_two_seconds_local_within_fifteen_and_the_evidence_holds(
    scene: Scene, record_property: Record
) -> None:
    """Somebody attacked others from here, and all that could be done was to switch the host off."""
    scene.lend()
    host = scene.site.host("p201")
    with hearing(scene.site) as heard:
        scene.guests(count=4, description=MARKED)
        scene.eventually(lambda: heard.last_s("f201") and heard.last_s("f202"), 10, "both are heard outside")
        began_wall_s, began_s = time.time(), quarantine(scene, "p201")
        scene.eventually(lambda: is_cut(host), 5, "it is cut off on the host")
        on_host_s = time.monotonic() - began_s
        scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is local")
        home_s = time.monotonic() - began_s
        last_word_s = heard.last_s("f201") - began_wall_s
        assert heard.last_s("f202") > time.time() - 2.0, "others are not disturbed"
    scene.eventually(lambda: is_done(scene, "p201"), 30, "the keeper says that it is done")
    record_property("quarantine_to_last_word_outside_s", round(last_word_s, 2))
    record_property("quarantine_to_cut_on_host_s", round(on_host_s, 2))
    record_property("quarantine_to_local_again_s", round(home_s, 2))
    assert last_word_s <= CUT_S
    assert on_host_s <= 4.0, "two seconds of the keeper's page, and nft"
    assert home_s <= LOCAL_S
    assert scene.is_lent("p202"), "others are not disturbed"
    assert not is_cut(host)
    evidence_holds(host, ident(scene, "p201"))


def evidence_holds(host: Node, name: str) -> None:
    """It has what it should have, and a change of it is seen."""
    assert "as it was made" in host.must(("shepherd", "node", "evidence", "verify", name))
    for word in ("condor_startd", "MasterLog", "seen-in-its-environment", "the-jobs-own-words"):
        assert host.run(("grep", "-rqaF", word, f"{EVIDENCE}/{name}")).returncode == 0, word
    host.must(("sh", "-c", f"echo x >> {EVIDENCE}/{name}/take1/000001"))
    assert host.run(("shepherd", "node", "evidence", "verify", name)).returncode == 1


@pytest.mark.large("quarantine", sample=1)
def test_it_is_not_lent_again_until_it_is_released(scene: Scene) -> None:
    """The next guest came onto a host that was suspected."""
    scene.lend()
    quarantine(scene, "p201")
    scene.eventually(lambda: is_done(scene, "p201"), 40, "done")
    time.sleep(15)
    assert scene.is_home("p201")
    assert "shepherd release p201" in scene.status()
    scene.site.cm.must(("shepherd", "release", "p201", "it was a test"), user="shepherd")
    scene.eventually(lambda: scene.is_lent("p201"), LEND_S, "p201 is lent again")


@pytest.mark.large("quarantine", sample=1)
@pytest.mark.limit(400)
def test_a_kept_host_stays_frozen_over_deaths_until_it_is_released(scene: Scene) -> None:
    """The lease lapsed, and what somebody wanted to look at was gone."""
    scene.lend()
    scene.guests(count=4)
    host = scene.site.host("p201")
    quarantine(scene, "p201", "--keep-host")
    scene.eventually(lambda: is_cut(host), 10, "it is cut off")
    scene.eventually(lambda: is_done(scene, "p201"), 90, "done")
    pids = members(host)
    assert stand_still(pids)
    host.kill("keeper", signal.SIGKILL)
    scene.site.cm.kill("shepherd", signal.SIGKILL)
    time.sleep(TIMERS["lease_s"] + 5)
    assert members(host) == pids
    assert stand_still(pids)
    assert is_cut(host)
    assert "p201" not in scene.site.accepting_startds()
    scene.site.cm.must(("shepherd", "release", "p201", "looked at"), user="shepherd")
    scene.eventually(lambda: scene.is_home("p201"), 20, "p201 is local")


@pytest.mark.large("quarantine", sample=1)
@pytest.mark.parametrize("moment", ["ordered", "recording", "home"])
def test_a_keeper_killed_meanwhile_goes_on_and_says_what_is_missing(scene: Scene, moment: str) -> None:
    """A frozen container with the host's lock outlived its keeper."""
    scene.lend()
    host = scene.site.host("p201")
    before = takes(host)
    quarantine(scene, "p201")
    match moment:
        case "recording":
            scene.eventually(lambda: takes(host) - before, 10, "it is looked at")
        case "home":
            scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is local")
        case _:
            pass
    host.kill("keeper", signal.SIGKILL)
    scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is local")
    scene.eventually(lambda: is_done(scene, "p201"), 40, "done")
    name = ident(scene, "p201")
    assert "as it was made" in host.must(("shepherd", "node", "evidence", "verify", name))
    said = {line.partition(" ")[0] for line in lost_of(host, name) if "was broken off" in line}
    made = [path for path in takes(host) if path.parent.name == name]
    assert made, "it was looked at"
    assert said == {path.name for path in made if not is_whole(path)}


def takes(host: Node) -> set[Path]:
    """What was recorded of containers, as this machine finds it."""
    return set(Path(f"/proc/{host.pid}/root{EVIDENCE}").glob("*/take*"))


def is_whole(take: Path) -> bool:
    """Its index has an end."""
    index = take / "index.jsonl"
    return index.exists() and any('"end"' in line for line in index.read_text(encoding="utf-8").splitlines())


@pytest.mark.large("quarantine", sample=1)
def test_a_stopped_dockerd_delays_nothing(scene: Scene) -> None:
    """The container was frozen until somebody restarted dockerd."""
    scene.lend()
    host = scene.site.host("p201")
    host.kill("dockerd", signal.SIGSTOP)
    try:
        began_s = quarantine(scene, "p201")
        scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is local")
        assert time.monotonic() - began_s <= 16.0
    finally:
        host.kill("dockerd", signal.SIGCONT)
    scene.eventually(lambda: is_done(scene, "p201"), 60, "done")
    assert host.pids("flock-init", containers=True) == []


@pytest.mark.large("quarantine", sample=1)
def test_a_keeper_that_ends_leaves_nothing_frozen(scene: Scene) -> None:
    """`systemctl stop` in the wrong second left the host without any startd."""
    scene.lend()
    host = scene.site.host("p201")
    quarantine(scene, "p201")
    scene.eventually(lambda: is_cut(host), 10, "it has begun")
    host.stop("keeper")
    scene.eventually(lambda: scene.is_home("p201"), 20, "p201 is local")
    assert not members(host)
