"""What is said of numbers for text messages: which would go, which are refused and why. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fairlead.domain.field_values import DoesNotFit


@dataclass(frozen=True, slots=True)
class Checked:
    """A number as it stands in Salesforce, and as it would go out; or why it would not."""

    record: str
    number: str
    sent: str = ""
    refused: str = ""


def checked(rows: Iterable[tuple[str, str]], phone: Callable[[str], str]) -> list[Checked]:
    """Each number that is there, looked at."""
    found = []
    for record, number in rows:
        try:
            found.append(Checked(record, number, phone(number)))
        except DoesNotFit as wrong:
            found.append(Checked(record, number, refused=str(wrong)))
    return found
