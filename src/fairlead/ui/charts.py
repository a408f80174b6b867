"""Charts as pictures that a server draws: bars side by side, with a title, a description and the numbers as a table beneath.

A page hands a `Chart` to `{% include "ui/_chart.html" %}`. Nothing of it needs a script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _

WIDTH: Final = 720
HEIGHT: Final = 180
_STEPS: Final = (1, 2, 5, 10)


def number_of(number: int) -> str:
    """A number with the separators of the language."""
    return formats.number_format(number, use_l10n=True, force_grouping=True)


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers of one kind, one for each column of a chart."""

    label: str
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the picture's own units; `says` is what it stands for. `n` is its colour."""

    x: float
    y: float
    width: float
    height: float
    n: int
    says: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of several series over the same `labels`. `name` is unique on its page; `unit` heads the labels in the table."""

    name: str
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = "Day (UTC)"

    @property
    def width(self) -> int:
        """The picture's width."""
        return WIDTH

    @property
    def height(self) -> int:
        """The picture's height."""
        return HEIGHT

    @property
    def empty(self) -> bool:
        """Whether nothing is counted at all."""
        return not any(number for each in self.series for number in each.numbers)

    @property
    def top(self) -> int:
        """A round number that no bar is above."""
        most = max((number for each in self.series for number in each.numbers), default=0)
        power = 10 ** (len(str(most)) - 1)
        return next(step * power for step in _STEPS if step * power >= most) if most else 1

    @property
    def half(self) -> str:
        """What the line in the middle stands for."""
        return f"{self.top / 2:,.0f}" if self.top > 1 else ""

    @property
    def bars(self) -> list[Bar]:
        """All bars, column by column; those of nothing are left out."""
        step = WIDTH / max(len(self.labels), 1)
        width = step * 0.8 / max(len(self.series), 1)
        bars = []
        for column, label in enumerate(self.labels):
            for place, each in enumerate(self.series):
                number = each.numbers[column]
                if number:
                    tall = max(1.0, HEIGHT * number / self.top)
                    x = column * step + step * 0.1 + place * width
                    says = f"{label}: {number_of(number)} {_(each.label).lower()}"
                    y, size = round(HEIGHT - tall, 1), round(tall, 1)
                    bars.append(Bar(round(x, 1), y, round(width, 1), size, place + 1, says))
        return bars

    @property
    def legend(self) -> list[tuple[int, str]]:
        """Colour and label of each series."""
        return [(place, each.label) for place, each in enumerate(self.series, 1)]

    @property
    def description(self) -> str:
        """The chart in a sentence for each series: the sum, and where the most is."""
        parts = []
        for each in self.series:
            most = max(each.numbers, default=0)
            says = _("{label}: {sum}, most of them {where} ({most}).") if most else _("{label}: {sum}.")
            where = self.labels[list(each.numbers).index(most)] if most else ""
            label = _(each.label)
            parts.append(says.format(label=label, sum=number_of(sum(each.numbers)), where=where, most=number_of(most)))
        if self.labels:
            parts.insert(0, _("From {first} to {last}.").format(first=self.labels[0], last=self.labels[-1]))
        return " ".join(parts)

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        """The numbers as a table: a line for each label."""
        return [(label, [each.numbers[place] for each in self.series]) for place, label in enumerate(self.labels)]
