"""The handbook explains whatever the programs say is wrong, and nothing that they do not say."""

import re

import pytest

from shepherd.model.finding import Subject
from shepherd.model.host import HostState
from tests.docs import pages, said
from tests.docs.said import Sayers
from tests.house import sources

PAGE = pages.DOCS / "operations.md"
RULES = sources.ROOT / "puppet/files/prometheus/shepherd.rules.yml"
TEMPLATES = sources.ROOT / "puppet/files/icinga/shepherd-templates.conf"
FRAGMENTS = frozenset({": …", "… (… s)", "no reason given", "flock collector"})
"""Parts of sentences that are explained as a whole."""
SECTIONS = {
    "Problems": said.PROBLEMS,
    "Sources that are not believed": said.DOUBTS,
    "In neither list": said.STATES,
    "Local, and cannot be lent": said.OBSTACLES,
    "What a keeper complains of": said.KEEPERS,
    "Lends that were given up": said.GIVEN_UP,
}


def section(title: str) -> str:
    """What stands below a heading, to the next."""
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#|\Z)", pages.text_of(PAGE), re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def explained(title: str) -> list[str]:
    """What the first column of a section's table quotes; a sentence may be quoted as far as it is needed."""
    cells = re.findall(r"^\| (.*?) \|", section(title), re.MULTILINE)
    quoted = [one or other for cell in cells for one, other in re.findall(r"``(.+?)``|`([^`]+)`", cell)]
    return [text.strip().removesuffix("…").rstrip() if not text.startswith("…") else text.strip() for text in quoted]


@pytest.mark.parametrize("title", SECTIONS)
def test_every_sentence_is_explained_once(title: str) -> None:
    """At three in the morning the one line on the screen was in no book."""
    sentences = said.sentences(SECTIONS[title]) - FRAGMENTS
    quotes = explained(title)
    found = {sentence: [quote for quote in quotes if sentence.startswith(quote)] for sentence in sentences}
    assert {sentence: many for sentence, many in found.items() if not many} == {}
    assert [quote for quote in quotes if not any(quote in many for many in found.values())] == []


def test_every_finding_is_explained() -> None:
    """`shepherd check` said WRONG, and nobody knew whether to get up."""
    assert sorted(explained("Findings of `shepherd check`")) == sorted(subject.value for subject in Subject)


def test_every_alert_is_explained_under_its_name() -> None:
    """The alert's link led to a page that did not know it."""
    rules = RULES.read_text(encoding="utf-8")
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert len(alerts) > 10
    headings = re.findall(r"^### (Shepherd\w+)$", pages.text_of(PAGE), re.MULTILINE)
    assert sorted(headings) == sorted(alerts)
    books = re.findall(r"runbook: shepherd/docs/operations\.md#(\w+)", rules)
    assert sorted(books) == sorted(pages.anchor(alert) for alert in alerts)


def test_what_icinga_says_is_explained() -> None:
    """The check alarmed with words that its own manual did not have."""
    text = re.search(r'vars\.dummy_text = "([^"]+)"', TEMPLATES.read_text(encoding="utf-8"))
    assert text
    told = section("Icinga's checks")
    assert text[1].partition(":")[0] in told
    assert "flocking-shepherd" in told


def test_every_unit_that_can_fail_is_explained() -> None:
    """`systemctl --failed` named a unit that nobody had heard of."""
    shipped = {path.name for path in (sources.ROOT / "systemd").glob("*.service")}
    assert set(explained("Units that fail")) >= shipped
    assert shipped


def test_every_state_that_is_neither_local_nor_lent_is_named() -> None:
    """`held` was taken for a fault, and the administrator's own drain was undone by hand."""
    told = section("In neither list")
    others = set(HostState) - {HostState.LOCAL, HostState.FLOCK, HostState.UNKNOWN}
    assert [state.value for state in others if f"`{state.value}`" not in told] == []


def test_whoever_has_a_problem_of_its_own_is_read() -> None:
    """A new part told of its trouble in words that no book had, because nobody had added it to the list."""
    read = {file for sayers in SECTIONS.values() for file in sayers}
    telling = {
        str(path.relative_to(sources.PACKAGE))
        for path in sources.python_files("shepherd")
        if "programs" in path.parts and any(said.troubles(path))
    }
    assert len(telling) >= 4
    assert telling - read == set()


def test_a_sentence_that_is_not_explained_is_seen() -> None:
    """The rule itself must bite."""
    sayers: Sayers = {"core/plausible.py": ("young",)}
    assert said.sentences(sayers) == {"the collector is young (… of … s)"}
    assert len(said.sentences(said.KEEPERS)) > 15
