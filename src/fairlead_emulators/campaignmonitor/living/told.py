"""What an hour brought, for those who check afterwards what a client saw of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Happened:
    """What was done, by kind; and what no date, no listing shows to a client that asks only for what is new.

    `dateless`: [list id, address] whose name or fields were changed; `renamed`: [list id, old, new address];
    `campaigns_gone`, `lists_gone`: ids of what left the listings; `late`: ids of campaigns that somebody opened late.
    """

    by: Counter[str] = field(default_factory=Counter)
    dateless: list[list[str]] = field(default_factory=list)
    renamed: list[list[str]] = field(default_factory=list)
    campaigns_gone: list[str] = field(default_factory=list)
    lists_gone: list[str] = field(default_factory=list)
    unsuppressed: list[list[str]] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """All of it, with `changed`: how many things were done."""
        return {
            "changed": self.by.total(),
            "by": dict(sorted(self.by.items())),
            "dateless": self.dateless,
            "renamed": self.renamed,
            "unsuppressed": self.unsuppressed,
            "campaigns_gone": self.campaigns_gone,
            "lists_gone": self.lists_gone,
            "late": sorted(set(self.late)),
        }
