"""Prometheus's own tool, fetched once."""

import pathlib

import pytest

from shepherd.lab.progress import Progress
from shepherd.lab.prometheus import provide_prometheus


@pytest.fixture(scope="package")
def programs() -> pathlib.Path:
    """The folder with `prometheus` and `promtool`."""
    return provide_prometheus(Progress())
