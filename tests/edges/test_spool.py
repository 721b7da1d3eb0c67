"""The spool: who ordered what is believed from the file system, and nothing there stops the daemon."""

import errno
import json
import os
import pathlib
import socket
from collections.abc import Callable

import pytest

from shepherd.edges import spool
from shepherd.edges.spool import FileSpool, leave
from shepherd.errors import Unavailable, UsageError
from shepherd.model.intents import IntentKind


class Complaints(list[str]):
    """A log that remembers."""

    def __call__(self, _event: str, **fields: object) -> None:
        self.append(str(fields["problem"]))


@pytest.fixture(name="directory")
def spool_directory(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "intents").mkdir()
    return tmp_path / "intents"


@pytest.fixture(name="complaints")
def complaints_of_the_spool() -> Complaints:
    return Complaints()


@pytest.fixture(name="waiting")
def what_waits(directory, complaints):
    return FileSpool(directory, complaints).waiting


def put(directory: pathlib.Path, name: str, body: object) -> pathlib.Path:
    path = directory / name
    path.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
    return path


def test_what_a_person_leaves_arrives_with_who_and_when(directory, waiting, complaints):
    """The name in the text can be anybody's; the file's owner cannot."""
    ident = leave(directory, IntentKind.FLOCKOFF, why="network\x1b[2J work", for_s=7200.0)
    (intent,) = waiting()
    path = directory / f"{ident}.json"
    assert (intent.ident, intent.kind, intent.for_s) == (ident, IntentKind.FLOCKOFF, 7200.0)
    assert intent.why == "network [2J work"
    assert intent.who == spool.me()
    assert intent.at_s == path.stat().st_ctime
    assert complaints == []


def test_the_file_is_readable_by_the_shepherd_whatever_the_umask(directory):
    """An administrator with umask 077 ordered a flockoff that the daemon could not read."""
    before = os.umask(0o077)
    try:
        ident = leave(directory, IntentKind.FLOCKON)
    finally:
        os.umask(before)
    assert (directory / f"{ident}.json").stat().st_mode & 0o777 == 0o644


def test_intents_come_oldest_first(directory, waiting):
    """flockoff, then flockon, folded in the wrong order, left flocking off."""
    kinds = [IntentKind.FLOCKOFF, IntentKind.FLOCKON, IntentKind.FLOCKOFF]
    idents = []
    for kind in kinds:
        idents.append(leave(directory, kind))
        tick(directory / f"{idents[-1]}.json")
    assert [intent.ident for intent in waiting()] == idents


def tick(path: pathlib.Path) -> None:
    """Wait until the file system's clock has moved on from `path`."""
    probe = path.with_name(".probe")
    while True:
        probe.touch()
        if probe.stat().st_ctime > path.stat().st_ctime:
            return
        probe.unlink()


def test_an_intent_that_is_done_is_forgotten_once_and_twice(directory, complaints):
    """A crash between recording and forgetting makes the daemon forget again."""
    place = FileSpool(directory, complaints)
    leave(directory, IntentKind.FLOCKON)
    (intent,) = place.waiting()
    place.done(intent)
    place.done(intent)
    assert place.waiting() == ()
    assert complaints == []


@pytest.fixture(name="read_only")
def a_switch_for_removing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """No file can be removed, for a reason, or each can again."""
    real = pathlib.Path.unlink

    def refuse(number: int | None) -> None:
        def unlink(path: pathlib.Path, missing_ok: bool = False) -> None:
            if number is not None:
                raise OSError(number, os.strerror(number), str(path))
            real(path, missing_ok)

        monkeypatch.setattr(pathlib.Path, "unlink", unlink)

    return refuse


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ENOTDIR])
def test_an_intent_that_cannot_be_removed_is_carried_out_once(directory, complaints, read_only, number):
    """The disk of the spool went read-only: the daemon died at every start, of one flockon in it."""
    place = FileSpool(directory, complaints)
    first = leave(directory, IntentKind.FLOCKON)
    read_only(number)
    for intent in place.waiting():
        place.done(intent)
    assert place.waiting() == place.waiting() == ()
    assert len(complaints) == 1
    assert f"{first!r} was carried out and cannot be removed" in complaints[0]
    second = leave(directory, IntentKind.FLOCKOFF, why="x")
    assert [intent.ident for intent in place.waiting()] == [second]
    assert [intent.ident for intent in FileSpool(directory, complaints, place).waiting()] == [second]


def test_an_intent_that_could_not_be_removed_goes_as_soon_as_it_can(directory, complaints, read_only):
    """After the disk was mended, the old order waited for the next restart to be carried out again."""
    place = FileSpool(directory, complaints)
    for _ in range(2):
        leave(directory, IntentKind.FLOCKON)
        read_only(errno.EROFS)
        for intent in place.waiting():
            place.done(intent)
        read_only(None)
        assert place.waiting() == ()
        assert list(directory.iterdir()) == []
    assert len(complaints) == 2


def test_questions_that_wait_to_be_recorded_hide_no_order(directory, complaints, monkeypatch):
    """The disk was full. A thousand questions waited to be recorded, and a ban, which is obeyed all the same, was after
    them in the alphabet: nobody ever read it."""
    monkeypatch.setattr(spool, "AT_ONCE", 2)
    for _ in range(5):
        leave(directory, IntentKind.ASKED)
    leave(directory, IntentKind.BAN, about={"kind": "user", "value": "eve@campus"})
    disguised = {"v": 1, "kind": "asked"}
    for number in range(5):
        put(directory, f"ban-0{number}.json", disguised)
    place = FileSpool(directory, complaints)
    for _ in range(5):
        kinds = {intent.kind for intent in place.waiting()}
    assert IntentKind.BAN in kinds
    assert IntentKind.ASKED in kinds


def test_intents_that_are_stuck_keep_no_others_waiting(directory, complaints, read_only, monkeypatch):
    """A thousand done and stuck would have been all that a look took."""
    monkeypatch.setattr(spool, "AT_ONCE", 2)
    place = FileSpool(directory, complaints)
    for number in range(5):
        put(directory, f"flockon-{number}.json", GOOD)
    read_only(errno.EROFS)
    seen = []
    while intents := place.waiting():
        seen += [intent.ident for intent in intents]
        for intent in intents:
            place.done(intent)
    assert sorted(seen) == [f"flockon-{number}" for number in range(5)]


def test_a_half_written_intent_is_not_seen(directory, waiting):
    """A person's command killed in the middle must not become half an order."""
    put(directory, ".flockoff-123", b'{"v":1,"ki')
    assert waiting() == ()
    assert (directory / ".flockoff-123").exists()


GOOD = {"v": 1, "kind": "flockoff", "why": "x", "for_s": None}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("notjson.json", b"flockoff please"),
        ("empty.json", b""),
        ("bytes.json", b"\xff\xfe"),
        ("list.json", []),
        ("deep.json", b"[" * 60_000),
        ("version.json", {**GOOD, "v": 2}),
        ("kind.json", {**GOOD, "kind": "shutdown"}),
        ("nokind.json", {"v": 1}),
        ("why.json", {**GOOD, "why": ["x"]}),
        ("negative.json", {**GOOD, "for_s": -1}),
        ("bool.json", {**GOOD, "for_s": True}),
        ("nan.json", b'{"v":1,"kind":"flockoff","for_s":NaN}'),
        ("huge.json", b'{"v":1,"kind":"flockoff","for_s":1e999}'),
        ("big.json", b" " * 70_000 + json.dumps(GOOD).encode()),
        ("name with spaces.json", GOOD),
        ("flockoff.txt", GOOD),
    ],
)
def test_what_is_not_an_intent_is_set_aside_and_said_once(directory, waiting, complaints, name, body):
    """One bad file in the spool must neither stop the good ones nor be tried for ever."""
    put(directory, name, body)
    leave(directory, IntentKind.FLOCKON)
    assert [intent.kind for intent in waiting()] == [IntentKind.FLOCKON]
    assert (directory / "set-aside" / name).exists()
    assert len(complaints) == 1
    assert repr(name) in complaints[0]
    waiting()
    assert len(complaints) == 1


@pytest.mark.limit(5)
def test_what_is_not_a_plain_file_is_set_aside(directory, waiting, complaints, tmp_path):
    """A pipe would have been waited for; a link could have made root's file an order of root's."""
    os.mkfifo(directory / "pipe.json")
    (directory / "dir.json").mkdir()
    target = put(tmp_path, "target.json", GOOD)
    (directory / "link.json").symlink_to(target)
    (directory / "hard.json").hardlink_to(target)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "socket.json"))
    assert waiting() == ()
    assert len(complaints) == 5
    assert sorted(path.name for path in (directory / "set-aside").iterdir()) == [
        "dir.json", "hard.json", "link.json", "pipe.json", "socket.json",
    ]  # fmt: skip


def test_a_passing_trouble_does_not_set_an_order_aside(directory, waiting, complaints, monkeypatch):
    """Out of descriptors for a second: the flockoff that waited was thrown away."""
    leave(directory, IntentKind.FLOCKOFF, why="x")

    def no_more(*_args, **_kwargs):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", no_more)
        assert waiting() == ()
    assert len(waiting()) == 1
    assert "Too many open files" in complaints[0]


def test_a_spool_that_cannot_be_read_is_said_once(tmp_path, complaints):
    """Ten lines a minute about a missing directory hide the line that matters."""
    (tmp_path / "file").touch()
    place = FileSpool(tmp_path / "file" / "intents", complaints)
    assert place.waiting() == ()
    assert place.waiting() == ()
    assert len(complaints) == 1
    assert "cannot be read" in complaints[0]


def test_a_flood_is_taken_in_portions(directory, waiting, monkeypatch):
    """A loop gone wild in somebody's script must not make one look at the spool last for minutes."""
    monkeypatch.setattr(spool, "AT_ONCE", 3)
    for number in range(5):
        put(directory, f"flockon-{number}.json", {"v": 1, "kind": "flockon"})
    assert len(waiting()) == 3


def test_a_missing_spool_is_said_to_the_person(tmp_path):
    """An order that went nowhere must not look given."""
    with pytest.raises(Unavailable, match="cannot be written: No such file"):
        leave(tmp_path / "nowhere", IntentKind.FLOCKOFF)


def test_a_person_without_permission_is_told_who_may(directory, monkeypatch):
    """"Permission denied" alone sends people to sudo; the group is the answer."""

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UsageError, match=r"may not order: .* is writable only by root and the group"):
        leave(directory, IntentKind.FLOCKOFF)


def test_a_full_disk_leaves_nothing_behind(directory, monkeypatch):
    """Half an order on a full disk, found when space returned, is an order nobody gave."""

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        leave(directory, IntentKind.FLOCKOFF)
    assert list(directory.iterdir()) == []
