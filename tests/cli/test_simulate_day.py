"""`shepherd simulate --day`, on the ledger of an eventful day."""

import datetime
import json
import pathlib

from shepherd.cli.main import main
from shepherd.model.entry import EntryKind
from shepherd.model.settings import PolicyKind
from tests.cli.sites import Site
from tests.sim.recorded_day import eventful_day, site_of


def test_a_recorded_day_is_run_job_by_job(tmp_path: pathlib.Path, capsys) -> None:
    """What another policy had made of last Tuesday could only be guessed."""
    pool = site_of(PolicyKind.DEMAND)
    eventful_day(pool)
    entries = list(pool.ledger.entries)
    site = Site(tmp_path)
    ledger = site.ledger()
    ledger.append(entries)
    ledger.close()
    day = datetime.datetime.fromtimestamp(entries[0].at_s, datetime.UTC).date().isoformat()
    file = tmp_path / "figures.json"
    words = site.words("simulate", "--day", day, "--json", str(file), "--processes", "1")
    assert main(words) == 0
    rows = json.loads(file.read_text())["rows"]
    assert [(row["workload"], row["policy"]) for row in rows] == [
        (day, policy) for policy in ("never", "threshold", "demand", "oracle")
    ]
    hosts = {entry.host for entry in entries if entry.kind is EntryKind.SWITCH}
    assert rows[0]["hosts"] >= len(hosts) > 0
    assert rows[0]["local_jobs"] > 10
    assert rows[2]["guest_core_hours"] > 0
    assert main(site.words("simulate", "--day", "1999-01-01")) == 2
    assert "1999-01-01" in capsys.readouterr().err
