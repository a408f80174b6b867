"""What the org holds of one list, in some 42 bytes a record: read before the list is read whole, to write only what differs.

Cost: the list's records by pages of 2,000, or from 20,000 on by one bulk query. Values are compared as text; where the org
writes a value otherwise than it was sent, the row is written again, which is dear and harmless.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairlead.domain.records import Kind, Rows
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import split_in
from fairlead.sync import org_reading
from fairlead.sync.deletion import delete_where
from fairlead.sync.ports import Target
from fairlead.sync.seen import Hashes, text_hashes

ASK_UP_TO: Final = 200
"""Records not listed that are asked for one by one before they are deleted: each costs a call."""

StillListed = Callable[[Sequence[str]], Awaitable[set[str]]]


class OrgHolding:
    """Records of one scope as the org holds them. Obeys `ports.Holding`.

    `still_listed` asks the source for single keys: a page may shift while a list is read, so nobody is deleted on the
    word of one reading alone, where few are missing.
    """

    def __init__(self, salesforce: Salesforce, target: Target, still_listed: StillListed) -> None:
        self._salesforce = salesforce
        self._target = target
        self._still_listed = still_listed
        self._compared = [
            place
            for place, name in enumerate(target.fields)
            if "." not in name and name not in {target.run_field, target.key_field}
        ]
        self._hashes: Hashes = np.empty(0, dtype=np.int64)
        self._contents: Hashes = np.empty(0, dtype=np.int64)
        self._ids: NDArray[np.bytes_] = np.empty(0, dtype="S18")
        self._listed: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    async def read(self, where: str, *, expected: int) -> "OrgHolding":
        """Read the records that `where` picks, about so many. Raises a Failure."""
        target = self._target
        names = [target.fields[place] for place in self._compared]
        kinds = [target.kinds[place] for place in self._compared]
        after = f"FROM {target.object} WHERE {where}"
        hashes, contents, ids = [self._hashes], [self._contents], [self._ids]
        columns = ("Id", target.key_field, *names)
        async for page in org_reading.read(self._salesforce, columns, after, expected=expected):
            if page:
                ids_, keys, *cells = (list(column) for column in zip(*page, strict=True))
                ids.append(np.array(ids_, dtype="S18"))
                hashes.append(text_hashes(keys))
                contents.append(_contents(cells, kinds))
        every = np.concatenate(hashes)
        order = np.argsort(every, kind="stable")
        self._hashes = every[order]
        self._contents, self._ids = np.concatenate(contents)[order], np.concatenate(ids)[order]
        self._listed = np.zeros(len(every), dtype=np.bool_)
        return self

    def __len__(self) -> int:
        return len(self._hashes)

    def differing(self, rows: Rows) -> list[int]:
        """Positions of the rows that the org does not hold like that; every row counts as listed from now on."""
        if not len(self._hashes):
            return list(range(len(rows)))
        hashes = text_hashes(rows.keys)
        cells = [rows.columns[place] for place in self._compared]
        contents = _contents(cells, [rows.kinds[place] for place in self._compared])
        places = np.searchsorted(self._hashes, hashes)
        places[places == len(self._hashes)] = 0
        held = self._hashes[places] == hashes
        self._listed[places[held]] = True
        found: list[int] = (~(held & (self._contents[places] == contents))).nonzero()[0].tolist()
        return found

    def missing(self) -> int:
        """Records held that no row was listed for."""
        return len(self) - int(self._listed.sum())

    async def sweep(self) -> int:
        """Delete the records that no row was listed for; tells how many. Raises a Failure."""
        ids = [id_.decode() for id_ in self._ids[~self._listed].tolist()]
        if len(ids) <= ASK_UP_TO:
            ids = await self._really_gone(ids)
        return sum(
            [await delete_where(self._salesforce, self._target.object, where) for where in split_in("Id IN", ids)]
        )

    async def _really_gone(self, ids: Sequence[str]) -> list[str]:
        keys: dict[str, str] = {}
        for after in split_in(f"FROM {self._target.object} WHERE Id IN", ids):
            async for page in org_reading.read(self._salesforce, ("Id", self._target.key_field), after, expected=0):
                keys |= {key: id_ for id_, key in page}
        listed = await self._still_listed(list(keys))
        return [id_ for key, id_ in keys.items() if key not in listed]


def _contents(cells: Sequence[Sequence[str]], kinds: Sequence[Kind]) -> Hashes:
    columns = [
        [text[:19] for text in column] if kind is Kind.DATETIME else [_plain(text) for text in column]
        for column, kind in zip(cells, kinds, strict=True)
    ]
    return np.fromiter(map(hash, zip(*columns, strict=True)), dtype=np.int64, count=len(columns[0]))


def _plain(text: str) -> str:
    """Without what the org may change of a text: outer blanks and the kind of its line ends."""
    return text.replace("\r\n", "\n").strip() if "\r" in text or text[:1].isspace() or text[-1:].isspace() else text
