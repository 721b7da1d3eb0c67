"""Settings of roles: meaning and reason at every field."""

import dataclasses

from shepherd.model.roles import Role


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoleSettings:
    """Unix groups whose members may do what not everybody in the spool's group may. Root and the daemon's own account
    always may; an empty list means nobody besides. Every member of these groups must be able to write the spool of
    intents (`paths.intents`), too: without a record nothing of this is done."""

    personal: tuple[str, ...] = ()
    """Groups that may see who a person is in answers of `shepherd trace`, and evidence. Everybody else is shown a
    pseudonym, the same one for the same person. The first of them reads the files with the keys: it must exist,
    and be given their directory (docs/install.md)."""
    stop: tuple[str, ...] = ()
    """Groups that may ban, unban and quarantine."""
    release: tuple[str, ...] = ()
    """Groups that may give a quarantined host back to work. Apart from `stop`, so that whoever stopped something and
    whoever says that it is over can be two people."""

    def groups(self, role: Role) -> frozenset[str]:
        """The groups that have a role."""
        match role:
            case Role.PERSONAL:
                return frozenset(self.personal)
            case Role.STOP:
                return frozenset(self.stop)
            case Role.RELEASE:
                return frozenset(self.release)
