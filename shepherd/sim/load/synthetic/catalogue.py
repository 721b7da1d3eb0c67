"""All synthetic loads, by name."""

from collections.abc import Callable, Mapping

from shepherd.model.workload import Workload
from shepherd.sim.load.synthetic import busy, campus, noise, passes, shapes, tails

HOSTS = 100
DAYS = 2.0

Synthetic = Callable[[int, int, float], Workload]
"""Seed, hosts, days."""

SYNTHETIC: Mapping[str, Synthetic] = {
    "passes": passes.passes,
    "campus": campus.campus,
    "noise": noise.noise,
    "tails": tails.tails,
    "shapes": shapes.shapes,
    "busy": busy.busy,
}

ABOUT: Mapping[str, str] = {
    "passes": passes.ABOUT,
    "campus": campus.ABOUT,
    "noise": noise.ABOUT,
    "tails": tails.ABOUT,
    "shapes": shapes.ABOUT,
    "busy": busy.ABOUT,
}
