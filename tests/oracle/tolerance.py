"""What a client cannot know of until it reads everything again: noted from what the emulators tell of each hour."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tolerance:
    """Grows by `absorb`, hour by hour; `forget_dateless` after a full read of a list, `forget` after a full sync.

    `dateless`: (list, key) of those whose name or fields were edited, which moves no date. `renamed`: old → new address
    in lower case, `renamed_on`: (list, old). `merged`: the same of contacts that were merged, whose subscribers Fairlead
    may have let follow: their events are those of the new address then, their records must have followed. `campaigns_gone`, `lists_gone`: ids whose records stay until a full sync.
    `unsuppressed`: (client, key) taken off the suppression list. `relinked`: addresses whose contacts or leads changed.
    `old_events_minutes`: late events of campaigns older than the days kept may be missing for so long. `edge_minutes`:
    by how much the first day of the events kept may differ from that of the account's clock. `figures`: counters of old
    campaigns, and the minute of the last check at which they were true. `late`: events that were forgiven as missing.
    `joined`: an address → another that the same person has or had.
    """

    dateless: set[tuple[str, str]] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    renamed_on: set[tuple[str, str]] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    campaigns_gone: set[str] = field(default_factory=set)
    lists_gone: set[str] = field(default_factory=set)
    unsuppressed: set[tuple[str, str]] = field(default_factory=set)
    relinked: set[str] = field(default_factory=set)
    old_events_minutes: int = 25 * 60
    edge_minutes: int = 24 * 60
    late: Counter[int] = field(default_factory=Counter)
    figures: dict[str, dict[tuple[Any, ...], int]] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)

    def absorb(self, account: Mapping[str, Any], org: Mapping[str, Any]) -> None:
        """Take in what `POST /_control/live` told on both sides."""
        self.dateless |= {(on, address.lower()) for on, address in account["dateless"]}
        for on, old, new in account["renamed"]:
            self.renamed[old.lower()] = new.lower()
            self._join(old.lower(), new.lower())
            self.renamed_on |= {(on, old.lower()), (on, new.lower())}
        self.campaigns_gone |= set(account["campaigns_gone"])
        self.lists_gone |= set(account["lists_gone"])
        self.unsuppressed |= {(client, address.lower()) for client, address in account["unsuppressed"]}
        self.relinked |= set(org["addresses"])
        merged = dict(org.get("merged", ()))
        self.merged |= merged
        for old, new in merged.items():
            self._join(old, new)

    def true_lately(self, key: str, told: tuple[Any, ...], now: int) -> set[tuple[Any, ...]]:
        """What was true of a key at the checks of the last day; `told` is what is true now."""
        kept = {each: at for each, at in self.figures.get(key, {}).items() if at >= now - self.old_events_minutes}
        self.figures[key] = {**kept, told: now}
        return {*kept, told}

    def latest(self, address: str) -> str:
        """The address that somebody has by now; in lower case."""
        seen = {address}
        while (new := self.renamed.get(address) or self.merged.get(address)) is not None and new not in seen:
            address = new
            seen.add(address)
        return address

    def person(self, address: str) -> str:
        """One address for all that somebody has or had: who is on two lists may have become another on each."""
        while (other := self.joined.get(address)) is not None:
            address = other
        return address

    def was_longer(self, address: str, than: int) -> bool:
        """Whether a person has had an address of more characters than that."""
        person = self.person(address)
        had = {person, *(old for old in self.joined if self.person(old) == person)}
        return max(map(len, had)) > than

    def _join(self, one: str, other: str) -> None:
        first, second = sorted((self.person(one), self.person(other)))
        if first != second:
            self.joined[second] = first

    def edited(self, on: str, address: str) -> bool:
        """Whether somebody's name or fields on a list were edited, at this address or one that it followed a merge from."""
        before = {old for old in self.merged if self.latest(old) == address}
        return any((on, each) in self.dateless for each in {address, *before})

    @property
    def moved(self) -> set[str]:
        """Every address that somebody has or had who changed it."""
        return {*self.renamed, *self.renamed.values(), *self.merged, *self.merged.values()}

    def forget_dateless(self, lists: set[str] | None = None) -> None:
        """Those lists (None: all) were just read whole."""
        self.dateless = {each for each in self.dateless if lists is not None and each[0] not in lists}

    def forget(self) -> None:
        """Everything was just read and swept."""
        for each in (
            self.dateless, self.renamed, self.renamed_on, self.campaigns_gone, self.lists_gone, self.unsuppressed,
            self.relinked, self.merged, self.joined,
        ):  # fmt: skip
            each.clear()
