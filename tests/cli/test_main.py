"""The command itself: which verb, which exit code, and never a traceback."""

import json
import pathlib
import signal
import subprocess
import sys
import syslog

import pytest

from shepherd.cli import main as command
from shepherd.cli import status
from shepherd.cli.main import VERBS, main, verb_of
from shepherd.errors import InvariantBroken
from tests.cli.sites import ROOT, Site, body
from tests.edges.ledgers import note


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize(
    ("words", "verb", "changed"),
    [
        (["-s"], "status", ["status"]),
        (["-s", "--json"], "status", ["status", "--json"]),
        (["--settings", "/x", "-s"], "status", ["--settings", "/x", "status"]),
        (["--settings=/x", "plan"], "plan", ["--settings=/x", "plan"]),
        (["flockoff", "-s"], "flockoff", ["flockoff", "-s"]),
        (["--settings", "status", "plan"], "plan", ["--settings", "status", "plan"]),
        ([], None, []),
        (["--help"], None, ["--help"]),
        (["frob"], "frob", ["frob"]),
    ],
)
def test_the_verb_is_found_and_s_is_status(words, verb, changed):
    """`shepherd.py -s` of the talk lives in fingers and scripts."""
    given = list(words)
    assert verb_of(given) == verb
    assert given == changed


def test_every_verb_has_help(capsys):
    """A verb in the list whose file is missing was found by the first user."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert [verb for verb in VERBS if f"    {verb} " not in out] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    """`shepherd VERB --help` needs no settings, no permission and no pool."""
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert f"shepherd {verb}" in capsys.readouterr().out


def test_an_unknown_verb_names_the_known_ones(capsys):
    """A typo is bad input, exit code 2."""
    assert main(["statsu"]) == 2
    err = capsys.readouterr().err
    assert "'statsu'" in err
    assert "status" in err


def test_a_missing_settings_file_is_named(capsys, tmp_path):
    """The commonest first error of all."""
    assert main(["--settings", str(tmp_path / "none.toml"), "-s"]) == 2
    assert str(tmp_path / "none.toml") in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[paths", '[paths]\nstate = 7\n', "paths = 3\n", "\ufffe".encode("utf-16").hex()])
def test_a_broken_settings_file_is_named(capsys, site, text):
    """Also the lenient look at settings must not end in a traceback."""
    site.settings.write_text(text)
    assert main(site.words("-s")) == 2
    assert f"{site.settings}: paths.state" in capsys.readouterr().err


def test_status_works_while_the_settings_are_half_edited(capsys, site):
    """The state of the site is needed most while somebody is repairing it."""
    with site.settings.open("a") as file:
        file.write("\n[policy]\nreserve = 'much'\n")
    ledger = site.ledger()
    ledger.publish_present(body())
    code = main(site.words("-s"))
    ledger.close()
    assert code == 0
    assert capsys.readouterr().out.startswith("Active Regular Compute Node: 1\n['p220']\n")


def failing_with(monkeypatch, error: BaseException) -> None:
    def fail(_args):
        raise error

    monkeypatch.setattr(status, "run", fail)


def test_a_defect_is_one_line_and_its_traceback_goes_to_the_log(monkeypatch, capsys):
    """A traceback on an administrator's screen explains nothing; one that is lost explains even less."""
    logged: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _level, line: logged.append(line))
    failing_with(monkeypatch, ZeroDivisionError("seven"))
    assert main(["status"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("shepherd: this is a defect, please report it: ZeroDivisionError: seven")
    assert err.count("\n") == 1
    assert any("Traceback" in line for line in logged)


def test_a_broken_invariant_is_told_in_words(monkeypatch, capsys):
    """Our own errors have words of their own."""
    failing_with(monkeypatch, InvariantBroken("two leases for p220"))
    assert main(["status"]) == 1
    assert capsys.readouterr().err == "shepherd: two leases for p220\n"


def test_an_interrupt_is_quiet(monkeypatch, capsys):
    """Ctrl-C is not a defect."""
    failing_with(monkeypatch, KeyboardInterrupt())
    assert main(["status"]) == 130
    assert capsys.readouterr().err == ""


def test_a_daemons_defect_goes_to_its_log_as_one_json_line(monkeypatch, capsys):
    """Under systemd stderr is the journal; there the traceback belongs, on one line."""
    command.defect(ZeroDivisionError("seven"), "run")
    first, second = capsys.readouterr().err.splitlines()
    assert json.loads(first)["event"] == "defect"
    assert second.startswith("shepherd: this is a defect")


def test_output_that_nobody_reads_to_the_end_is_no_defect(site):
    """`shepherd ledger export | head`."""
    ledger = site.ledger()
    ledger.append([note("x" * 1000) for _ in range(500)])
    ledger.close()
    argv = [sys.executable, "-m", "shepherd", *site.words("ledger", "export")]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert "xxx" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(20) == 1


def test_status_imports_nothing_heavy():
    """One import too many in a shared module, and every verb pays for it."""
    script = (
        "import sys\nfrom shepherd.cli import main, status\n"
        "heavy = {'pydantic', 'structlog', 'htcondor2', 'cryptography', 'rich', 'docker', 'requests'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (1, "\n")


def test_an_interrupted_process_leaves_no_traceback(site):
    """Ctrl-C in the middle of an export, on a real terminal's signal."""
    ledger = site.ledger()
    ledger.append([note("x" * 1000) for _ in range(3000)])
    ledger.close()
    argv = [sys.executable, "-m", "shepherd", *site.words("ledger", "export")]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert err == ""
    assert process.returncode == 130
