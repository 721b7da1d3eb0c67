"""Example files with every setting explained: what must be given is given, every default commented out."""

import dataclasses
import textwrap
from collections.abc import Iterator, Mapping

from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings
from shepherd.views.settings_table import Setting, Table, tables_of, toml

WIDTH = 96
IMAGE = "sha256:" + "0123456789abcdef" * 4

DAEMON: Mapping[str, object] = {
    "home.name": "example",
    "home.schedds": ("submit.example.org",),
    "home.schedd_identities": ("condor@example.org",),
    "flock.collector": "cm.example.org:9619",
    "flock.image": IMAGE,
}
NODE: Mapping[str, object] = {
    "host": "p220",
    "pool": "example",
    "trusted_keys": ("/etc/shepherd/keys/lease.key.pub",),
    "images": (IMAGE,),
    "flock_name": "f220",
    "flock_address": "10.27.2.20",
    "flock_mac": "02:42:0a:1b:02:14",
    "flock_collector": "10.27.0.1:9619",
    "flock_pool": "cm.example.org:9619",
    "leak_targets": ("10.1.0.1:9618", "10.1.0.9:2049"),
}

GATEWAY: Mapping[str, object] = {
    "outside": ("em2",),
    "nat_address": "198.51.100.7",
    "site_networks": ("198.51.100.0/24",),
    "dns": ("198.51.100.53",),
}

HEAD = """\
# {title}
# Lines that begin with `#` and no space are the defaults. Generated; `docs/settings.md` has the
# same as a table."""


def daemon_example() -> str:
    """systemd/shepherd.toml.example."""
    return example("Settings of `shepherd run`: /etc/shepherd/shepherd.toml", Settings, DAEMON)


def node_example() -> str:
    """systemd/node.toml.example."""
    return example("Settings of a host's keeper: /etc/shepherd/node.toml", NodeSettings, NODE)


def gateway_example() -> str:
    """systemd/gateway.toml.example."""
    return example("Settings of `shepherd gateway`: /etc/shepherd/gateway.toml", GatewaySettings, GATEWAY)


def example(title: str, root: type, given: Mapping[str, object]) -> str:
    """An example file; `given` are values a site has to choose."""
    lines = [HEAD.format(title=title)]
    for table in tables_of(root):
        lines.extend(table_lines(table, given))
    return "\n".join(lines) + "\n"


def table_lines(table: Table, given: Mapping[str, object]) -> Iterator[str]:
    """One table."""
    prefix = f"{table.name}." if table.name else ""
    if table.name:
        yield f"\n[{table.name}]\n{comment(table.text)}"
    for setting in table.settings:
        yield ""
        yield comment(setting.text)
        yield assignment(setting, given.get(prefix + setting.key, dataclasses.MISSING))


def comment(text: str) -> str:
    """Text as comment lines."""
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ")


def assignment(setting: Setting, value: object) -> str:
    """`key = value`, commented out where it is the default."""
    if value is dataclasses.MISSING:
        return f"#{setting.key} = {toml(setting.default)}"
    return f"{setting.key} = {toml(value)}"
