"""What a room says of a person when somebody asks why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about a person, and the list that it is about (id and name), blank for none."""

    list: str
    list_name: str
    text: str
