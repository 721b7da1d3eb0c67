"""The keeper, unchanged but for walls of its container that are told to be weaker. Runs in place of `shepherd`."""

import dataclasses
import json
import os
import sys
from typing import Any

from shepherd.cli.main import main
from shepherd.core.container import profiles, spec
from shepherd.model.container import Walls
from shepherd.model.node_settings import NodeSettings


def weaker(settings: NodeSettings) -> Walls:
    """The profile's walls but for those in SHEPHERD_WEAKER."""
    changes = json.loads(os.environ["SHEPHERD_WEAKER"])
    told: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in changes.items()}
    return dataclasses.replace(profiles.walls_of(settings), **told)


if __name__ == "__main__":
    vars(spec)["walls_of"] = weaker
    sys.exit(main())
