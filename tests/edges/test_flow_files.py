"""What a recorder of connections keeps beside its spool, and what the shepherd tells it."""

from pathlib import Path

import pytest

from shepherd.core.trace import lines
from shepherd.edges.flow_memory import NAME, FlowFile
from shepherd.edges.flow_stored import StoredFile
from shepherd.errors import CommandFailed
from shepherd.model.trace import FlowBegun, FlowEnded
from tests.edges.trace_spools import spool_in


def begun(flow: int) -> FlowBegun:
    return FlowBegun(
        source="gateway", flow=flow, at_s=1000.0 + flow, protocol=6, address="10.27.2.5", port=5000,
        nat_address="198.51.100.7", nat_port=1024, far_address="192.0.2.9", far_port=443,
    )  # fmt: skip


def ended(flow: int) -> FlowEnded:
    return FlowEnded(source="gateway", flow=flow, begun_s=1000.0 + flow, at_s=2000.0)


def test_what_is_perhaps_in_no_spool_is_told_again_but_not_what_is(tmp_path: Path) -> None:
    """Killed between the two files, a recorder told everything twice, or the last of it never."""
    memory, spool = FlowFile(tmp_path, lines), spool_in(tmp_path)
    memory.note([begun(1)])
    spool.append([begun(1)])
    memory.told()
    memory.note([begun(2), begun(3)])
    spool.append([begun(2)])
    found = FlowFile(tmp_path, lines).remembered()
    assert found is not None
    assert list(found.records) == [begun(1), begun(2), begun(3)]
    assert list(found.untold) == [begun(3)]


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    """The disk was full for a moment: the next connection was written behind half a line, and was gone."""
    memory = FlowFile(tmp_path, lines)
    memory.note([begun(1)])
    with (tmp_path / NAME).open("a") as file:
        file.write('["FlowBegun","gate')
    successor = FlowFile(tmp_path, lines)
    assert successor.remembered() is not None
    successor.note([begun(2)])
    found = FlowFile(tmp_path, lines).remembered()
    assert found is not None
    assert list(found.records) == [begun(1), begun(2)]


def test_written_anew_it_has_what_is_open_and_nothing_untold(tmp_path: Path) -> None:
    """The memory grew until the disk was full."""
    memory = FlowFile(tmp_path, lines)
    for flow in range(100):
        memory.note([begun(flow), ended(flow)])
    memory.renew([begun(7)])
    assert memory.length == 2
    found = FlowFile(tmp_path, lines).remembered()
    assert found is not None
    assert (list(found.records), list(found.untold)) == ([begun(7)], [])


def test_nothing_is_remembered_of_what_is_over(tmp_path: Path) -> None:
    """A host that had been local for a week told of a gap of a week."""
    memory = FlowFile(tmp_path, lines)
    memory.note([begun(1)])
    memory.forget()
    memory.forget()
    assert FlowFile(tmp_path, lines).remembered() is None


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The recorder said "Not a directory", and nobody knew which."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandFailed, match=NAME):
        FlowFile(tmp_path / "file", lines).note([begun(1)])


def test_the_shepherd_says_what_is_stored_and_nonsense_is_nothing(tmp_path: Path) -> None:
    """A file of nonsense made the gateway drop all of its records."""
    stored = StoredFile(tmp_path)
    assert stored.newest() == 0
    stored.tell(41)
    assert StoredFile(tmp_path).newest() == 41
    (tmp_path / "stored/newest").write_text("many")
    assert stored.newest() == 0
    assert (tmp_path / "stored").stat().st_mode & 0o777 == 0o770
    with pytest.raises(CommandFailed, match="cannot be told"):
        StoredFile(tmp_path / "elsewhere").tell(1)
