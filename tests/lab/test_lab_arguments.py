"""What the lab refuses before it builds anything, and what it tells people to type."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from shepherd.errors import Unavailable
from shepherd.lab.__main__ import ENTER, parser
from shepherd.lab.addresses import MOST_HOSTS, HostNames
from shepherd.lab.report_file import report_file, write_report

ROOT = Path(__file__).parents[2]


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said about words that are refused as bad input."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("hosts", ["0", "-1", "255", "300", "3.5", "many", ""])
@pytest.mark.parametrize(("verb", "allowed"), [("up", f"1 to {MOST_HOSTS}"), ("demo", f"2 to {MOST_HOSTS}")])
def test_a_number_of_hosts_that_cannot_be_is_refused_with_the_range(verb, allowed, hosts, capsys):
    """A site of 300 hosts was built for ten minutes and died over the address 10.1.2.256."""
    assert allowed in refusal(capsys, verb, "--hosts", hosts)


def test_the_limit_is_the_last_address():
    """A limit of its own beside the addresses would be wrong after the next change of them."""
    last, beyond = HostNames(number=MOST_HOSTS), HostNames(number=MOST_HOSTS + 1)
    assert (last.private_address, last.flock_address) == ("10.1.2.254", "10.27.2.254")
    assert beyond.private_address.endswith(".255")


@pytest.mark.parametrize("verb", ["demo", "bench", "drill", "rollout"])
@pytest.mark.parametrize(("file", "words"), [("none/x", "none is no directory"), (".", "is a directory")])
def test_figures_that_nobody_could_write_are_refused_at_the_start(verb, file, words, tmp_path, capsys):
    """A traceback after the whole run, and half an hour's figures gone."""
    assert words in refusal(capsys, verb, "--json", str(tmp_path / file))


def test_a_bench_of_no_hosts_is_refused(capsys):
    """It would divide by the floor of nothing."""
    assert "1 or more" in refusal(capsys, "bench", "--sizes", "100", "0")


def test_figures_reach_the_file_and_a_late_failure_is_words(tmp_path):
    """The disk was full by the end of the run: no reason for a traceback."""
    write_report(report_file(str(tmp_path / "x.json")), {"hosts": 3})
    assert json.loads((tmp_path / "x.json").read_text()) == {"hosts": 3}
    with pytest.raises(Unavailable, match="printed above"):
        write_report(tmp_path / "gone" / "x.json", {})


def test_what_the_lab_tells_people_to_type_is_in_the_help():
    """It named `python -m shepherd.lab`, which knows no package outside its venv."""
    shown = subprocess.run(["./run", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=10).stdout
    assert f"  {ENTER} " in shown
    line = next(line for line in shown.splitlines() if "lab up" in line)
    options = re.findall(r"--[a-z]+", subcommand_help("up"))
    assert [option for option in options if option not in {"--help", *re.findall(r"--[a-z]+", line)}] == []


def subcommand_help(verb: str) -> str:
    """The usage line of one verb of the lab."""
    chosen = next(action for action in parser()._actions if action.choices)
    return str(dict(chosen.choices or {})[verb].format_usage())
