"""A thing as it was seen, and what has to be made of it."""

from dataclasses import dataclass

from shepherd.model.finding import Finding, State, Subject

OK, WARN, WRONG = State.OK, State.WARN, State.WRONG


@dataclass(frozen=True)
class Case:
    """Findings of one thing, and what they have to be."""

    found: object
    state: State
    words: str = ""
    """Must be in what is said, or in the remedy."""

    def of(self, subject: Subject) -> list[Finding]:
        every = [self.found] if isinstance(self.found, Finding) else list(self.found)  # type: ignore[call-overload]
        return [finding for finding in every if finding.subject is subject]
