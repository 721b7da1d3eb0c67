"""Segments through condor_fetchlog, played by a script: what is believed of what a tool says."""

import pathlib
from collections.abc import Callable

import pytest

from shepherd.core.trace.lines import segment_of, segment_text
from shepherd.edges.htcondor.spools import FetchedSpools, master_of
from shepherd.edges.htcondor.tool import Tools
from shepherd.edges.trace_spool.source import LocalSpools, newest_here
from shepherd.errors import CommandFailed, TraceRefused, Unavailable
from shepherd.model.trace import Segment, StayBegun
from tests.edges.trace_spools import spool_in, stay

SEGMENT = Segment(
    source="p205", number=7, sealed_at_s=5.0,
    records=(StayBegun(source="p205", host="p205", at_s=1.0, herd="flock", image="sha256:1"),),
)  # fmt: skip


@pytest.fixture(name="spools")
def spools_of_a_tool(tmp_path: pathlib.Path) -> Callable[..., FetchedSpools]:
    """A condor_fetchlog that does what a script says."""

    def made(script: str, within_s: float = 20.0) -> FetchedSpools:
        (tmp_path / "text").write_text(segment_text(SEGMENT))
        tool = tmp_path / "condor_fetchlog"
        tool.write_text(f"#!/bin/sh\n{script.format(text=tmp_path / 'text', argv=tmp_path / 'argv')}\n")
        tool.chmod(0o755)
        return FetchedSpools(Tools(directory=str(tmp_path)), "cm:9618", segment_of, within_s)

    return made


def test_a_segment_comes_whole(spools, tmp_path):
    """With all its records, as the host had sealed it."""
    assert spools('printf "%s\\n" "$@" >{argv}; cat {text}').fetch("p205", 7) == SEGMENT
    assert (tmp_path / "argv").read_text().splitlines() == [
        "-pool", "cm:9618", "-master", '" || Machine == "p205" && "" != "@', "SHEPHERD_SPOOL.7",
    ]  # fmt: skip


def test_a_segment_that_is_gone_is_none(spools):
    """What was dropped must not be waited for."""
    gone = spools("echo \"Couldn't fetch log: server was unable to access it.\" >&2; exit 1")
    assert gone.fetch("p205", 7) is None


def test_a_host_whose_configuration_does_not_name_the_spool_says_what_to_do(spools):
    """The drop-in was older than the keeper; "no log file by that name" helped nobody."""
    with pytest.raises(CommandFailed, match=r"install 50-shepherd-host\.conf"):
        spools("echo \"Couldn't fetch log: no log file by that name.\" >&2; exit 1").fetch("p205", 7)


@pytest.mark.parametrize(
    "script", ["exit 1", "echo 'AUTHENTICATE:1003' >&2; exit 1", "kill -9 $$", "head -c 20000000 /dev/zero"]
)
def test_no_answer_and_too_much_of_one_are_trouble_and_no_segment(spools, script):
    """A host that was taken over sends without end: it must not fill the shepherd's memory."""
    with pytest.raises(Unavailable):
        spools(script).fetch("p205", 7)


def test_a_host_that_hangs_costs_its_deadline(spools):
    """A stopped master accepts, and says nothing."""
    with pytest.raises(Unavailable, match="killed"):
        spools("sleep 60", within_s=0.3).fetch("p205", 7)


@pytest.mark.parametrize("script", ["head -c 60 {text}", "printf '\\377\\376'", "cat {text} {text}", "true"])
def test_half_a_segment_and_none_at_all_are_refused(spools, script):
    """A transfer that broke off must not look like a quiet hour."""
    with pytest.raises(TraceRefused):
        spools(script).fetch("p205", 7)


@pytest.mark.parametrize("name", ['p205" || true || "', "", "p205 p206", "-debug", "p" * 300])
def test_only_a_name_of_a_host_goes_into_the_question(name):
    """The name completes HTCondor's question, and would complete another one as well."""
    with pytest.raises(CommandFailed, match="no name of a host"):
        master_of(name)


def test_a_spool_on_this_machine_is_read_as_it_lies(tmp_path):
    """The gateway is the central manager: no HTCondor is asked for a file next door."""
    spool = spool_in(tmp_path / "flows")
    spool.append([stay(1)])
    spool.seal()
    number = newest_here(tmp_path / "flows")
    assert number == spool.newest
    assert newest_here(tmp_path / "nowhere") == 0
    beyond = FetchedSpools(Tools(directory="/nonexistent"), "", segment_of, 1.0)
    local = LocalSpools({"gateway": tmp_path / "flows"}, segment_of, beyond)
    found = local.fetch("gateway", number)
    assert found is not None
    assert found.records == (stay(1),)
    assert local.fetch("gateway", number + 1) is None
    (tmp_path / f"flows/segment.{number + 1}").symlink_to("/etc/passwd")
    with pytest.raises(CommandFailed):
        local.fetch("gateway", number + 1)
    with pytest.raises(Unavailable):
        local.fetch("p205", 1)
