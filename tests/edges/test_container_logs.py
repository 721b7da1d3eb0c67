"""HTCondor's logs in a container, read by a host that the container may want to deceive."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.edges.container_logs import BEHIND_BYTES, LINE_BYTES, HostContainerLogs
from shepherd.ports_trace import ContainerLine

PID = 7
OF_A_CONTAINER = """
mount -t tmpfs x /var/log && mkdir /var/log/condor && echo first > /var/log/condor/StartLog
echo ready; read -r go; echo last >> /var/log/condor/StartLog; echo done; exec sleep 1000
"""


class Place:
    """A container's root directory."""

    def __init__(self, root: Path) -> None:
        self.logs = root / str(PID) / "var/log/condor"
        self.logs.mkdir(parents=True)
        self.reader = HostContainerLogs(f"{root}/{{}}")
        self.reader.follow(PID)

    def write(self, name: str, text: str) -> None:
        with (self.logs / name).open("a") as log:
            log.write(text)

    def told(self) -> list[tuple[str, str]]:
        return [(line.log, line.text) for line in self.reader.lines()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.reader.follow(None)


def test_lines_are_told_once_whole_and_with_the_log_they_are_from(place: Place) -> None:
    """Half a line was sent, and the other half as another message."""
    place.write("StartLog", "one\ntw")
    place.write("StarterLog.slot1_3", "of a job\n")
    place.write("SharedPortLog", "not wanted\n")
    assert place.told() == [("StartLog", "one"), ("StarterLog.slot1_3", "of a job")]
    place.write("StartLog", "o\n")
    assert place.told() == [("StartLog", "two")]
    assert place.told() == []


def test_a_log_that_is_rotated_is_read_to_its_end_before_the_new_one(place: Place) -> None:
    """HTCondor renames a full log; its last lines were in none of the two."""
    place.write("StartLog", "one\n")
    assert place.told() == [("StartLog", "one")]
    place.write("StartLog", "two\n")
    (place.logs / "StartLog").rename(place.logs / "StartLog.old")
    place.write("StartLog", "three\n")
    assert place.told() == [("StartLog", "two"), ("StartLog", "three")]


def test_a_link_is_not_followed_to_what_is_the_hosts(place: Place, tmp_path: Path) -> None:
    """The container's root made its log a link to a secret, and the keeper, who is root, sent it away."""
    secret = tmp_path / "secret"
    secret.write_text("of the host\n")
    (place.logs / "StartLog").symlink_to(secret)
    os.mkfifo(place.logs / "MasterLog")
    place.write("StarterLog", "honest\n")
    assert place.told() == [("StarterLog", "honest")]
    whole = tmp_path / "elsewhere"
    (whole / "condor").mkdir(parents=True)
    (whole / "condor/StartLog").write_text("of the host\n")
    (tmp_path / "8/var").mkdir(parents=True)
    (tmp_path / "8/var/log").symlink_to(whole)
    place.reader.follow(8)
    assert place.told() == []


def test_a_log_that_grows_too_fast_is_left_out_and_that_is_told(place: Place) -> None:
    """A container that writes without end took the keeper's memory."""
    place.write("StartLog", "x" * (BEHIND_BYTES + 100_000) + "\nend\n")
    told = place.told()
    assert "bytes of this log were left out" in told[0][1]
    assert told[-1] == ("StartLog", "end")
    assert all(len(text) <= LINE_BYTES for _, text in told)


@pytest.mark.real
def test_what_a_container_wrote_last_is_read_after_its_end() -> None:
    """Why a container died stood in its log, which died with it."""
    argv = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", OF_A_CONTAINER)
    reader = HostContainerLogs()
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as container:
        assert container.stdin is not None
        assert container.stdout is not None
        assert container.stdout.readline() == "ready\n"
        reader.follow(container.pid)
        assert reader.lines() == [ContainerLine("StartLog", "first")]
        container.stdin.write("go\n")
        container.stdin.flush()
        assert container.stdout.readline() == "done\n"
        container.kill()
    assert reader.lines() == [ContainerLine("StartLog", "last")]
    reader.follow(None)
    assert reader.lines() == []
