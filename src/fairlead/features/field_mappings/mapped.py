"""The mappings of one run: each list's lines with the fields they name as both sides have them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.mapping import Described, Direction, Fitted, Line
from fairlead.domain.mapping_check import working
from fairlead.domain.mapping_values import Phone
from fairlead.sync.failures import campaign_monitor_failures


class LinesOff(FixTheSettings):
    """Some lines of mappings cannot work any more: a field they name is gone, or changed its type."""

    code = "FL-387"
    next_step = "Open the list's field mappings, and correct or remove these lines. The other lines go on."

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(f"{len(problems)} lines of field mappings are left out: {'; '.join(problems[:5])}.")


@dataclass(slots=True)
class Mapped:
    """Lines by list. A list's custom fields are asked for once, when somebody on it is concerned."""

    account: CampaignMonitor
    lines: Mapping[str, Sequence[Line]]
    described: Mapping[str, Described]
    phone: Phone
    problems: dict[str, list[str]] = field(default_factory=dict)
    _fitted: dict[str, list[Fitted]] = field(default_factory=dict)

    async def of(self, list_id: str) -> list[Fitted]:
        """The lines of a list that can work. Raises a Failure where its fields cannot be read."""
        if list_id not in self._fitted:
            lines = [line for line in self.lines.get(list_id, ()) if line.direction is not Direction.NONE]
            fields = []
            if any(line.target.startswith("[") for line in lines):
                with campaign_monitor_failures("read a list's custom fields"):
                    fields = await self.account.custom_fields(list_id)
            self._fitted[list_id], problems = working(lines, self.described, fields, self.phone)
            if problems:
                self.problems[list_id] = problems
        return self._fitted[list_id]

    def raise_problems(self) -> None:
        """Tell which lines were left out. Raises LinesOff."""
        told = [problem for problems in self.problems.values() for problem in problems]
        if told:
            raise LinesOff(told)
