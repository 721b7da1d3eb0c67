"""What `shepherd check` found, for a person and for machines."""

from collections import Counter
from collections.abc import Iterable, Mapping

from shepherd.model.finding import Finding, Role, State
from shepherd.model.one_line import one_line

SCHEMA = 2
EFFECTIVE_SCHEMA = 1
AUDIT_SCHEMA = 1
WIDTH = max(len(state.value) for state in State)


def title(role: Role, settings: str) -> str:
    """What stands above a role's findings."""
    return f"{role.value} ({settings})"


def line(finding: Finding) -> str:
    """One finding on one line, with what to do."""
    remedy = f". To mend: {one_line(finding.remedy)}" if finding.remedy else ""
    return f"{finding.state.value:<{WIDTH}}  {finding.subject.value}: {one_line(finding.said)}{remedy}"


def summary(findings: Iterable[Finding]) -> str:
    """How many there are of each state."""
    counted = Counter(finding.state for finding in findings)
    return ", ".join(f"{counted[state]} {state.value}" for state in State)


def findings_json(found: Iterable[tuple[Role, str, Iterable[Finding]]]) -> Mapping[str, object]:
    """All roles with their settings files and findings."""
    roles = [
        {"role": role.value, "settings": settings, "findings": [as_json(finding) for finding in findings]}
        for role, settings, findings in found
    ]
    return {"schema": SCHEMA, "roles": roles}


def as_json(finding: Finding) -> Mapping[str, str]:
    """One finding."""
    return {
        "subject": finding.subject.value,
        "state": finding.state.value.lower(),
        "said": one_line(finding.said),
        "remedy": one_line(finding.remedy),
    }
