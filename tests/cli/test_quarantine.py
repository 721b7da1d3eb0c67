"""`shepherd quarantine`, `release` and `node evidence`."""

import json
import os
import pathlib
import time

import pytest

from shepherd.cli.main import main
from shepherd.core.stop.manifest import case_text
from shepherd.core.stop.quarantine import body as quarantines_body
from shepherd.core.stop.quarantine import fold
from shepherd.edges.evidence.store import EvidenceDirectory
from shepherd.edges.spool import FileSpool
from shepherd.errors import DockerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.evidence import Case, Hand
from shepherd.model.intents import Intent, IntentKind
from shepherd.programs.keeper.evidence import Evidence, overdue
from tests.cli.documents import fits
from tests.cli.sites import Site, body
from tests.host.keeper_world import SETTINGS

IDENT = "q-p205-20260301T140210"
CASE = Case(
    ident=IDENT, host="p205", container="c" * 64, image="sha256:" + "1" * 64, lease="L1", address="10.27.2.5",
    who="ann", why="a letter", ordered_at_s=1.0, seen_at_s=2.0, keep_host=False,
)  # fmt: skip


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    return Site(tmp_path)


def waiting(site: Site) -> list[Intent]:
    return list(FileSpool(site.intents, lambda *_args, **_fields: None).waiting())


def test_a_quarantine_waits_for_a_shepherd_that_is_down(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The shepherd was being upgraded in the minute in which the attack was seen."""
    assert main(site.words("quarantine", "p205", "scans our storage", "--keep-host")) == 0
    assert "obeys when it starts" in capsys.readouterr().out
    [intent] = waiting(site)
    assert (intent.kind, intent.why) == (IntentKind.QUARANTINE, "scans our storage")
    assert intent.about == {"host": "p205", "keep_host": "yes"}


def test_either_name_of_a_host_is_understood_and_a_wrong_one_refused(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typing error quarantined nobody, and said that it had."""
    ledger = site.ledger()
    host = {"host": "p205", "flock_name": "f205", "state": "flock", "why": "", "since_s": 1.0}
    ledger.publish_present(body(hosts=[host]))
    assert main(site.words("quarantine", "f205", "scans")) == 0
    assert main(site.words("quarantine", "p206", "scans")) == 2
    assert "no host 'p206'" in capsys.readouterr().err
    ledger.close()
    assert [intent.about["host"] for intent in waiting(site)] == ["p205"]


@pytest.mark.parametrize(
    "words", [["quarantine"], ["quarantine", "p205"], ["quarantine", "p205", " "], ["release", "p205", ""],
              ["quarantine", "--json"], ["quarantine", "p205", "--list"]],
)  # fmt: skip
def test_what_cannot_be_meant_leaves_nothing(site: Site, words: list[str]) -> None:
    """A quarantine without a reason could not be judged by those who came next morning."""
    assert main(site.words(*words)) == 2
    assert waiting(site) == []


def test_a_release_names_a_host_or_a_quarantine(site: Site) -> None:
    """Only one of two that a host had was meant."""
    assert main(site.words("release", "p205", "it was a test")) == 0
    assert main(site.words("release", IDENT, "done", "--host", "p205")) == 0
    about = {tuple(sorted(intent.about.items())) for intent in waiting(site)}
    assert about == {(("host", "p205"),), (("host", "p205"), ("ident", IDENT))}


def test_the_list_tells_who_why_and_how_far(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody knew whether the evidence was there yet."""
    order = Intent(ident="i", kind=IntentKind.QUARANTINE, at_s=time.time(), who="ann", why="a letter",
                   about={"host": "p205"})  # fmt: skip
    found = fold((), [order], time.time())
    ledger = site.ledger()
    assert main(site.words("quarantine", "--list")) == 0
    assert capsys.readouterr().out == "nothing is quarantined\n"
    for done, said in ((frozenset[str](), "has not said yet"), (frozenset({found[0].ident}), "node evidence verify")):
        entry = Entry(at_s=1.0, kind=EntryKind.QUARANTINES, cause="quarantines", body=quarantines_body(found, done))
        ledger.append([entry])
        assert main(site.words("quarantine", "--list")) == 0
        told = capsys.readouterr().out
        assert f"{found[0].ident}: p205" in told
        assert "by ann: a letter" in told
        assert said in told
    assert main(site.words("quarantine", "--list", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    fits("quarantines", told)
    [row] = told["quarantines"]
    assert (row["host"], row["done"], row["released_at_s"]) == ("p205", True, None)
    ledger.close()


# --- on a host ---


class NoEngine:
    """A dockerd that has gone."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def set_aside(self, ident: str, name: str) -> str:
        raise DockerUnavailable("dockerd does not answer")

    def remove(self, ident: str) -> None:
        self.removed.append(ident)


class Clock:
    def wall_s(self) -> float:
        return time.time()

    def steady_s(self) -> float:
        return time.monotonic()


@pytest.fixture(name="store")
def a_store(tmp_path: pathlib.Path) -> EvidenceDirectory:
    """Evidence of one quarantine, listed."""
    store = EvidenceDirectory(tmp_path / "evidence", size_mib=64, memory_mib=1)
    store.open(IDENT, case_text(CASE))
    store.keep(IDENT, "container.log", "the last words")
    evidence_in(store).seal(IDENT)
    return store


def evidence_in(store: EvidenceDirectory, engine: NoEngine | None = None) -> Evidence:
    return Evidence(SETTINGS, engine or NoEngine(), store, Clock(), lambda *_, **__: None)  # type: ignore[arg-type]


@pytest.fixture(name="node")
def a_node(tmp_path: pathlib.Path, store: EvidenceDirectory, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Words that begin a command on the host."""
    monkeypatch.setattr("shepherd.programs.node_wiring.evidence_store_of", lambda _: store)
    monkeypatch.setattr("shepherd.programs.node_wiring.evidence_of", lambda *_: evidence_in(store))
    monkeypatch.setattr("shepherd.programs.node_wiring.settings_in", lambda _: SETTINGS)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return ["--settings", str(tmp_path / "node.toml"), "node", "evidence"]


def test_evidence_is_listed_with_what_was_lost(node: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A list that hid what was missing was taken for all there had been."""
    assert main([*node, "list"]) == 0
    told = capsys.readouterr().out
    assert IDENT in told
    assert "nothing was recorded while the container was frozen" in told
    assert "does not tell where it lies" in told
    assert "dockerd does not answer" in told
    assert main([*node, "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    fits("evidence", listed)
    [row] = listed["evidence"]
    assert len(row["manifest"]) == 64
    assert main([*node, "verify", IDENT, "--json"]) == 0
    verified = json.loads(capsys.readouterr().out)
    fits("evidence-verified", verified)
    assert (verified["whole"], verified["manifest"]) == (True, row["manifest"])


@pytest.mark.parametrize("what", ["file", "manifest", "custody", "nothing"])
def test_verify_finds_what_was_altered(
    node: list[str],
    store: EvidenceDirectory,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    what: str,
) -> None:
    """Evidence that could be altered without trace was none."""
    evidence_in(store).handed(Hand.EXPORTED, IDENT, "bob", "for the court")
    place = tmp_path / "evidence"
    files = {"file": f"{IDENT}/container.log", "manifest": f"{IDENT}/manifest.json", "custody": "custody.jsonl"}
    name = files.get(what)
    if name:
        text = (place / name).read_text(encoding="utf-8")
        (place / name).write_text(text.replace("a letter", "a bet").replace("last words", "other words"))
    assert main([*node, "verify", IDENT]) == (1 if name else 0)
    assert ("FAULT" in capsys.readouterr().out) is bool(name)


def test_an_export_is_whole_and_noted(node: list[str], tmp_path: pathlib.Path, store: EvidenceDirectory) -> None:
    """Nobody could say who else had had the evidence in hand."""
    (tmp_path / "out").mkdir()
    assert main([*node, "export", IDENT, str(tmp_path / "out"), "--why", "for the court"]) == 0
    exported = tmp_path / "out" / IDENT
    assert {path.name for path in exported.iterdir()} == {
        "case.json", "container.log", "manifest.json", "custody.jsonl",
    }  # fmt: skip
    assert '"hand": "exported"' in store.custody()[-1]
    assert "for the court" in store.custody()[-1]
    assert main([*node, "export", IDENT, str(tmp_path / "out")]) == 1, "nothing is overwritten"
    assert main([*node, "verify", IDENT]) == 0
    assert main([*node, "verify", "q-p205-other"]) == 2


def test_what_is_past_its_time_goes_and_the_chain_of_custody_says_so(
    store: EvidenceDirectory, tmp_path: pathlib.Path
) -> None:
    """The disk was full of what had been looked at years ago."""
    engine = NoEngine()
    evidence_in(store, engine).tidy("")
    assert engine.removed == [CASE.container]
    assert not (tmp_path / "evidence" / IDENT).exists()
    assert '"hand": "deleted"' in store.custody()[-1]
    assert "kept for 30 days" in store.custody()[-1]


def test_above_the_budget_the_oldest_gives_way() -> None:
    """A second quarantine had no room, because the first had taken all."""
    now_s = time.time()
    cases = [Case(**{**vars(CASE), "ident": f"q-{n}", "seen_at_s": now_s - 100 * n}) for n in (1, 2, 3)]
    sizes = {case.ident: 3000 << 20 for case in cases}
    assert [case.ident for case, _ in overdue(SETTINGS, cases, sizes, now_s)] == ["q-3"]
