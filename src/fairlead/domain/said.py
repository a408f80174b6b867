"""What a room says of a person when somebody asks why."""

from dataclasses import dataclass
from typing import Final

OPT_STATUS: Final = "opt_status"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about a person, and the list that it is about (id and name), blank for none.

    `topic` groups sentences that belong together, such as `OPT_STATUS`; `past` is what led to it, the newest first: when
    (UTC), and what was decided with its reason.
    """

    list: str
    list_name: str
    text: str
    topic: str = ""
    past: tuple[tuple[str, str], ...] = ()
