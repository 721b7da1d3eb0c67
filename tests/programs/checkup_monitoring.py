"""The site's monitoring as plain values, for `shepherd check`."""

from collections.abc import Sequence


class Monitoring:
    """`ports_checkup.MonitoringAccount`."""

    address = "icinga:5665"

    def __init__(self, lacking: tuple[str, ...], hidden: tuple[str, ...]) -> None:
        self._lacking, self._hidden = lacking, hidden

    def lacking(self) -> Sequence[str]:
        return self._lacking

    def unseen(self, checks: Sequence[str]) -> Sequence[str]:
        return [check for check in checks if check in self._hidden]
