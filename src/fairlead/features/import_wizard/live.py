"""Who was refused in a run: the source is read again, and its rows are found by their hashes. Nothing of it is kept."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from asgiref.sync import async_to_sync

from fairlead.domain.address import normal
from fairlead.features.import_wizard import running
from fairlead.features.import_wizard.flow import row_name
from fairlead.features.import_wizard.models import ImportRun, RefusedRow
from fairlead.features.import_wizard.rules import columns, rows
from fairlead.features.import_wizard.sources import source_of
from fairlead.sync import sides

MOST: Final = 200
"""Rows on a page."""
READ: Final = 150_000
"""Rows of the source that are looked through, at most."""


@dataclass
class Found:
    """Refused rows as the source has them now. `missing`: those that it no longer has, or that lie beyond the first rows."""

    rows: list[tuple[int, str, str, str]] = field(default_factory=list, repr=False)
    missing: int = 0
    more: int = 0


def refused(run: ImportRun, code: str = "") -> Found:
    """The refused rows: number in the source from 1, address, name, reason. Raises a Failure where it cannot be read."""
    wanted = RefusedRow.objects.filter(run=run)
    if code:
        wanted = wanted.filter(code=code)
    codes = {bytes(row): why for row, why in wanted.values_list("row", "code")}
    if not codes:
        return Found()
    owner = run.owner
    lines = columns.lines_of(owner.lines)
    order = list(dict.fromkeys(line.column for line in lines if line.to in (columns.EMAIL, columns.NAME)))
    how = rows.Reading.of([line for line in lines if line.column in order and line.to in columns.FIXED], order, {})

    async def read() -> Found:
        found, place = Found(), 0
        async with sides.salesforce(owner.org_id) as crm:
            pages: Any = source_of(crm, owner.kind, owner.source).pages(order)
            async with aclosing(pages):
                async for page in pages:
                    some = list(zip(*page, strict=True))
                    _look(found, some, place, how, codes)
                    place += len(some)
                    if not codes or place >= READ:
                        break
        found.missing = len(codes)
        return found

    return async_to_sync(read)()


def _look(found: Found, page: Sequence[Sequence[str]], first: int, how: rows.Reading, codes: dict[bytes, str]) -> None:
    """Move those of the page whose hashes are asked for from `codes` to `found`."""
    addresses = running.hashes([normal(cells[how.email].strip()) for cells in page])
    places = running.hashes([row_name(first + place) for place in range(len(page))])
    for number, (cells, by_address, by_place) in enumerate(zip(page, addresses, places, strict=True), first + 1):
        for key in (by_place, by_address):
            code = codes.pop(key, None)
            if code is None:
                continue
            if len(found.rows) >= MOST:
                found.more += 1
                continue
            name = " ".join(cells[at].strip() for at in how.name)
            found.rows.append((number, cells[how.email].strip(), name, rows.reason(code)))
