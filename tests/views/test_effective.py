"""The settings in force, as `shepherd check` prints them."""

import json

from shepherd.model.settings import PolicySettings
from shepherd.views.effective import effective_json, effective_table
from tests import build

SETTINGS = build.settings(policy=PolicySettings(reserve=0.5))


def test_every_setting_has_a_line_and_says_whether_it_is_the_default():
    """"Which reserve is in force?" was answered from the wrong file."""
    lines = {line.split()[0]: line for line in effective_table(SETTINGS).splitlines()}
    assert lines["policy.reserve"].endswith(" 0.5")
    assert lines["policy.idle_jobs_threshold"].endswith(" 600  (default)")
    assert lines["policy.kind"].endswith(' "demand"  (default)')
    assert lines["home.schedds"].endswith(' ["cm"]')
    assert lines["hosts.pairs"].endswith(" {}  (default)")


def test_the_same_for_machines_is_nested_as_the_file_is():
    """Whoever compares the settings of ten sites does it by program."""
    body = json.loads(json.dumps(effective_json(SETTINGS)))
    assert body["policy"]["reserve"] == 0.5
    assert body["policy"]["kind"] == "demand"
    assert body["home"]["schedds"] == ["cm"]
