"""Settings of a recorded day, and the changes that a replay may make to them."""

import dataclasses
from collections.abc import Iterator, Mapping

from shepherd.core.recorded.members import Json
from shepherd.core.recorded.settings import TABLES
from shepherd.core.setting_forms import Problem
from shepherd.model.settings import HostSettings, PolicySettings, TimerSettings

KNOWN = {"hosts": HostSettings, "policy": PolicySettings, "timers": TimerSettings}
WITHOUT_EFFECT = frozenset({"policy.cooling_s", "policy.leak_stops", "policy.lend_gpus"})
"""Replayed lends do not fail, and containers do not leak."""
BESIDES_POLICY = frozenset({"hosts.exclude", "hosts.always_lend", "hosts.maintenance", "hosts.zone", "timers.cycle_s"})


def tree_of(recorded: Json, changes: Mapping[str, object]) -> dict[str, object]:
    """The tables of a settings file that decides as then, but for the changes. Keys that this version does not know any
    more are left out."""
    tables: dict[str, dict[str, object]] = {name: _known(name, recorded.get(name, {})) for name in TABLES}
    flock = recorded.get("flock", {})
    image = flock.get("image", "") if isinstance(flock, Mapping) else ""
    for key, value in changes.items():
        table, _, name = key.partition(".")
        tables[table][name] = value
    home = {"name": "recorded", "schedds": ["recorded"], "schedd_identities": ["recorded"]}
    return {"home": home, "flock": {"collector": "recorded:9618", "image": image}, **tables}


def change_problems(changes: Mapping[str, object]) -> Iterator[Problem]:
    """Changes that a replay cannot show the effect of."""
    for key in changes:
        table, _, name = key.partition(".")
        if not name or table not in TABLES:
            yield Problem(key, "is no setting that a replay can change", f"give policy.KEY or {_others()}")
        elif key in WITHOUT_EFFECT or (table != "policy" and key not in BESIDES_POLICY):
            yield Problem(key, "has no effect in a replay", f"give another policy.KEY or {_others()}")


def _others() -> str:
    names = {f"{table}.{field.name}" for table, of in KNOWN.items() for field in dataclasses.fields(of)}
    return ", ".join(sorted(BESIDES_POLICY & names))


def _known(name: str, table: object) -> dict[str, object]:
    names = {field.name for field in dataclasses.fields(KNOWN[name])}
    return {key: value for key, value in table.items() if key in names} if isinstance(table, Mapping) else {}
