"""Settings that a page shows are taken by the programs, and keys that it names exist."""

import dataclasses
import pathlib
import re
import tomllib

import pytest

from shepherd.core.settings.daemon import daemon_problems
from shepherd.edges.settings_file import read_settings
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings
from shepherd.views.settings_example import daemon_example
from shepherd.views.settings_table import tables_of
from tests.docs import pages
from tests.house import sources

KEYS = {f"{table.name}.{one.key}".lstrip(".") for table in tables_of(Settings) for one in table.settings}
ROOTS = (Settings, NodeSettings, GatewaySettings)
EVERYWHERE = {one.key for root in ROOTS for table in tables_of(root) for one in table.settings}
TABLES = {field.name for field in dataclasses.fields(Settings)}
NAMED = re.compile(rf"({'|'.join(sorted(TABLES))})\.([a-z_]+)(?: = .*)?")
ALONE = re.compile(r"([a-z]+(?:_[a-z]+)*_(?:s|mib|days))(?: = .*)?")
"""A key without its table, by its unit."""
NO_SETTINGS = frozenset({
    "shepherd.toml", "node.toml", "gateway.toml", "web.ini",  # files
    "policy.reserv",  # a slip, to show what is said
})  # fmt: skip


def merged(text: str) -> str:
    """The example with what a page adds; a key that the page has is the page's."""
    shown, example = tomllib.loads(text), tomllib.loads(daemon_example())
    for table, keys in shown.items():
        example[table] = {**example.get(table, {}), **keys}
    return "".join(f"[{name}]\n{body(keys)}\n" for name, keys in example.items())


def body(keys: dict[str, object]) -> str:
    return "".join(f"{key} = {value!r}\n" for key, value in keys.items())


BLOCKS = [(page, number, text) for page in pages.PAGES for number, text in pages.blocks(page, "toml")]


@pytest.mark.parametrize(("page", "number", "text"), BLOCKS, ids=lambda part: getattr(part, "name", None))
def test_settings_of_a_page_are_taken_as_they_stand(page, number, text, tmp_path: pathlib.Path) -> None:
    """The table that everybody copied had a key of a release before."""
    path = tmp_path / "shepherd.toml"
    path.write_text(merged(text), encoding="utf-8")
    read = read_settings(path, daemon_problems)
    for table, keys in tomllib.loads(text).items():
        for key, value in keys.items():
            got = getattr(getattr(read, table), key)
            assert (list(got) if isinstance(value, list) else got) == value, f"{page}:{number}: {table}.{key}"


@pytest.mark.parametrize("page", pages.PAGES, ids=sources.name)
def test_a_setting_that_a_page_names_is_one(page: pathlib.Path) -> None:
    """"Set `policy.quiet_time_s`", and the daemon refused to start."""
    spans = [span for _, span in pages.spans(page)]
    keys = {f"{found[1]}.{found[2]}" for span in spans if (found := NAMED.fullmatch(span))}
    assert keys - KEYS - NO_SETTINGS == set()
    alone = {found[1] for span in spans if (found := ALONE.fullmatch(span))}
    assert alone - EVERYWHERE == set()
