"""What the settings of the metrics must not say."""

import pytest

from shepherd.core.settings.metrics import metrics_problems
from shepherd.model.metrics_settings import MetricsSettings


@pytest.mark.parametrize(
    ("listen", "says"),
    [
        ("0.0.0.0:9641", "not on the loopback"), ("10.1.0.1:9641", "not on the loopback"),
        ("[::]:9641", "not on the loopback"), ("localhost:9641", "no address and port"), (":9641", "no address"),
        ("127.0.0.1", "no address"), ("::1:9641", "no address"), ("127.0.0.1:0", "no port"),
        ("127.0.0.1:65536", "no port"), ("127.0.0.1:http", "no port"), ("127.0.0.1:99999999999", "no port"),
        ("127.0.0.1:\u0661", "no port"), ("[127.0.0.1]:9641", "no address"),
    ],
)  # fmt: skip
def test_figures_are_shown_on_the_loopback_only(listen: str, says: str) -> None:
    """The port was open to the whole campus, and asked nobody who they were."""
    [problem] = metrics_problems(MetricsSettings(listen=listen))
    assert problem.key == "metrics.listen"
    assert says in problem.problem
    assert problem.remedy


@pytest.mark.parametrize("listen", ["", "127.0.0.1:9641", "127.8.0.1:1", "[::1]:65535"])
def test_a_loopback_is_good(listen: str) -> None:
    """A rule that refuses the default is switched off."""
    assert list(metrics_problems(MetricsSettings(listen=listen, textfile="/run/x.prom"))) == []


@pytest.mark.parametrize(
    ("path", "says"), [("x.prom", "not an absolute path"), ("/run/metrics.txt", "not read by node_exporter")]
)
def test_a_file_is_one_that_node_exporter_reads(path: str, says: str) -> None:
    """It was written for a year, and read by nobody."""
    [problem] = metrics_problems(MetricsSettings(textfile=path))
    assert (problem.key, says in problem.problem) == ("metrics.textfile", True)
