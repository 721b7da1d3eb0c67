"""The view beside the ledger."""

from tests.edges.ledgers import ledger_in, note


def test_replacing_the_view_soon_takes_no_more_room(tmp_path):
    """With the disk full, `shepherd -s` showed the hosts as they had been half a minute before, and not why."""

    def room() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob("present.sqlite*"))

    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    for n in range(20):
        ledger.publish_present({"schema": 1, "n": n, "padding": "x" * 20_000})
    before = room()
    for n in range(200):
        ledger.publish_present({"schema": 1, "n": n, "padding": "y" * 20_000})
    after = room()
    ledger.close()
    assert after == before
