"""Tables and examples that are generated from the settings."""

import dataclasses
import re
from pathlib import Path

import pytest

from shepherd.core.policy.demand import way_home_s
from shepherd.core.settings.daemon import daemon_problems
from shepherd.core.settings.node import node_problems
from shepherd.edges.settings_file import read_node_settings, read_settings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings, TimerSettings
from shepherd.views.fixed_times import NO_WAIT, PLACES, constants_of
from shepherd.views.settings_example import daemon_example, node_example
from shepherd.views.settings_files import GENERATED, write
from shepherd.views.settings_table import Table, settings_markdown, tables_of
from shepherd.views.timers_table import CHARTS, timers_markdown
from tests.house import sources

TABLES = [*tables_of(Settings), *tables_of(NodeSettings)]


@pytest.mark.parametrize("name", GENERATED)
def test_what_is_generated_is_current(name: str) -> None:
    """A table of settings that nobody regenerated told of timers the programs no longer had."""
    committed = (sources.ROOT / name).read_text(encoding="utf-8")
    assert committed == GENERATED[name](), "run: python -m shepherd.views.settings_files"


def test_writing_puts_every_file_in_its_place(tmp_path: Path) -> None:
    """A generator that misses a file leaves it stale for good."""
    write(tmp_path)
    write(tmp_path)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == set(GENERATED)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name or "node")
def test_every_setting_is_explained_and_has_a_unit_where_it_needs_one(table: Table) -> None:
    """A number without a unit was given in minutes."""
    assert table.settings
    for setting in table.settings:
        assert len(setting.text) > 15, setting.key
        assert setting.unit in {"s", "1/s"} or not setting.key.endswith("_s"), setting.key


def test_every_timer_is_in_the_table_of_timers() -> None:
    """A timer outside the one table is a second owner in waiting."""
    timers = timers_markdown()
    for table in TABLES:
        for setting in table.settings:
            if setting.key.endswith("_s"):
                assert f".{setting.key}` | {setting.default:g} s |" in timers


def test_what_no_setting_changes_is_in_the_table_of_fixed_times() -> None:
    """"Every time the programs wait", it said; the 45 s that a quarantined host stayed away were not there."""
    constant = re.compile(r"^(?:_?[A-Z][A-Z_0-9]*(?:: \w+)?, )*_?[A-Z][A-Z_]*_S\b[^=\n]*= ", re.MULTILINE)
    page, seen = timers_markdown().partition("## Fixed times")[2], set()
    for path in (path for place in PLACES for path in sorted((sources.ROOT / place).rglob("*.py"))):
        found = list(constants_of(path))
        named = " ".join(constant.findall(path.read_text(encoding="utf-8")))
        assert {*re.findall(r"\b_?[A-Z][A-Z_]*_S\b", named)} == {one.name for one in found}
        for one in found:
            seen.add(one.key)
            if one.key not in NO_WAIT:
                assert f"| `{one.name}` | {one.length_s:g} s |" in page, f"{one.key}: neither there nor in NO_WAIT"
                assert len(one.text) > 10, f"{one.key} has no docstring"
    assert seen >= NO_WAIT, "names of constants that are no more"


def test_systemds_times_are_in_the_table_of_fixed_times() -> None:
    """Which watchdog killed the keeper was found with `systemctl show`, at night."""
    page = timers_markdown()
    for unit in sorted((sources.ROOT / "systemd").glob("*.service")):
        for seconds in re.findall(r"^WatchdogSec=(\d+)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"| `WatchdogSec` | {seconds} s | systemd, of `{unit.name}` |" in page


def test_the_page_of_timers_says_the_way_home_that_the_policy_reckons_with() -> None:
    """The chart ended at 160 s, the setting beside it spoke of 175, and neither said where its own end was."""
    said = re.search(r"another end: (\d+) s from the job", timers_markdown())
    assert said is not None
    assert float(said[1]) == way_home_s(TimerSettings())


def end_s(chart: str) -> float:
    """Where the last bar of a chart ends, when each begins where it says."""
    ends = {"0": 0.0}
    for name, begins, length_s in re.findall(r" : (\w+), (.+), (\d+)s$", chart, re.MULTILINE):
        ends[f"after {name}"] = ends[begins] + float(length_s)
    return ends.popitem()[1]


def test_the_charts_of_timers_add_up_to_what_the_settings_allow() -> None:
    """The page promised a host within a minute, and the deadlines had been raised since."""
    text, timers = timers_markdown(), TimerSettings()
    ends = [end_s(chart) for chart in text.split("```mermaid")[1:]]
    ladder_s = timers.graceful_s + timers.fast_s + timers.kill_s + timers.home_deadline_s
    lend_s = timers.arm_deadline_s + timers.drain_deadline_s + timers.start_deadline_s
    assert ends == [lend_s, timers.look_s + ladder_s, timers.lease_s + ladder_s]
    assert len(ends) == len(CHARTS)
    assert timers.drain_deadline_s + timers.start_deadline_s < 60, "without a startd that accepts work"


def test_the_table_marks_what_must_be_given() -> None:
    """Five lines are what a site must write; the table says which."""
    required = re.findall(r"^\| `(\w+)` \|[^|]*\| \*\*required\*\*", settings_markdown(), re.MULTILINE)
    assert required[:3] == ["name", "collector", "image"]
    assert "flock_mac" in required


def uncommented(text: str) -> str:
    """An example with every default written out."""
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def test_the_examples_are_good_settings_as_they_are(tmp_path: Path) -> None:
    """The example in the package was refused by the program beside it."""
    path = tmp_path / "x.toml"
    path.write_text(daemon_example(), encoding="utf-8")
    settings = read_settings(path, daemon_problems)
    path.write_text(uncommented(daemon_example()), encoding="utf-8")
    assert read_settings(path, daemon_problems) == settings
    path.write_text(node_example(), encoding="utf-8")
    node = read_node_settings(path, node_problems)
    path.write_text(uncommented(node_example()), encoding="utf-8")
    assert read_node_settings(path, node_problems) == node


def test_every_setting_is_in_an_example() -> None:
    """A setting that no example shows is found by reading the source, or not at all."""
    text = daemon_example()
    for table in dataclasses.fields(Settings):
        assert f"\n[{table.name}]\n" in text
    for field in dataclasses.fields(NodeSettings):
        assert re.search(rf"^#?{field.name} = ", node_example(), re.MULTILINE)
