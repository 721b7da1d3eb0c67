"""Settings read from files."""

import dataclasses
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shepherd.core.settings.daemon import daemon_problems
from shepherd.core.settings.node import node_problems
from shepherd.edges.settings_file import read_node_settings, read_settings
from shepherd.errors import SettingsError
from shepherd.model.settings import PolicyKind, Settings, TimerSettings

LEAST = """\
[home]
name = "home"
schedds = ["submit"]
schedd_identities = ["condor@home"]
[flock]
collector = "cm:9619"
image = "sha256:%s"
""" % ("0a" * 32)


def written(folder: Path, text: str | bytes) -> Path:
    """A settings file."""
    path = folder / "shepherd.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, text: str | bytes) -> Settings:
    """The settings in `text`."""
    return read_settings(written(folder, text), daemon_problems)


def complaint(folder: Path, text: str | bytes) -> str:
    """What is said of a bad file."""
    with pytest.raises(SettingsError) as caught:
        read(folder, text)
    return str(caught.value)


def test_what_is_not_given_has_the_default_of_the_model(tmp_path: Path) -> None:
    """A second list of defaults, in the reader, was forgotten when the first one changed."""
    settings = read(tmp_path, LEAST)
    assert settings.timers == TimerSettings()
    assert settings.home.schedds == ("submit",)


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    """Words of enums, lists as tuples, tables, and whole numbers of seconds."""
    settings = read(
        tmp_path,
        LEAST + '[policy]\nkind = "threshold"\nreserve = 1\n[timers]\nlease_s = 1200\n'
        '[hosts]\nexclude = ["p1"]\npairs = { "p2" = "g2" }\n[flockoff]\nlatch = false\n',
    )
    assert settings.policy.kind is PolicyKind.THRESHOLD
    assert settings.timers.lease_s == 1200.0
    assert isinstance(settings.timers.lease_s, float)
    assert settings.hosts.exclude == ("p1",)
    assert settings.hosts.pairs == {"p2": "g2"}
    assert settings.flockoff.latch is False


@pytest.mark.parametrize(
    ("more", "key", "says"),
    [
        ("[policy]\nreserve = '0.25'", "policy.reserve", 'the string "0.25" is not a finite number'),
        ("[policy]\nlend_per_cycle = 5.0", "policy.lend_per_cycle", "5.0 is not a whole number"),
        ("[policy]\nlend_per_cycle = true", "policy.lend_per_cycle", "true is not a whole"),
        ("[policy]\nlend_gpus = 0", "policy.lend_gpus", "0 is not true or false"),
        ("[policy]\nkind = 'magic'", "policy.kind", 'is not one of "threshold"'),
        ("[timers]\ncycle_s = true", "timers.cycle_s", "true is not a finite number"),
        ("[timers]\ncycle_s = nan", "timers.cycle_s", "NaN is not a finite number"),
        ("[timers]\ncycle_s = 2026-01-01", "timers.cycle_s", "the date or time 2026-01-01"),
        ("[hosts]\nexclude = 'p1'", "hosts.exclude", "is not a list of strings"),
        ("[hosts]\nexclude = ['p1', 2]", "hosts.exclude[1]", "2 is not a string"),
        ("[hosts]\npairs = { p1 = 1 }", "hosts.pairs.p1", "1 is not a string"),
        ("[hosts]\npairs = 12:00:00", "hosts.pairs", "the date or time 12:00:00 is not a table"),
        ("[[lease]]\npages = 3", "lease", "a list is not a table; write the table [lease]"),
    ],
)
def test_a_wrong_type_is_never_bent_into_the_right_one(tmp_path: Path, more: str, key: str, says: str) -> None:
    """reserve = "0.25" was once read as the word it is, and compared with a number hours later."""
    said = complaint(tmp_path, LEAST + more)
    assert f"shepherd.toml: {key}: " in said
    assert says in said
    assert "; write " in said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("[policy]\ncooling = 5", "policy.cooling: is not a setting; did you mean policy.cooling_s?"),
        ("[policy]\nlease_s = 5", "policy.lease_s: is not a setting; did you mean timers.lease_s?"),
        ("[hostt]\nexclude = []", "hostt: is not a setting; did you mean hosts?"),
        ("[policy]\nzzz = 5", "policy.zzz: is not a setting; remove it; known here: kind, "),
    ],
)
def test_an_unknown_key_is_an_error_and_what_was_meant_is_guessed(tmp_path: Path, more: str, says: str) -> None:
    """A misspelt reserve was ignored, and the site had none."""
    assert says in complaint(tmp_path, LEAST + more)


def test_what_must_be_given_is_asked_for(tmp_path: Path) -> None:
    """An empty file is the first thing an administrator tries."""
    said = complaint(tmp_path, "")
    assert "home: is missing; add it: the table [home]" in said
    said = complaint(tmp_path, "[home]\n[flock]\n")
    assert 'flock.collector: is missing; add it: collector = "…" in [flock]' in said


def test_everything_wrong_is_listed_one_a_line(tmp_path: Path) -> None:
    """An administrator mended one line a restart, eleven times."""
    said = complaint(tmp_path, "[home]\nname = 1\nschedds = 2\n[flock]\n[nothing]\n")
    lines = said.splitlines()
    assert len(lines) == 5
    assert all(line.startswith(f"{tmp_path}/shepherd.toml: ") for line in lines)


def test_rules_that_join_keys_are_applied_and_all_listed(tmp_path: Path) -> None:
    """Two keys that are right by themselves emptied the flock at every hiccup of the collector."""
    said = complaint(tmp_path, LEAST + "[timers]\nrenew_s = 600\n[policy]\nreserve = 7\n")
    assert "policy.reserve: is 7; " in said
    assert "timers.renew_s: is 600, more than a third of lease_s = 900" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[home\n", "syntax: no TOML: Expected ']' at the end of a table declaration (at line 1"),
        ("a = 1\na = 2\n", "(at line 2"),
        (b"\n\n# caf\xe9\n", "encoding: line 3 is not UTF-8"),
        ("a = " + "[" * 9000, "syntax: "),
        ("a = " + "9" * 9000, "syntax: "),
    ],
)
def test_a_file_that_is_no_toml_is_told_by_its_line(tmp_path: Path, text: str | bytes, says: str) -> None:
    """A traceback of a parser says nothing to whoever forgot a bracket."""
    assert says in complaint(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or a directory: said in the system's words."""
    for path, word in ((tmp_path / "none.toml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(SettingsError, match=word) as caught:
            read_settings(path, daemon_problems)
        assert str(path) in str(caught.value)


toml_values = st.recursive(
    st.one_of(
        st.integers(),
        st.booleans(),
        st.just("nan"),
        st.sampled_from(["''", "'p1'", "1.5", "2026-01-01", "{}"]),
    ).map(lambda value: str(value).lower()),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
keys = st.sampled_from(
    [
        f"{table.name}.{field.name}"
        for table in dataclasses.fields(Settings)
        for field in dataclasses.fields(table.type)  # type: ignore[arg-type]
    ]
    + ["home", "policy", "x", "policy.x.y", "hosts.pairs.p1", "timers.cycle_s.x"]
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(keys, toml_values, max_size=5))
def test_no_content_of_a_file_is_answered_by_anything_but_a_settings_error(
    tmp_path: Path, content: dict[str, str]
) -> None:
    """The daemon died of a KeyError on reload, and with it the renewals of every lease."""
    text = "".join(f"{key} = {value}\n" for key, value in content.items())
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        text = ""
    assert "shepherd.toml: " in complaint(tmp_path, text)


def test_a_hosts_settings_are_read_alike(tmp_path: Path) -> None:
    """The keeper's file is flat; the words are the same."""
    path = written(tmp_path, 'host = "p1"\ntrusted_key = []\nshm_mib = "64"\n')
    with pytest.raises(SettingsError) as caught:
        read_node_settings(path, node_problems)
    said = str(caught.value)
    assert "trusted_key: is not a setting; did you mean trusted_keys?" in said
    assert 'shm_mib: the string "64" is not a whole number; write shm_mib = 64' in said
    assert 'flock_mac: is missing; add it: flock_mac = "…"' in said
