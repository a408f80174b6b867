"""Which status a member gets by what it did (F48), and which of them a campaign does not have yet (F47, F49)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fairlead.domain.activity import Activity
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.setting import Line

LABEL_LENGTH = 765


class StatusMissing(FixTheSettings):
    """The linked campaign does not have a status that a member would need."""

    code = "FL-353"

    def __init__(self, status: str, campaign: str, why: str = "") -> None:
        added = f" Salesforce would not let it be added: {why}" if why else ""
        super().__init__(
            f"The Salesforce campaign {campaign} has no member status “{status}”.{added}",
            next_step="Turn on “Create missing member statuses”, add it to the campaign, or map another status.",
        )


@dataclass(frozen=True, slots=True)
class StatusMap:
    """Status by activity, and the statuses (lower case) that count as a response."""

    by_activity: Mapping[str, str]
    responses: frozenset[str]

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "StatusMap":
        """From the lines of the setting. A status counts as a response where any of its lines says so."""
        read = [(str(line["activity"]), str(line["status"])[:LABEL_LENGTH], bool(line["responded"])) for line in lines]
        return cls(
            {activity: status for activity, status, _ in read},
            frozenset(status.lower() for _, status, responded in read if responded),
        )

    def status(self, activity: Activity) -> str:
        """The status of who did that last; blank where the map has no line for it."""
        return self.by_activity.get(activity.value, "")

    def missing(self, labels: Iterable[str]) -> list[tuple[str, bool]]:
        """Statuses of the map that are not among a campaign's `labels`, each once, and whether each is a response."""
        known = {label.lower() for label in labels}
        found: dict[str, str] = {}
        for status in self.by_activity.values():
            if status.lower() not in known:
                found.setdefault(status.lower(), status)
        return [(status, lowered in self.responses) for lowered, status in found.items()]
