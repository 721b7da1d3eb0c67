"""`shepherd trace`: the letter, what is shown to whom, and what is on record of those who asked."""

import argparse
import contextlib
import io
import json
import pathlib
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.cli import trace
from shepherd.cli.main import main
from shepherd.edges.spool import FileSpool
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.roles import Person
from tests.cli.documents import fits
from tests.cli.traced import ALICE, BOB, TracedSite

LETTER = ("trace", "--at", "2026-03-03 14:02:10", "--nat-port", "41822", "--to", "192.0.2.7:443")
GUEST = """name = "campus"
generation = 1
standing = "admitted"
identity = "guest.campus.1@flock.example"
schedds = ["submit.campus.example"]
domain = "campus.example"
contact = "security@campus.example"
"""


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> TracedSite:
    site = TracedSite(tmp_path)
    text = site.settings.read_text()
    site.settings.write_text(text.replace("[paths]\n", f'[paths]\nguests = "{tmp_path}/guests.d"\n'))
    (tmp_path / "guests.d").mkdir()
    (tmp_path / "guests.d" / "campus.toml").write_text(GUEST)
    site.fill()
    return site


def asked(site: TracedSite) -> list[Intent]:
    return list(FileSpool(site.intents, lambda *_args, **_fields: None).waiting())


def somebody(monkeypatch: pytest.MonkeyPatch, *groups: str) -> None:
    """Whoever runs the verb is not root, but in these groups."""
    monkeypatch.setattr(trace, "person_of", lambda *_: Person(name="otto", groups=frozenset(groups)))


def test_the_letter_is_answered(site, capsys):
    """The address and port of a letter, and nobody could say whose they had been."""
    assert main(site.words(*LETTER)) == 0
    out = capsys.readouterr().out
    assert "Answer:  NAMED" in out
    for fact in (
        f"user      {BOB}  (claimed by its schedd)", "job       submit.campus.example#2.0#",
        "slot1_2 of p205, account 2002, 2 cores",
        "guest     campus, ask security@campus.example", "(proven: guest.campus.1@flock.example, guest campus",
        "container c0ffee000000 of p205, 10.27.2.5, lease p205-7", "gateway was 0.25 s ahead of the shepherd's",
    ):  # fmt: skip
        assert fact in out, fact
    assert ALICE not in out


def test_two_jobs_and_no_account_are_both_named(site, capsys):
    """One of two was picked, because it was the first in the list."""
    assert main(site.words("trace", "--at", "2026-03-03 14:02:10", "--nat-port", "41823")) == 0
    out = capsys.readouterr().out
    assert "Answer:  AMBIGUOUS" in out
    assert "p205 has no record of this connection, so that its account is not known" in out
    assert (ALICE in out, BOB in out) == (True, True)


def test_while_the_logger_was_away_nothing_is_said_to_have_been(site, capsys):
    """It was written back that nothing had been, and it was the minute of the restart."""
    assert main(site.words("trace", "--at", "2026-03-03 14:04:10", "--nat-port", "41823")) == 1
    out = capsys.readouterr().out
    assert "UNANSWERABLE" in out
    assert "Away:    gateway (flows) from 2026-03-03 14:03:50.000 UTC to 2026-03-03 14:04:50.000 UTC" in out


def test_nothing_is_said_to_be_nothing_only_in_a_whole_record(site, capsys):
    """A port that nobody had is an answer, too; before the record begins there is none."""
    assert main(site.words("trace", "--at", "2026-03-03 14:02:10", "--nat-port", "5")) == 1
    assert "NOTHING FOUND" in capsys.readouterr().out
    assert main(site.words("trace", "--at", "2025-03-03 14:02:10", "--nat-port", "5")) == 1
    out = capsys.readouterr().out
    assert "UNANSWERABLE" in out
    assert "the record begins later than the time asked for" in out


def test_the_zone_is_always_said(site, capsys):
    """The letter was in UTC, the answer in the machine's zone, and neither said so."""
    words = ("trace", "--at", "2026-03-03 15:02:10", "--zone", "Europe/Zurich", "--nat-port", "41822")
    assert main(site.words(*words)) == 0
    out = capsys.readouterr().out
    assert "Asked:   2026-03-03 15:02:10.000 +0100" in out
    assert "2026-03-03 15:02:08.015 +0100 to" in out


def test_every_connection_of_the_job_is_listed(site, capsys):
    """What else that job did was looked for by hand for a day."""
    assert main(site.words(*LETTER, "--flows")) == 0
    assert "connections of the job: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "users"),
    [
        (("--host", "p205"), {ALICE, BOB}), (("--ip", "10.27.2.5"), {ALICE, BOB}),
        (("--guest", "campus"), {ALICE, BOB}),
        (("--schedd", "submit.campus.example", "--slot", "slot1_1"), {ALICE}), (("--user", BOB), {BOB}),
        (("--container", "c0ffee"), {ALICE, BOB}), (("--account", "2002"), {BOB}), (("--host", "p206"), set()),
        (("--guest", "other"), set()), (("--lease", "p205-7"), {ALICE, BOB}),
    ],
)  # fmt: skip
def test_the_questions_of_the_working_group(site, capsys, words, users):
    """Time and host, or guest, or user: to jobs, users and hosts, and back."""
    code = main(site.words("trace", "--at", "2026-03-03 14:02:10", *words, "--json"))
    told = json.loads(capsys.readouterr().out)
    assert {job["job"]["begun"]["user"] for stay in told["stays"] for job in stay["jobs"]} == users
    assert code == (0 if users else 1)
    fits("trace", told)


def test_who_may_see_names_is_recorded_before_anything_is_shown(site, capsys):
    """Somebody looked up a colleague, and nobody ever knew."""
    assert main(site.words(*LETTER)) == 0
    assert BOB in capsys.readouterr().out
    (intent,) = asked(site)
    assert (intent.kind, intent.who) == (IntentKind.ASKED, "root")
    assert intent.about["nat_port"] == "41822"
    assert intent.about["when"].startswith("1772546530.000 to ")


def test_what_cannot_be_recorded_is_not_shown(site, capsys):
    """The disk was full, and the record of who asked was what was missing."""
    site.intents.rmdir()
    assert main(site.words(*LETTER)) == 1
    ended = capsys.readouterr()
    assert (BOB in ended.out, BOB in ended.err) == (False, False)
    assert "nothing is shown that is not recorded; --pseudonyms shows the answer without names" in ended.err
    assert main(site.words(*LETTER, "--pseudonyms")) == 0
    assert BOB not in capsys.readouterr().out


def test_others_see_pseudonyms_and_why(site, capsys, monkeypatch):
    """Everybody who may say flockoff could read who had run what."""
    somebody(monkeypatch, "operators")
    assert main(site.words(*LETTER)) == 0
    out = capsys.readouterr().out
    assert BOB not in out
    assert "Hidden:  otto may not see personal data: that is for root" in out
    (shown,) = [line for line in out.splitlines() if line.startswith("    user ")]
    assert "user-" in shown
    assert asked(site) == []
    pseudonym = shown.split()[1]
    assert main(site.words("trace", "--at", "2026-03-03 14:02:10", "--user", pseudonym)) == 0
    assert pseudonym in capsys.readouterr().out


def test_a_group_with_the_role_sees_names(site, capsys, monkeypatch):
    """The security officer had to be root on the central manager."""
    with site.settings.open("a") as file:
        file.write('\n[roles]\npersonal = ["root"]\n')
    somebody(monkeypatch, "root")
    assert main(site.words(*LETTER)) == 0
    assert BOB in capsys.readouterr().out
    assert len(asked(site)) == 1


@pytest.mark.parametrize("words", [("--user", ALICE), ("--job", "submit.campus.example#1.0")])
def test_to_ask_for_a_person_is_to_see_one(site, capsys, monkeypatch, words):
    """"Was alice here?" was answered to anybody, by whether there was an answer."""
    somebody(monkeypatch, "operators")
    assert main(site.words("trace", "--at", "2026-03-03 14:02:10", *words)) == 2
    assert "ask for a person: otto may not" in capsys.readouterr().err


def test_an_incident_is_held_asked_and_released(site, capsys):
    """The letter came on the last day, and the trial a year later."""
    assert main(site.words(*LETTER, "--hold", "letter-17", "--why", "ticket 17")) == 0
    assert "Held:    letter-17" in capsys.readouterr().out
    assert main(site.words("trace", "--holds")) == 0
    assert "root" in capsys.readouterr().out
    assert main(site.words("trace", "--holds", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    fits("holds", told)
    assert [held["why"] for held in told["holds"]] == ["ticket 17"]
    assert main(site.words(*LETTER, "--in-hold", "letter-17", "--json")) in {0, 1}
    told = json.loads(capsys.readouterr().out)
    fits("trace", told)
    assert told["flows"][0]["suspects"][0]["job"]["begun"]["user"] == BOB
    assert main(site.words(*LETTER, "--hold", "letter-17")) == 2
    assert "there is a hold letter-17 already" in capsys.readouterr().err
    assert main(site.words("trace", "--drop-hold", "letter-17")) == 0
    assert "is released" in capsys.readouterr().out
    also = [intent.about.get("also", "") for intent in asked(site)]
    assert {"hold letter-17", "in hold letter-17", "drop hold letter-17"} <= set(also)


def test_nothing_is_held_where_nothing_was_found(site, capsys):
    """An empty hold was taken for evidence that was safe."""
    assert main(site.words("trace", "--at", "2026-03-03 14:02:10", "--nat-port", "5", "--hold", "none")) == 2
    assert "nothing was found, and nothing is held as none" in capsys.readouterr().err


def test_holds_are_for_those_who_may_see_names(site, capsys, monkeypatch):
    """A hold has copies of the keys."""
    somebody(monkeypatch, "operators")
    assert main(site.words(*LETTER, "--hold", "letter-17")) == 2
    assert "a hold has what is personal" in capsys.readouterr().err
    assert main(site.words("trace", "--holds")) == 2
    assert "otto may not see personal data" in capsys.readouterr().err


def test_without_a_record_it_says_so(tmp_path, capsys):
    """A site that had just upgraded was shown a traceback."""
    site = TracedSite(tmp_path)
    site.store.close()
    for path in sorted(site.trace.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    site.trace.rmdir()
    assert main(site.words(*LETTER)) == 2
    assert "there is no record in" in capsys.readouterr().err


WRONG = [
    (), ("--at", "yesterday", "--host", "p205"), ("--at", "2026-03-03 14:02:10"), ("--host", "p205"),
    ("--at", "2026-03-03 14:02:10", "--from", "2026-03-03 14:02:10", "--host", "p"),
    ("--from", "2026-03-03 14:02:10", "--host", "p205"),
    ("--from", "2026-03-03 14:02:10", "--until", "2026-03-03 14:02:09", "--host", "p205"),
    ("--from", "2020-03-03 14:02:10", "--until", "2026-03-03 14:02:09", "--host", "p205"),
    ("--at", "2026-03-03 14:02:10", "--nat-port", "65536"), ("--at", "2026-03-03 14:02:10", "--nat-port", "-1"),
    ("--at", "2026-03-03 14:02:10", "--to", "2001:db8::1"), ("--at", "2026-03-03 14:02:10", "--to", "192.0.2.300:4"),
    ("--at", "2026-03-03 14:02:10", "--nat", "192.0.2.7:5", "--nat-port", "6"),
    ("--at", "2026-03-03 14:02:10", "--host", "p205", "--zone", "Mars/Olympus"),
    ("--at", "2026-03-03 14:02:10", "--host", "p205", "--within", "5m"), ("--at", "2026-03-03 14:02:10", "--to", ""),
    ("--at", "2026-03-03 14:02:10", "--protocol", "tcpx"), ("--at", "2026-03-03 14:02:10", "--host", "p\n"),
    ("--at", "2026-03-03 14:02:10", "--account", "²"),
]  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_bad_input_is_told_and_leaves_nothing(site, capsys, words):
    """An empty answer to a question that nobody asked was taken for "it was not us"."""
    assert main(site.words("trace", *words)) == 2
    ended = capsys.readouterr()
    assert (ended.out, ended.err.count("\n")) == ("", 1)
    assert asked(site) == []


OPTIONS = [
    "--at", "--from", "--until", "--within", "--zone", "--nat", "--nat-port", "--to", "--ip", "--protocol", "--user",
    "--host", "--container", "--account", "--job", "--in-hold", "--drop-hold", "--hold",
]  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(OPTIONS), st.text(max_size=20)), max_size=6))
def test_whatever_is_typed_ends_in_an_answer_or_in_one_sentence(pairs):
    """A pasted letter ended in a traceback."""
    with tempfile.TemporaryDirectory() as place:
        site = TracedSite(pathlib.Path(place))
        site.store.close()
        words = site.words("trace", *(f"{option}={value}" for option, value in pairs))
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            try:
                code = main(words)
            except SystemExit as ended:
                code = int(str(ended.code))
        assert code in {1, 2}
        assert "defect" not in said.getvalue()
        assert "Traceback" not in said.getvalue()


def test_every_option_is_explained():
    """`--within` was used by nobody, because nobody knew what it was for."""
    verbs = argparse.ArgumentParser().add_subparsers()
    trace.add(verbs)
    verb = verbs.choices["trace"]
    assert [action.dest for action in verb._actions if not action.help] == []
