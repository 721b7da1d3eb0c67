"""`shepherd simulate`, as it is called."""

import json
import multiprocessing
import os
import pathlib
import re
import signal
import sys

import pytest

from shepherd.cli import simulate_together
from shepherd.cli.main import main
from shepherd.sim.load.synthetic.catalogue import SYNTHETIC
from tests.cli.documents import fits

SMALL = ("--hosts", "6", "--days", "0.1", "--processes", "1")
JOB = '{"QDate": 100, "JobCurrentStartDate": 160, "CompletionDate": 760, "RequestCpus": 2, "Owner": "alice"}\n'


def simulate(*words: str) -> int:
    return main(["simulate", *words])


def test_all_figures_are_in_the_file(tmp_path: pathlib.Path, capsys) -> None:
    """The table was copied by hand into a talk, with a digit too few."""
    file = tmp_path / "figures.json"
    assert simulate("--workload", "tails", "--workload", "passes", "--json", str(file), *SMALL) == 0
    found = json.loads(file.read_text())
    fits("simulate", found)
    policies = ["never", "threshold", "demand", "oracle"]
    assert [(row["workload"], row["policy"]) for row in found["rows"]] == [
        (name, policy) for name in ("tails", "passes") for policy in policies
    ]
    wanted = {
        "harvest_of_oracle", "local_wait_p95_s", "added_wait_p95_s", "guest_work_lost", "switches_per_host_day",
        "reserve_violations",
    }  # fmt: skip
    assert all(wanted <= set(row) for row in found["rows"])
    assert {row["harvest_of_oracle"] for row in found["rows"] if row["policy"] == "oracle"} <= {1.0, None}
    out = capsys.readouterr().out
    assert all(word in out for word in ("workload", "tails", "passes", "demand"))
    assert all(f"missed: {line}" in out for line in found["missed"])


def test_several_processes_come_to_the_same(tmp_path: pathlib.Path) -> None:
    """Figures hung on how many processors the machine had."""
    rows = []
    for processes in ("1", "2"):
        file = tmp_path / f"{processes}.json"
        words = ("--workload", "tails", "--workload", "busy", "--hosts", "6", "--days", "0.05")
        assert simulate(*words, "--processes", processes, "--json", str(file)) == 0
        rows.append([{**row, "processor_s": 0} for row in json.loads(file.read_text())["rows"]])
    assert rows[0] == rows[1]


def test_a_history_is_simulated_on_the_hosts_that_are_named(tmp_path: pathlib.Path, capsys) -> None:
    """A history does not say which hosts there are."""
    file = tmp_path / "history.jsonl"
    file.write_text(JOB * 30)
    assert simulate("--history", str(file)) == 2
    assert "--host 100x16x64" in capsys.readouterr().err
    assert simulate("--history", str(file), "--host", "4x4x8", "--host", "1x8x16", "--processes", "1") == 0
    assert "history.jsonl" in capsys.readouterr().out


def test_settings_are_changed_by_hand(tmp_path: pathlib.Path) -> None:
    """What would another reserve have done? Nobody wanted to edit the real settings to know."""
    kept = []
    for reserve in ("0.25", "0.75"):
        file = tmp_path / f"{reserve}.json"
        words = ("--workload", "noise", "--policy", "demand", "--set", f"policy.reserve={reserve}", "--days", "0.1")
        assert simulate(*words, "--json", str(file), "--hosts", "24", "--processes", "1") == 0
        rows = {row["policy"]: row for row in json.loads(file.read_text())["rows"]}
        kept.append(rows["demand"]["guest_core_hours"])
    assert 0 < kept[1] < kept[0]


def test_what_guests_bring_is_said_by_hand(tmp_path: pathlib.Path, capsys) -> None:
    """Guests of a site had jobs of minutes, and were told that they would lose what jobs of half an hour do."""
    lost = []
    for more in ((), ("--guest-jobs", "120"), ("--guests-by-age",)):
        file = tmp_path / "figures.json"
        words = ("--workload", "passes", "--policy", "demand", "--days", "0.3", "--hosts", "12", "--processes", "1")
        assert simulate(*words, "--json", str(file), *more) == 0
        rows = {row["policy"]: row for row in json.loads(file.read_text())["rows"]}
        lost.append(rows["demand"]["guest_work_lost"])
    assert 0 < lost[1] < lost[0] / 2
    assert lost[2] < lost[0]
    assert simulate("--workload", "noise", "--guest-jobs", "0") == 2
    assert "--guest-jobs 0: give more" in capsys.readouterr().err


def test_the_sites_own_settings_count(tmp_path: pathlib.Path, capsys) -> None:
    """A site simulated the defaults and took them for its own settings."""
    settings = tmp_path / "shepherd.toml"
    settings.write_text("[policy]\nreserve = 1.0\n")
    file = tmp_path / "figures.json"
    words = ["--settings", str(settings), "simulate", "--workload", "noise", "--policy", "demand", "--json", str(file)]
    assert main([*words, *SMALL]) == 0
    assert {row["lends"] for row in json.loads(file.read_text())["rows"]} == {0}
    assert main(["--settings", str(tmp_path / "absent.toml"), *words[2:]]) == 2
    assert "absent.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workload", "passage"), "there is no workload 'passage'; there are passes"),
        (("--hosts", "1"), "--hosts 1: give 4 or more"),
        (("--days", "0"), "--days 0: give more than 0"),
        (("--days", "nan"), "--days nan: give more than 0"),
        (("--days", "1e300"), "--days 1e+300: give more than 0"),
        (("--hosts", "999999999"), "100000 or less"),
        (("--host", "99999999999x4x16", "--swf", "absent.swf"), "give 100000 hosts"),
        (("--host", "1x99999999999x16", "--swf", "absent.swf"), "10000 cpus"),
        (("--set", "policy.reserve=" + "[" * 5000), "is not a finite number"),
        (("--set", "policy.reserve=0.1\nother = 2"), "is not a finite number"),
        (("--fault", "shepherd@nan+5"), "nothing breaks then"),
        (("--fault", "shepherd@-9+5"), "nothing breaks then"),
        (("--fault", "collector@5+inf"), "nothing breaks then"),
        (("--plots", "/dev/null/plots"), "Not a directory"),
        (("--set", "policy.reserve"), "write KEY=VALUE"),
        (("--set", "policy.reserve=2"), "it is a share"),
        (("--set", "policy.resrve=0.2"), "resrve"),
        (("--set", "hosts.exclude=p1"), "only policy.KEY and timers.KEY"),
        (("--fault", "shepherd@soon"), "write e.g. shepherd@3600+7200"),
        (("--fault", "host@10+10:p9999", "--workload", "tails"), "there is no host p9999"),
        (("--swf", "absent.swf", "--host", "4x4x8"), "absent.swf cannot be read"),
        (("--swf", "absent.swf", "--host", "4x4"), "write NUMBERxCPUSxGIB"),
        (("--json", "/absent/figures.json"), "is no directory"),
    ],
)
def test_bad_input_is_named(words: tuple[str, ...], said: str, capsys) -> None:
    """An option with a slip in it was silently a run of something else."""
    assert simulate(*words, "--processes", "1") == 2
    assert said in capsys.readouterr().err


def test_loads_are_listed(capsys) -> None:
    """Nobody knew what the names stood for."""
    assert simulate("--list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SYNTHETIC)


def test_faults_are_injected(tmp_path: pathlib.Path) -> None:
    """Policies were compared on pools in which nothing ever broke."""
    file = tmp_path / "figures.json"
    words = ("--workload", "busy", "--policy", "demand", "--fault", "host@3000+600:p0001", "--json", str(file))
    assert simulate(*words, *SMALL) == 0
    assert all(row["local_jobs_evicted"] > 0 for row in json.loads(file.read_text())["rows"])


def test_plots_are_drawn_the_same_each_time(tmp_path: pathlib.Path) -> None:
    """Pictures in a repository changed with every run, and nobody looked at them any more."""
    for turn in ("a", "b"):
        assert simulate("--workload", "tails", "--plots", str(tmp_path / turn), *SMALL) == 0
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["policies.png", "policies.svg", "tails.png", "tails.svg"]
    for name in names:
        drawn = (tmp_path / "a" / name).read_bytes()
        assert len(drawn) > 5000
        assert drawn == (tmp_path / "b" / name).read_bytes()


def test_without_matplotlib_only_plots_are_missing(tmp_path: pathlib.Path, monkeypatch, capsys) -> None:
    """A traceback said that a module was not there, and not how to have it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    words = ("--workload", "tails", "--policy", "never")
    assert simulate(*words, *SMALL) == 0
    capsys.readouterr()
    assert simulate(*words, "--plots", str(tmp_path / "plots"), *SMALL) == 2
    told = capsys.readouterr()
    assert "flocking-shepherd[plots]" in told.err
    assert told.out == "", "said before the run, not after it"


@pytest.mark.limit(60)
def test_a_process_that_is_killed_ends_the_run_with_a_word(monkeypatch, capsys) -> None:
    """The kernel took one for its memory, and the others' figures were waited for until the morning."""
    monkeypatch.setattr(simulate_together, "outcomes", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert simulate("--workload", "tails", "--workload", "busy", "--processes", "2", *SMALL[:4]) == 1
    assert re.search(r"\n(shepherd: )?(tails|busy): its process ended \(-9\)", "\n" + capsys.readouterr().err)
    assert multiprocessing.active_children() == []


def test_what_goes_wrong_in_a_process_is_said_as_ever(capsys) -> None:
    """With two processors a slip in an option was a defect, with one it was bad input."""
    words = ("--workload", "tails", "--workload", "busy", "--fault", "host@10+10:p9999", *SMALL[:4])
    assert simulate(*words, "--processes", "2") == 2
    assert "there is no host p9999" in capsys.readouterr().err
