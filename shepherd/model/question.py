"""What somebody wants to know of who did what: a time, and any of the words by which a connection or a job is known."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """Empty fields (and None) ask for nothing. All that are given must fit."""

    from_s: float
    """Epoch seconds, by the clock of whoever asks, which is taken to be right."""
    until_s: float
    within_s: float = 0.0
    """How far the asker's clock may be off, either way."""
    nat_address: str = ""
    nat_port: int | None = None
    address: str = ""
    """Inside, of a container."""
    port: int | None = None
    far_address: str = ""
    far_port: int | None = None
    protocol: int | None = None
    """6 TCP, 17 UDP."""
    host: str = ""
    container: str = ""
    """Its id, or the beginning of it."""
    lease: str = ""
    image: str = ""
    slot: str = ""
    account: int | None = None
    """A slot's account in the container."""
    job: str = ""
    user: str = ""
    """`user@domain`, or a pseudonym as an answer has it."""
    schedd: str = ""
    guest: str = ""

    @property
    def earliest_s(self) -> float:
        """The beginning of the time that is meant, at the earliest."""
        return self.from_s - self.within_s

    @property
    def latest_s(self) -> float:
        """The end of it, at the latest."""
        return self.until_s + self.within_s

    @property
    def is_of_flows(self) -> bool:
        """Whether a connection is asked for; else who had which host, and which jobs ran."""
        flow = (self.nat_address, self.far_address)
        return any(flow) or not {self.nat_port, self.port, self.far_port, self.protocol} <= {None}

    @property
    def is_pointed(self) -> bool:
        """Whether one connection is meant: what a letter of complaint has."""
        return self.nat_port is not None or self.port is not None

    @property
    def has_whole_tuple(self) -> bool:
        """Whether all is given that the NAT keeps unique at one time."""
        return bool(self.far_address) and not {self.nat_port, self.far_port, self.protocol} & {None}

    def given(self) -> dict[str, object]:
        """What was asked for besides the time."""
        times = {"from_s", "until_s", "within_s"}
        return {name: value for name, value in vars(self).items() if name not in times and value not in ("", None)}
