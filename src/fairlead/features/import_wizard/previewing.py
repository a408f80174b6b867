"""What a run would do, told before anything is written: counts, reasons, and the first people as they would be written."""

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.domain.address import normal
from fairlead.features.import_wizard import running
from fairlead.features.import_wizard.consent import MayBeAdded
from fairlead.features.import_wizard.flow import BadColumns, Plan
from fairlead.features.import_wizard.records import Book
from fairlead.features.import_wizard.rules import rows
from fairlead.features.import_wizard.rules.columns import Line, ListField, problems
from fairlead.features.import_wizard.rules.rows import Person, Reading, Why
from fairlead.features.import_wizard.sources import ImportSource
from fairlead.features.import_wizard.writing import Subscribers
from fairlead.sync.seen import Seen, text_hashes

SHOWN: Final = 10


@dataclass
class Preview:
    """What would be done. `cut`: only the first rows were read, so that nobody can be told to be missing."""

    read: int = 0
    write: int = 0
    unchanged: int = 0
    remove: int | None = None
    added: int = 0
    cut: bool = False
    refused: Counter[str] = field(default_factory=Counter)
    first: list[Person] = field(default_factory=list, repr=False)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Reasons and rows, the most frequent first."""
        return [(rows.reason(code), count) for code, count in self.refused.most_common()]


@dataclass
class Previewing:
    """Reads as a run does, and writes nothing."""

    plan: Plan
    source: ImportSource
    subscribers: Subscribers
    book: Book
    may: MayBeAdded
    to_e164: rows.ToE164 = rows.only_e164
    _twice: Seen = field(default_factory=Seen)
    _listed: set[bytes] = field(default_factory=set)

    async def look(self, most: int | None) -> Preview:
        """The preview of at most so many rows; None: of all. Raises a Failure."""
        columns, fields = await self.source.columns(), await self.subscribers.fields()
        if wrong := problems(self.plan.lines, columns, fields):
            raise BadColumns(wrong)
        how, wanted = self._how(fields)
        told = Preview()
        pages: Any = self.source.pages(wanted)
        async with aclosing(pages):
            async for page in pages:
                some = list(zip(*page, strict=True))
                if most is not None and told.read + len(some) > most:
                    some = some[: most - told.read]
                    told.cut = True
                await self._page(how, some, told)
                if told.cut:
                    break
        told.added = await self.book.added()
        if self.plan.refresh.removes and not told.cut:
            told.remove = sum(
                one.address not in self._listed and not one.elsewhere for one in await self.book.missing()
            )
        return told

    def _how(self, fields: Sequence[ListField]) -> tuple[Reading, list[str]]:
        """As the run reads; what is yet to be created is read under its new name."""
        types = {one.key: one.type for one in fields}
        lines = []
        for line in self.plan.lines:
            if line.new_name:
                types[f"[{line.new_name}]"] = line.type
                line = Line(line.column, f"[{line.new_name}]")
            lines.append(line)
        wanted = list(dict.fromkeys(line.column for line in lines))
        how = Reading.of(lines, wanted, types, track_default=self.plan.track, clear_blank=self.plan.clear_blank)
        return how, wanted

    async def _page(self, how: Reading, page: Sequence[Sequence[str]], told: Preview) -> None:
        told.read += len(page)
        addresses = [normal(cells[how.email].strip()) for cells in page]
        again = self._twice.add(text_hashes(addresses))
        people: list[tuple[str, Person | Why]] = []
        for cells, address, repeated in zip(page, addresses, again, strict=True):
            one = rows.read(how, cells, self.to_e164)
            if isinstance(one, Why) and one in (Why.NO_ADDRESS, Why.BAD_ADDRESS):
                told.refused[one] += 1
            elif repeated:
                told.refused[Why.TWICE] += 1
            else:
                people.append((address, one))
        keys = running.hashes([address for address, _ in people])
        self._listed |= set(keys) if self.plan.refresh.removes else set()
        known = await self.book.page(keys)
        forbidden = await self.may.forbidden(keys, [address for address, _ in people])
        for key, (_, one) in zip(keys, people, strict=True):
            self._count(one, known[key][0] if key in known else b"", forbidden.get(key), told)

    def _count(self, one: Person | Why, known: bytes, forbidden: Why | None, told: Preview) -> None:
        if isinstance(one, Why) or forbidden is not None:
            told.refused[one if isinstance(one, Why) else str(forbidden)] += 1
            return
        (digest,) = running.digests([f"{self.plan.version}\x1e{one.text}"])
        if known == digest and not (self.plan.write_all or self.plan.refresh.adds_deleted):
            told.unchanged += 1
            return
        told.write += 1
        if len(told.first) < SHOWN:
            told.first.append(one)
