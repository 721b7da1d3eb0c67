"""The view beside the ledger."""

import pytest

from shepherd.edges.ledger_present import read_present
from tests.edges.ledgers import ledger_in, note


@pytest.mark.parametrize("hosts", [1, 40, 4000])
def test_replacing_the_view_takes_no_more_room(tmp_path, hosts):
    """With the disk full, `shepherd -s` showed the hosts as they had been half a minute before, and not why."""

    def room() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob("present.sqlite*"))

    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    for n in range(2):
        ledger.publish_present({"schema": 1, "n": n, "padding": "x" * 200 * hosts})
    before = room()
    for n in range(100):
        ledger.publish_present({"schema": 1, "n": n, "padding": "y" * 350 * hosts})
        assert read_present(tmp_path)
    after = room()
    ledger.close()
    assert after == before


def test_nobody_but_the_group_reads_whom_a_ban_is_for(tmp_path) -> None:
    """`shepherd ban --list` hides no name, and somebody with a mere login on that machine had opened the files."""
    ledger = ledger_in(tmp_path / "ledger")
    ledger.publish_present({"bans": [{"value": "mallory@campus.example"}]})
    ledger.close()
    assert (tmp_path / "ledger").stat().st_mode & 0o007 == 0
