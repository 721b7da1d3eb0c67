"""The daemon as it is put together shows figures, over reloads, and takes them away at its end."""

import pathlib
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from shepherd.errors import SettingsError
from shepherd.lab.eventually import eventually
from tests.programs.test_reload import Place

MORE = """
[metrics]
listen = "{listen}"
textfile = "{place}/shepherd.prom"
"""


def free_port() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(name="place")
def a_daemon(tmp_path: pathlib.Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.daemon._shown.close()
    place.daemon._parts.close()
    place.daemon._kept.close()
    place.daemon._ledger.close()


def settle(place: Place, listen: str) -> None:
    """The settings file, and a reload."""
    place.write()
    with place.path.open("a") as file:
        file.write(MORE.format(listen=listen, place=place.place))
    place.daemon._reload()


def page(port: int) -> str:
    """What is served, or the empty string."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:
        return ""


def test_figures_move_with_the_settings_and_end_with_the_daemon(place: Place) -> None:
    """After a reload two addresses were served, and the old one told of the old daemon."""
    first, second, daemon = free_port(), free_port(), place.daemon
    settle(place, f"127.0.0.1:{first}")
    daemon._shown.start()
    told = eventually(lambda: page(first), 10, what="the page is served")
    assert "\nshepherd_blind 1.0\n" in told
    assert 'shepherd_build_info{policy="threshold"' in told
    file = place.place / "shepherd.prom"
    assert "shepherd_blind 1.0" in eventually(lambda: file.read_text() if file.exists() else "", 10, what="the file is")
    settle(place, f"127.0.0.1:{second}")
    assert "shepherd_look_period_seconds 10.0" in eventually(lambda: page(second), 10, what="the other one is served")
    assert page(first) == ""
    daemon._shown.close()
    assert (page(second), file.exists()) == ("", False)


def test_what_is_recorded_reaches_the_page(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger was written by somebody whom nobody counted."""
    daemon = place.daemon
    settle(place, f"127.0.0.1:{free_port()}")
    daemon._diary.life("started")
    before = daemon._metering.figures().counts["ledger_lost_entries_total", ()]
    monkeypatch.setattr(daemon._diary, "_append", lambda _: False)
    daemon._diary.life("reloaded")
    after = daemon._metering.figures().counts["ledger_lost_entries_total", ()]
    assert (before, after) == (0, 1)


def test_a_look_of_the_real_loop_is_measured(place: Place) -> None:
    """Its collectors were silent, so the page was that of a daemon that had not looked yet."""
    loop = place.daemon._reload()
    began_s = time.time()
    loop._look()
    rows = {(row.name, row.labels): row.value for row in place.daemon._metering.figures().rows}
    assert rows["last_look_timestamp_seconds", ()] >= began_s
    assert (rows["blind", ()], rows["source_up", ("home_startds",)], rows["ledger_writable", ()]) == (1, 0, 1)
    assert ("hosts", ("local", "local")) not in rows
    errors = place.daemon._metering.figures().counts
    assert errors["source_errors_total", ("home_startds", "silent")] + errors[
        "source_errors_total", ("home_startds", "refused")
    ] == 1


def test_an_address_that_is_not_ours_to_give_is_refused_and_nothing_changes(place: Place) -> None:
    """A reload opened the page to the campus."""
    settle(place, f"127.0.0.1:{(port := free_port())}")
    with pytest.raises(SettingsError, match="not on the loopback"):
        settle(place, f"0.0.0.0:{port}")
    assert place.daemon._shown._wanted.listen == f"127.0.0.1:{port}"
