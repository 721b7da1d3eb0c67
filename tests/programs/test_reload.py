"""HUP: all of the new settings or none of them, and no stop forgotten."""

import pathlib
import shutil
import signal
from collections.abc import Iterator

import pytest

from shepherd.edges.htcondor.tool import NEEDED
from shepherd.edges.ledger import SqliteLedger
from shepherd.edges.signing import create_key
from shepherd.errors import LedgerUnavailable, Unavailable
from shepherd.programs import wiring
from shepherd.programs.serve import Signals, serve
from shepherd.programs.shepherd import Shepherd
from shepherd.programs.wiring import Changeable, Daemon

SETTINGS = """
[home]
name = "home.lab"
schedds = ["cm"]
schedd_identities = ["condor@home.lab"]

[flock]
collector = "127.0.0.1:9"
image = "sha256:{image}"

[lease]
key = "{place}/lease.key"

[policy]
kind = "threshold"
idle_jobs_threshold = {threshold}

[paths]
state = "{place}/{state}"
intents = "{place}/{intents}"
tools = "{place}/bin"
condor_config = ""

[flockoff]
path = "{place}/flockoff"
latch = {latch}
"""


class Place:
    """A daemon's files, and the daemon."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place = place
        self.path = place / "shepherd.toml"
        self.off_file = place / "flockoff"
        (place / "state").mkdir()
        tools = place / "bin"
        tools.mkdir()
        for name in NEEDED:
            shutil.copy("/bin/true", tools / name)
        create_key(place / "lease.key")
        self.write()
        self.daemon = Daemon(self.path)

    def write(
        self, *, threshold: int = 3, state: str = "state", intents: str = "intents", latch: str = "true"
    ) -> None:
        """The settings file."""
        self.path.write_text(
            SETTINGS.format(
                place=self.place, image="ab" * 32, threshold=threshold, state=state, intents=intents, latch=latch
            )
        )

    def parts(self) -> list[object]:
        """Everything that a reload may change."""
        daemon = self.daemon
        return [
            daemon._parts,
            daemon._spool,
            daemon._hands.commands,
            *vars(daemon._latch).values(),
            daemon._stops._spool,
            daemon._stops.chase.pool,
            daemon._stops.chase.hands,
            daemon._switches.settings,
            daemon._switches.pages,
            daemon._silencer._settings,
            daemon._silencer._monitoring,
        ]


@pytest.fixture(name="place")
def a_daemon(tmp_path: pathlib.Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.daemon._parts.close()
    place.daemon._ledger.close()


@pytest.fixture(name="closed")
def what_was_closed(place: Place, monkeypatch: pytest.MonkeyPatch) -> list[Changeable]:
    """Parts whose workers were ended."""
    closed: list[Changeable] = []

    def close(parts: Changeable) -> None:
        closed.append(parts)

    monkeypatch.setattr(Changeable, "close", close)
    return closed


def full(*_args: object) -> None:
    """A ledger on a full disk."""
    raise LedgerUnavailable("no space left on device")


def test_a_stop_that_could_not_be_recorded_outlives_a_reload(place, monkeypatch):
    """Disk full, /tmp/flockoff touched and cleaned away, HUP: guests were back on a leaking network."""
    latch = place.daemon._latch
    with monkeypatch.context() as patched:
        patched.setattr(SqliteLedger, "append", full)
        place.off_file.write_text("leak")
        assert latch.look()
        place.off_file.unlink()
        place.write(threshold=7)
        loop = place.daemon._reload()
        assert loop._latch.look() is False
        assert loop._latch.now.why == "leak"
    place.daemon._diary.probe()
    loop._latch.look()
    last = place.daemon._ledger.last("flockoff")
    assert last.body["why"] == "leak"


def test_a_reload_applies_everything_at_once(place):
    """Half of the new settings are settings that nobody ever wrote."""
    before = place.parts()
    place.write(threshold=7, intents="elsewhere", latch="false")
    loop = place.daemon._reload()
    daemon = place.daemon
    new = daemon._parts
    assert new is not before[0]
    assert new.settings.policy.idle_jobs_threshold == 7
    assert (daemon._hands.commands, daemon._switches.settings) == (new.commands, new.settings)
    assert (loop._settings, loop._observer._pool) == (new.settings, new.pool)
    assert (daemon._switches.pages.pool, daemon._switches.pages.signer) == (new.pool, new.signer)
    assert loop._latch is daemon._latch
    assert (daemon._latch.latch, daemon._latch._spool) == (False, daemon._spool)
    assert (place.place / "elsewhere").is_dir()


MADE = (
    "read_settings",
    "PageSigner",
    "WorkerProcess",
    "CondorPool",
    "Tools",
    "CondorCommands",
    "FileSpool",
    "OffFileSwitch",
    "LeasePages",
    "Observer",
    "Shepherd",
)
"""What a reload makes."""


@pytest.mark.parametrize("name", MADE)
def test_whatever_cannot_be_made_a_refused_reload_changes_nothing(place, closed, monkeypatch, name):
    """"The old settings stay", said the log; orders went out by the new ones, and by a closed worker."""
    before = place.parts()
    place.write(threshold=7)

    def refuse(*_args: object, **_fields: object) -> None:
        raise Unavailable(f"no {name} today")

    monkeypatch.setattr(wiring, name, Refusing(refuse))
    with pytest.raises(Unavailable, match=name):
        place.daemon._reload()
    assert all(one is other for one, other in zip(before, place.parts(), strict=True))
    assert before[0] not in closed


class Refusing:
    """A class that cannot make anything."""

    def __init__(self, refuse):
        self.from_file = self.refuse = refuse

    def __call__(self, *args, **fields):
        return self.refuse(*args, **fields)


def test_a_reload_while_the_ledger_cannot_be_read_goes_all_the_way(place, monkeypatch):
    """The daemon said that the old settings stay, and had closed the workers that they need."""
    place.write(threshold=7)
    monkeypatch.setattr(SqliteLedger, "last", full)
    monkeypatch.setattr(SqliteLedger, "append", full)
    loop = place.daemon._reload()
    assert loop._settings.policy.idle_jobs_threshold == 7
    assert place.daemon._parts.settings is loop._settings


def test_another_state_directory_is_refused_and_its_workers_ended(place, closed):
    """Each such HUP left three processes behind."""
    before = place.parts()
    place.write(state="other")
    heard: list[str] = []
    signals = Signals()
    signals._on_reload(signal.SIGHUP, None)

    class Once:
        def tick(self) -> float:
            signals.stop = True
            return 0.0

    def log(event: str, **fields: object) -> None:
        heard.append(f"{event}: {fields.get('problem')}")

    serve(Once(), signals=signals, watchdog=place.daemon._watchdog, log=log, reload=place.daemon._reload)
    assert len(heard) == 1
    assert "the old settings stay" in heard[0]
    assert "paths.state: cannot change by reload" in heard[0]
    assert [one.settings.paths.state for one in closed] == [str(place.place / "other")]
    assert place.parts() == before


def test_an_order_that_could_not_be_removed_is_not_carried_out_again_by_a_reload(place, monkeypatch):
    """The spool was read-only; each HUP carried out the flockon of last week once more."""
    place.daemon._spool.stuck.add("flockon-1")
    place.write(threshold=7)
    loop = place.daemon._reload()
    assert isinstance(loop, Shepherd)
    assert place.daemon._spool.stuck == {"flockon-1"}
