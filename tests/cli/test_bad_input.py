"""Bad input to every verb ends in a clear sentence and changes nothing. The calls are those of the command line."""

import contextlib
import hashlib
import io
import os
import pathlib
import socket
import tempfile
from collections.abc import Iterator, Sequence
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shepherd.cli import main as command
from tests.cli.calls import TEXT, Call, every_call, lines_of
from tests.cli.recorded_site import recorded_site
from tests.cli.sites import Site

CALLS = {call.name(): call for call in every_call()}
ACTS_ON_THE_MACHINE = frozenset(
    {"run", "watch", "web", "node run", "node up", "node down", "gateway run", "gateway record", "gateway apply",
     "simulate", "check", "plan", "image build", "image push", "guest add", "guest remove"}
)  # fmt: skip
"""With sound words these would really begin, or take minutes: they get only words that are surely wrong."""
SPOKEN = tuple(call for name, call in CALLS.items() if name not in ACTS_ON_THE_MACHINE)
PLACES = """
[paths]
state = "{place}"
intents = "{place}/absent"
guests = "{place}/absent"
[flockoff]
path = "{place}/off"
[lease]
key = "{place}/lease.key"
"""
"""Nothing of the machine that runs the tests."""
EVERY = pytest.mark.parametrize("name", CALLS)


@pytest.fixture(name="site", scope="module")
def a_site_with_a_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Its daemon is dead; its record is that of an eventful day."""
    place = tmp_path_factory.mktemp("bad")
    site, ledger = recorded_site(place)
    ledger.close()
    with site.settings.open("a") as file:
        file.write(f'[lease]\nkey = "{place}/keys/lease.key"\n')
    (place / "here").mkdir()
    with contextlib.chdir(place / "here"):
        yield site


@pytest.fixture(autouse=True)
def no_defect_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is raised as it is; nothing is asked over a network."""

    def raised(exc: Exception, _verb: str | None) -> int:
        raise AssertionError("a defect") from exc

    def refuse(_self: socket.socket, address: object) -> None:
        raise OSError(f"no network in this test: {address}")

    monkeypatch.setattr(command, "defect", raised)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def called(site: Site, line: Sequence[str]) -> tuple[int, str]:
    """Exit code, and what was complained about."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "ascii", errors) for errors in ("strict", "backslashreplace"))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = command.main(["--settings", str(site.settings), *line])
        except SystemExit as ended:
            code = int(str(ended.code or 0))
    err.flush()
    return code, err.buffer.getvalue().decode()


def state_of(place: pathlib.Path) -> dict[str, str]:
    """Every file and what is in it."""
    files = [path for path in sorted(place.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def judge(site: Site, line: Sequence[str]) -> int:
    """No traceback, a code that means something, a sentence for what went wrong, nothing changed by bad input."""
    before = state_of(site.settings.parent)
    code, said = called(site, line)
    assert code in {0, 1, 2}, (line, code)
    assert "Traceback" not in said
    if code == 2:
        assert said.strip(), line
        assert all(line.isprintable() for line in said.split("\n"))
        assert state_of(site.settings.parent) == before, line
    return code


@given(st.sampled_from(SPOKEN).flatmap(lines_of))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_is_answered_in_a_sentence(site, line):
    """A name with a line end was a traceback, and half an order was left."""
    assert judge(site, line) in {0, 1, 2}


@EVERY
@given(odd=TEXT.filter(lambda text: text != "--"), number=st.integers(0, 3))
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_option_that_is_not_there_is_refused_by_every_verb(site, name, odd, number):
    """`--dry-run` was let pass, and it was no dry run."""
    call = CALLS[name]
    line = [*call.words, *(odd for _ in range(number)), f"--no-such-{number}"]
    assert judge(site, line) == 2


@EVERY
def test_one_word_too_many_is_refused_by_every_verb(site, name):
    """A reason without quotes: its first word was the host."""
    call = CALLS[name]
    taken = sum(1 if place.nargs in {None, "?"} else 99 for place in call.places)
    if taken >= 99:
        assert judge(site, [*call.words, "nonsense"]) == 2
        return
    assert judge(site, [*call.words, *["x"] * (taken + 1)]) == 2


@EVERY
@pytest.mark.parametrize("text", ["[paths", "paths = 3\n", "\ufffe\x01", "[home]\nnam = 1\n{}", "{}"])
def test_settings_that_cannot_be_read_end_every_verb_in_a_sentence(site, name, text):
    """Half a file, at the moment when it was saved."""
    call = CALLS[name]
    with tempfile.TemporaryDirectory(dir=site.settings.parent) as place:
        broken = Site(pathlib.Path(place))
        broken.settings.write_text(text.format(PLACES.format(place=broken.state)) if "{}" in text else text)
        words = [word for option in call.options if option.required for word in (option.option_strings[0], "x")]
        needed = ["x" for place_of in call.places if place_of.nargs != "?"]
        words += ["--workload", "x"] if name == "simulate" else []  # whose settings may lack most tables
        code = judge(broken, [*call.words, *words, *chosen(call, needed)])
    assert code in {1, 2}


@EVERY
@pytest.mark.parametrize("path", ["", "/", "x" * 5000, "\udcff", "/dev/null/x", "."])
def test_a_settings_file_that_cannot_be_one_ends_every_verb_in_a_sentence(site, name, path):
    """A variable was empty, and the directory was taken for the file."""
    call = CALLS[name]
    words = [word for option in call.options if option.required for word in (option.option_strings[0], "x")]
    needed = ["x" for place_of in call.places if place_of.nargs != "?"]
    code = judge(site, ["--settings", path, *call.words, *words, *chosen(call, needed)])
    assert code in {1, 2} or name == "guest show"  # which reads defaults where the daemon's settings are not


def chosen(call: Call, needed: Sequence[str]) -> list[str]:
    """Places with the words that they let pass."""
    return [
        str(next(iter(place.choices))) if place.choices else "1" if place.type is int else word
        for place, word in zip(call.places, needed, strict=False)
    ]


def test_the_net_is_not_empty(site):
    """A property over no calls is true."""
    assert len(SPOKEN) > 20
    assert {"ban", "explain host", "ledger verify", "trace", "key rotate"} <= {call.name() for call in SPOKEN}
    assert judge(site, ["flockoff", "maintenance"]) == 0
    assert judge(site, ["-s"]) == 0
    assert judge(site, ["explain", "p203"]) == 0


def test_names_of_modules_are_no_verbs(site):
    """`shepherd where` was an import."""
    for name in ("where", "main", "__init__", "../run", "os", "-x", "--", "\udcff"):
        assert judge(site, [name]) == 2
    assert isinstance(command, ModuleType)
    assert os.getcwd() == str(site.settings.parent / "here")  # noqa: PTH109 - as a process sees it
