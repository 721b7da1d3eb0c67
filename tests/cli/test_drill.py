"""`shepherd drill`: a job that is run for real, over a real connection, against a real record."""

import json
import pathlib
import socket
import sys

import pytest

from shepherd.cli.main import main
from shepherd.core.settings.drill import drill_problems
from shepherd.core.trace.drill import is_that_job, submit_description, truth_of
from shepherd.edges.spool import FileSpool
from shepherd.model.drill import Truth
from shepherd.model.drill_settings import DrillSettings
from tests.cli.documents import fits
from tests.cli.sites import ROOT
from tests.cli.traced import FAR, NAT, TracedSite

TOKEN = "0123456789abcdef"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def drilling(tmp_path: pathlib.Path, job: str, record_s: float = 20.0) -> TracedSite:
    """A site whose guest's job is run here, and recorded as `job`."""
    site = TracedSite(tmp_path)
    site.store.close()
    submit = [sys.executable, str(ROOT / "tests/cli/submit_here.py"), str(site.trace), job]
    at = f"127.0.0.1:{free_port()}"
    with site.settings.open("a") as file:
        file.write(f'\n[drill]\ntarget = "{at}"\nlisten = "{at}"\nsubmit = {json.dumps(submit)}\n')
        file.write(f"wait_s = 20.0\nrecord_s = {record_s}\n")
    return site


@pytest.fixture(autouse=True)
def _python_path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_the_job_that_connected_is_named_by_time_and_port_alone(tmp_path, capsys):
    """All was recorded, and on the day of the letter it turned out that nobody had ever tried to read it."""
    site = drilling(tmp_path, "submit.campus.example#7.0#1770000000")
    assert main(site.words("drill", "run")) == 0
    out = capsys.readouterr().out
    assert "Result:  RIGHT: exactly that job is named" in out
    assert "account  proven" in out
    assert "from the connection to the answer" in out
    kept = [dict(intent.about) for intent in FileSpool(site.intents, lambda *_a, **_k: None).waiting()]
    assert [about.get("right") for about in sorted(kept, key=len)] == [None, "True"]
    assert kept[0]["drill"] == kept[1]["drill"]


def test_another_job_than_the_one_that_connected_is_not_right(tmp_path, capsys):
    """The drill was content with any answer."""
    site = drilling(tmp_path, "submit.campus.example#8.0#1770000000", record_s=0.5)
    assert main(site.words("drill", "run", "--json")) == 1
    told = json.loads(capsys.readouterr().out)
    fits("drill", told)
    assert (told["is_right"], told["verdict"], told["schema"]) == (False, "named", 1)
    assert told["why"][-1] == "it was 7.0, and submit.campus.example#8.0#1770000000 is named"


def test_a_job_that_does_not_come_ends_the_drill(tmp_path, capsys):
    """The drill of a pool without a free host waited for ever."""
    site = drilling(tmp_path, "x")
    text = site.settings.read_text().replace("wait_s = 20.0", "wait_s = 0.2")
    site.settings.write_text(text.replace(sys.executable, "/bin/true"))
    assert main(site.words("drill", "run")) == 1
    assert "connected within 0.2 s; does it wait in its queue" in capsys.readouterr().err


def test_a_submit_that_fails_is_told_with_its_words(tmp_path, capsys):
    """It was not submitted, and condor_submit's own sentence was thrown away."""
    site = drilling(tmp_path, "x")
    site.settings.write_text(site.settings.read_text().replace(sys.executable, "/bin/false"))
    assert main(site.words("drill", "run")) == 1
    assert "was not submitted: it said nothing (by hand: /bin/false" in capsys.readouterr().err


def test_what_a_guest_is_asked_to_submit_is_printed(tmp_path, capsys):
    """The administrator of the guest had no account for ours, and would run what could be read."""
    site = drilling(tmp_path, "x")
    assert main(site.words("drill", "prepare", "--to", "192.0.2.7:8443")) == 0
    ended = capsys.readouterr()
    token = ended.err.split()[-1]
    assert ended.out == submit_description(token, "192.0.2.7", 8443)
    assert "/dev/tcp/192.0.2.7/8443" in ended.out


def test_a_log_elsewhere_can_tell_of_the_connection(tmp_path, capsys):
    """The only machine outside that guests may reach is another site's."""
    site = TracedSite(tmp_path)
    site.fill()
    words = ("drill", "check", TOKEN, "--to", f"{FAR}:443", "--at", "2026-03-03 14:02:10", "--nat", f"{NAT}:41822")
    assert main(site.words(*words, "--job", "submit.campus.example#2.0")) == 0
    assert "Result:  RIGHT" in capsys.readouterr().out
    with site.settings.open("a") as file:
        file.write("\n[drill]\nrecord_s = 0.1\n")
    assert main(site.words(*words, "--job", "other.example#2.0")) == 1
    assert "NOT RIGHT" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("run",), ("prepare",), ("prepare", "--to", "192.0.2.7"), ("check", "x", "--to", "192.0.2.7:1"),
        ("check", TOKEN, "--to", "192.0.2.7:1"), ("check", TOKEN, "--to", "192.0.2.7:1", "--at", "now"),
        ("check", TOKEN, "--to", "192.0.2.7:1", "--at", "2026-03-03 14:02:10", "--job", "2.0"),
        ("check", TOKEN, "--to", "192.0.2.7:1", "--at", "soon", "--job", "2.0", "--nat", "192.0.2.9:2"),
        ("run", "--to", "192.0.2.7:1"),
    ],
)  # fmt: skip
def test_what_is_missing_is_asked_for(tmp_path, capsys, words):
    """A drill without a listener waited half an hour before it said so."""
    site = TracedSite(tmp_path)
    site.store.close()
    assert main(site.words("drill", *words)) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_only_the_drills_own_line_counts():
    """A scanner connected first, and was taken for the job."""
    assert truth_of(f"shepherd-drill {TOKEN} 12.0", TOKEN) == Truth(token=TOKEN, cluster="12.0")
    for line in ("", "GET / HTTP/1.1", f"shepherd-drill {'f' * 16} 12.0", f"shepherd-drill {TOKEN} 12"):
        assert truth_of(line, TOKEN) is None


def test_a_job_is_that_job_by_schedd_and_number():
    """Job 12.0 of another schedd counted as right."""
    mine = Truth(token=TOKEN, cluster="12.0", schedd="CE.example")
    assert is_that_job("ce.example#12.0#1770000000", mine)
    assert not is_that_job("ce.example#112.0#1770000000", mine)
    assert not is_that_job("other.example#12.0#1770000000", mine)
    assert is_that_job("other.example#12.0#1770000000", Truth(token=TOKEN, cluster="12.0"))


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"target": "192.0.2.7"}, "drill.target"), ({"listen": "[::]:5"}, "drill.listen"),
        ({"target": "192.0.2.7:99999"}, "drill.target"), ({"submit": ("ssh", "")}, "drill.submit"),
        ({"wait_s": 0.0}, "drill.wait_s"), ({"target": "192.0.2.7:²"}, "drill.target"),
    ],
)  # fmt: skip
def test_settings_of_the_drill_are_judged_before_it_is_needed(values, key):
    """The first drill failed on a typing error in the settings."""
    assert [problem.key for problem in drill_problems(DrillSettings(**values))] == [key]
    assert list(drill_problems(DrillSettings())) == []
