"""Files of the project that are generated from settings and tables: `python -m shepherd.views.settings_files`."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from shepherd.views.checkup_table import checkup_markdown
from shepherd.views.dashboard import dashboard_json
from shepherd.views.metrics_table import metrics_markdown
from shepherd.views.settings_example import daemon_example, gateway_example, node_example
from shepherd.views.settings_puppet import puppet_type, type_names
from shepherd.views.settings_table import settings_markdown
from shepherd.views.timers_table import timers_markdown

GENERATED: Mapping[str, Callable[[], str]] = {
    "shepherd/docs/settings.md": settings_markdown,
    "shepherd/docs/timers.md": timers_markdown,
    "shepherd/docs/check.md": checkup_markdown,
    "shepherd/docs/metrics.md": metrics_markdown,
    "puppet/files/grafana/shepherd.json": dashboard_json,
    "systemd/shepherd.toml.example": daemon_example,
    "systemd/node.toml.example": node_example,
    "systemd/gateway.toml.example": gateway_example,
    **{f"puppet/types/settings/{name}.pp": functools.partial(puppet_type, name) for name in type_names()},
}
"""Path below the root of the project, and what makes its content."""


def write(root: Path) -> None:
    """Write them all. Idempotent."""
    for name, make in GENERATED.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parents[2])
