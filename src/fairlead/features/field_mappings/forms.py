"""The form of a mapping: one line of controls a line, kept as typed whatever is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from fairlead.domain import mapping
from fairlead.domain.mapping import MOST_LINES, Direction, Line, Owner

DIRECTIONS: Final = (
    (Direction.TO_CAMPAIGN_MONITOR.value, _("Salesforce → Campaign Monitor")),
    (Direction.TO_SALESFORCE.value, _("Campaign Monitor → Salesforce")),
    (Direction.BOTH.value, _("Both ways")),
    (Direction.NONE.value, _("Do not sync")),
)
OWNERS: Final = (
    (Owner.SALESFORCE.value, _("Salesforce wins")),
    (Owner.CAMPAIGN_MONITOR.value, _("Campaign Monitor wins")),
    (Owner.FILL_BLANKS.value, _("Fill blanks only")),
)
TEXTS: Final = ("object", "source", "target", "direction", "owner", "default")
FLAGS: Final = ("create_only", "clear_blank")
BLANK: Final[dict[str, Any]] = {
    "object": "Contact", "source": "", "target": "", "direction": "to_campaign_monitor", "owner": "salesforce",
    "default": "", "create_only": False, "clear_blank": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it stands in the form. `number` names its controls."""

    number: int
    given: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What screen readers call the line."""
        return f"{self.number + 1}"


def rows_of(lines: Sequence[Line], more: Sequence[Line] = ()) -> list[Row]:
    """A form that shows these lines and, behind them, further ones; with none, a blank line."""
    given = [one.as_json() for one in (*lines, *more)] or [BLANK]
    return [Row(number, {**one, "target": _bare(one["target"])}) for number, one in enumerate(given)]


def _bare(target: str) -> str:
    return target.strip("[]")


def sent(posted: QueryDict) -> list[Row]:
    """The rows that were sent, without those that were ticked to go and those that nobody filled in."""
    count = posted.get("rows", "0")
    most = min(int(count), MOST_LINES) if count.isascii() and count.isdecimal() and len(count) < 6 else 0
    found = []
    for number in range(most):
        given: dict[str, Any] = {name: posted.get(f"{number}-{name}", "").strip() for name in TEXTS}
        given |= {name: posted.get(f"{number}-{name}") == "on" for name in FLAGS}
        if posted.get(f"{number}-remove") != "on" and (given["source"] or given["target"]):
            found.append(given)
    return [Row(number, given) for number, given in enumerate(found)]


def lines(rows: Sequence[Row]) -> tuple[Line, ...]:
    """The lines that the rows say. Raises WrongMapping."""
    return mapping.read([dict(row.given) for row in rows])
