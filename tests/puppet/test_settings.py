"""What Puppet writes is what the programs read."""

import dataclasses
import enum
import tomllib
import typing
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from shepherd.core.settings.daemon import daemon_problems
from shepherd.core.settings.gateway import gateway_problems
from shepherd.core.settings.node import node_problems
from shepherd.edges.settings_file import read_gateway_settings, read_node_settings, read_settings
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings
from shepherd.views import settings_example
from tests.puppet.module import Catalog, Module

pytestmark = pytest.mark.real

POOL: dict[str, object] = {
    "shepherd::flock_pool::address": "203.0.113.1", "shepherd::flock_pool::trust_domain": "flock.example.org",
}  # fmt: skip
ROLES: Mapping[str, tuple[str, type]] = {
    "node": ("/etc/shepherd/node.toml", NodeSettings),
    "central_manager": ("/etc/shepherd/shepherd.toml", Settings),
    "gateway": ("/etc/shepherd/gateway.toml", GatewaySettings),
}
READERS: Mapping[str, Callable[[Path], object]] = {
    "node": lambda path: read_node_settings(path, node_problems),
    "central_manager": lambda path: read_settings(path, daemon_problems),
    "gateway": lambda path: read_gateway_settings(path, gateway_problems),
}
EXAMPLES = {
    "node": settings_example.NODE, "central_manager": settings_example.DAEMON, "gateway": settings_example.GATEWAY,
}  # fmt: skip


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Module:
    """The module."""
    return Module(tmp_path_factory.mktemp("puppet"))


def catalog_of(module: Module, role: str, settings: object) -> Catalog:
    """The catalog of a role with these settings."""
    return module.catalog(f"include shepherd::{role}", POOL | {f"shepherd::{role}::settings": settings})


def written(module: Module, role: str, settings: object) -> str:
    """The settings' file."""
    file, _ = ROLES[role]
    return str(catalog_of(module, role, settings).parameter(f"File[{file}]", "content"))


def nested(flat: Mapping[str, object]) -> dict[str, object]:
    """`{"home.name": …}` as tables."""
    found: dict[str, object] = {}
    for path, value in flat.items():
        table, _, key = path.rpartition(".")
        place = found.setdefault(table, {}) if table else found
        assert isinstance(place, dict)
        place[key] = list(value) if isinstance(value, tuple) else value
    return found


def another(kind: object, default: object) -> object:
    """A value of this type that is not the default."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return list(kind)[-1].value
    match default:
        case bool():
            return not default
        case int() | float():
            return default + 1
        case str() if default.startswith("/"):
            return f"{default}-other"
        case str():
            return f'{default} "quoted" \\ and back'
        case tuple():
            return [*default, "one 'more'"]
        case Mapping():
            return {"p1.example.org": "f\\1"}
    return "word" if kind is str else ["a", "b"]


def every_key(root: type) -> dict[str, object]:
    """Settings in which every key has another value than the default."""
    found: dict[str, object] = {}
    hints = typing.get_type_hints(root)
    for field in dataclasses.fields(root):
        if dataclasses.is_dataclass(hints[field.name]):
            found[field.name] = every_key(typing.cast("type", hints[field.name]))
        else:
            made = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            found[field.name] = another(hints[field.name], made)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_what_a_site_must_say_is_enough_and_is_taken(role: str, module: Module, tmp_path: Path) -> None:
    """A template wrote a list as a string, and every keeper of the first rack refused to start."""
    path = tmp_path / "settings.toml"
    path.write_text(written(module, role, nested(EXAMPLES[role])))
    assert READERS[role](path)


@pytest.mark.parametrize("role", ROLES)
def test_every_key_of_the_programs_can_be_given(role: str, module: Module) -> None:
    """A new setting could be used everywhere but on the hosts that Puppet keeps, that is on none."""
    given = every_key(ROLES[role][1])
    if role == "node":
        given |= {"flock_address": "10.27.2.20"}
    if role == "central_manager":  # these go into a file of systemd's, too
        typing.cast("dict[str, object]", given["trace"])["directory"] = "/srv/trace"
        typing.cast("dict[str, object]", given["roles"])["personal"] = ["security"]
    assert tomllib.loads(written(module, role, given)) == given


@pytest.mark.parametrize("role", ROLES)
def test_a_key_that_no_program_knows_makes_no_catalog(role: str, module: Module) -> None:
    """A misspelt key was dropped in silence, and the default stayed in force for a year."""
    with pytest.raises(AssertionError, match=r"unrecognized key 'colour'|parameter 'settings'"):
        written(module, role, nested(EXAMPLES[role]) | {"colour": "blue"})


def test_secrets_from_hiera_are_secret(module: Module) -> None:
    """A token that lay in Hiera as plain text was in every report, and in the mail about it."""
    login = {"username": "u", "password": "hush"}
    hiera = {
        "shepherd::node::settings": nested(EXAMPLES["node"]), "shepherd::node::flock_token": "hush-hush",
        "shepherd::node::registry_login": login,
    }  # fmt: skip
    told = module.catalog("include shepherd::node", hiera)
    for file in ("/etc/shepherd/flock-token", "/etc/shepherd/registry-login"):
        assert "content" in told.sensitive(f"File[{file}]")
        assert told.parameter(f"File[{file}]", "mode") == "0600"
