"""The settings as types of the Puppet module: what Puppet is given has the shape of the file, or no catalog is made."""

import dataclasses
import re
import textwrap
from collections.abc import Iterator, Sequence

from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings
from shepherd.views.settings_table import Setting, Table, tables_of, toml

WIDTH = 120
DAEMON = "daemon"
FILES = {"node": NodeSettings, "gateway": GatewaySettings}
"""Files without tables."""

BY_LEVELS = frozenset({"node"})
"""Tables that are merged from several levels of Hiera. A level may lack any key; the module says what is missing."""

KINDS = {
    "true or false": "Boolean",
    "integer": "Integer",
    "number": "Numeric",
    "string": "String",
    "list of strings": "Array[String[1]]",
    "table of strings": "Hash[String[1], String[1]]",
}
"""Words of `settings_table.kind_words` as Puppet's types; what is in none of these is an enumeration."""

HEAD = """\
# @summary {summary}
#
{about}
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
{keys}
type Shepherd::Settings::{name} = Struct[{{
{members}
}}]
"""


def type_names() -> Sequence[str]:
    """Names of the types below `Shepherd::Settings`, in lower case."""
    return (*FILES, DAEMON, *(table.name for table in tables_of(Settings)))


def puppet_type(name: str) -> str:
    """Text of one type's file."""
    if name == DAEMON:
        return daemon_type()
    if name in FILES:
        (table,) = tables_of(FILES[name])
        return struct(name, f"The settings of /etc/shepherd/{name}.toml.", table)
    (table,) = (table for table in tables_of(Settings) if table.name == name)
    return struct(name, f"The settings of `[{name}]` in /etc/shepherd/shepherd.toml.", table)


def daemon_type() -> str:
    """All tables of the daemon's file."""
    tables = list(tables_of(Settings))
    keys = [line for table in tables for line in wrapped(f"* `{table.name}`: {table.text}")]
    members = [member(t.name, f"Shepherd::Settings::{t.name.capitalize()}", is_needed=needs(t)) for t in tables]
    return text(DAEMON, "The settings of /etc/shepherd/shepherd.toml.", "Table by table.", keys, members)


def struct(name: str, summary: str, table: Table) -> str:
    """One table as a Struct, its keys documented."""
    keys = [line for setting in table.settings for line in documentation(setting)]
    members = [
        member(setting.key, kind_of(setting), is_needed=must_be_given(setting) and name not in BY_LEVELS)
        for setting in table.settings
    ]
    return text(name, summary, table.text, keys, members)


def text(name: str, summary: str, about: str, keys: Sequence[str], members: Sequence[str]) -> str:
    """A type's file."""
    return HEAD.format(
        summary=summary,
        about=textwrap.fill(about, WIDTH, initial_indent="# ", subsequent_indent="# "),
        keys="\n".join(keys),
        name=name.capitalize(),
        members="\n".join(members),
    )


def must_be_given(setting: Setting) -> bool:
    """Whether it has no default."""
    return setting.default is dataclasses.MISSING


def needs(table: Table) -> bool:
    """Whether the table has a key that must be given."""
    return any(must_be_given(setting) for setting in table.settings)


def member(key: str, kind: str, *, is_needed: bool) -> str:
    """A member of a Struct."""
    return f"  {key} => {kind}," if is_needed else f"  Optional[{key}] => {kind},"


def kind_of(setting: Setting) -> str:
    """A setting's type."""
    if setting.kind in KINDS:
        return "String[1]" if setting.kind == "string" and must_be_given(setting) else KINDS[setting.kind]
    words = re.findall(r'"([^"]+)"', setting.kind)
    return f"Enum[{', '.join(repr(word) for word in words)}]"


def documentation(setting: Setting) -> Iterator[str]:
    """One key as lines of a comment."""
    default = "" if must_be_given(setting) else f" Default: `{toml(setting.default)}`."
    yield from wrapped(f"* `{setting.key}`: {setting.text}{default}")


def wrapped(item: str) -> Iterator[str]:
    """An item of a list as lines of a comment."""
    yield from textwrap.wrap(item, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
