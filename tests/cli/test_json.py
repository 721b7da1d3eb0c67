"""`--json` everywhere: every call has it or says why not, its schema is shipped, is current and was tried."""

import argparse
import copy
import importlib
import json
import re
from collections.abc import Iterator

import jsonschema
import pytest

from shepherd.cli.main import VERBS, assembled, main
from shepherd.views.documents.registry import DOCUMENTS, UNSAID, Document
from shepherd.views.documents.schemas import PLACE, lost, path_of, schema_of, text_of
from shepherd.views.manual import actions, verbs_of
from tests.cli.documents import fits
from tests.cli.sites import Site, body
from tests.house import sources

BY_NAME = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
CURRENT = "python -m shepherd.views.documents.schemas"


def calls(parser: argparse.ArgumentParser) -> Iterator[tuple[str, bool]]:
    """Every call, and whether it has --json."""
    below = verbs_of(parser)
    for _, one in below.values():
        yield from calls(one)
    if not below:
        yield parser.prog.removeprefix("shepherd "), any("--json" in one.option_strings for one in actions(parser))


def every_call() -> dict[str, bool]:
    parser = assembled([importlib.import_module(f"shepherd.cli.{verb}") for verb in VERBS])
    return dict(calls(parser))


def test_every_call_speaks_to_machines_or_says_why_not():
    """One verb of twenty was read by a regular expression, which its next release broke."""
    told = every_call()
    assert sorted(call for call, has_json in told.items() if not has_json) == sorted(set(UNSAID) & set(told))
    registered = {call for document in DOCUMENTS for call in document.calls if " --" not in call and call != "-s"}
    assert {call for call, has_json in told.items() if has_json} - {"simulate"} == registered - {"simulate"}


@BY_NAME
def test_a_shipped_schema_is_the_one_of_the_types(document: Document):
    """The schema was a release behind."""
    shipped = path_of(document).read_text(encoding="utf-8")
    assert shipped == text_of(schema_of(document)), f"write them anew: {CURRENT}"
    jsonschema.Draft202012Validator.check_schema(json.loads(shipped))


def test_nothing_else_is_shipped():
    """A schema of a verb that is gone."""
    assert sorted(path.name for path in PLACE.iterdir()) == sorted(path_of(one).name for one in DOCUMENTS)


@BY_NAME
def test_real_output_is_held_against_each_schema(document: Document):
    """A schema that was never tried says what somebody believed once."""
    tests = [path.read_text(encoding="utf-8") for path in sources.python_files("tests")]
    assert any(re.search(rf'\bfits\("{document.name}"', text) for text in tests)


@BY_NAME
def test_the_page_names_each_document(document: Document):
    """What is stable must be written down where an administrator looks."""
    page = (sources.PACKAGE / "docs/json.md").read_text(encoding="utf-8")
    assert f"(schemas/{path_of(document).name})" in page
    assert all(f"`{call}`" in page for call in document.calls)
    assert f"| {document.version} |" in page


def test_orders_say_what_they_left(tmp_path, capsys):
    """A portal could not say whether anybody was there to obey."""
    site = Site(tmp_path)
    ledger = site.ledger()
    ledger.publish_present(body())
    for words in (
        ("flockoff", "maintenance", "--for", "2h"), ("flockon",), ("ban", "user", "eve@campus", "scans"),
        ("unban", "user", "eve@campus", "it was a test"), ("quarantine", "p220", "scans"), ("release", "p220", "done"),
    ):  # fmt: skip
        assert main(site.words(*words, "--json")) == 0
        told = json.loads(capsys.readouterr().out)
        fits("order", told)
        assert (told["kind"], told["running"]) == (words[0], True)
        assert (site.intents / f"{told['intent']}.json").exists()
    ledger.close()
    assert main(site.words("flockon", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["running"] is False


def test_a_change_that_takes_something_away_needs_a_new_version():
    """A member was renamed on a Friday, and on Saturday every script of every site was blind."""
    before = schema_of(next(one for one in DOCUMENTS if one.name == "status"))
    assert list(lost(before, before)) == []
    more = copy.deepcopy(before)
    more["properties"]["novelty"] = {"type": "string"}
    assert list(lost(before, more)) == []
    gone, other, unsure, deep = (copy.deepcopy(before) for _ in range(4))
    del gone["properties"]["sentence"]
    other["properties"]["at_s"]["type"] = "string"
    unsure["required"].remove("hosts")
    del deep["$defs"]["HostJson"]["properties"]["why"]
    assert list(lost(before, gone)) == ["the document: sentence went"]
    assert list(lost(before, other)) == [".at_s: type was number, is string"]
    assert list(lost(before, unsure)) == ["the document: hosts is not always there"]
    assert list(lost(before, deep)) == ["HostJson: why went"]


def test_an_unknown_member_is_a_fault_of_ours_and_a_missing_one_too():
    """A check that lets everything pass."""
    good = {"schema": 1, "bans": []}
    fits("bans", good)
    for wrong in ({**good, "more": 1}, {"schema": 1}, {**good, "schema": 2}):
        with pytest.raises(jsonschema.ValidationError):
            fits("bans", wrong)
