"""Settings of `shepherd drill`: meaning and reason at every field."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrillSettings:
    """The drill: a real flocked job makes a connection, and the record must name it by that alone."""

    target: str = ""
    """Where the job connects to, `ADDRESS:PORT`: an address outside that guests may reach. Empty: it must be given."""
    listen: str = ""
    """Where this machine hears that connection, `ADDRESS:PORT`, if it comes here. Empty: somebody else's log says when
    it came and from which port, and `shepherd drill check --at` is told."""
    submit: tuple[str, ...] = ()
    """Command, word by word, that submits at a guest's schedd what it reads on its standard input, e.g.
    `["ssh", "submit.campus.example", "condor_submit"]`. Empty: `shepherd drill prepare` prints what is to be submitted,
    for an administrator of the guest's."""
    wait_s: float = 1800.0
    """So long the connection is waited for: a host may have to be lent first. Seconds."""
    record_s: float = 300.0
    """So long after the connection the record may take to have all of it. Seconds."""
