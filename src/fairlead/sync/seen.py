"""Which 64-bit hashes came by already, in about 8 bytes each.

A Python set of a million integers takes some 70 MB; sorted arrays that are merged as they grow take 8 MB (16 for a moment).
The hash is Python's own of a text: 64 bits, keyed anew in every process, good for one run only.
"""

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.int64]


class Seen:
    """A growing set of 64-bit hashes: ask and add a page at a time."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def add(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Add a page of hashes; tells for each whether it came by before (earlier in the page counts too)."""
        # Sorted, the page walks through each run once, instead of leaping about in it.
        page = np.sort(hashes)
        if not (page[1:] == page[:-1]).any() and not self.contains(page).any():
            self._push(page)
            return np.zeros(len(hashes), dtype=np.bool_)
        return self._add_again(hashes)

    def _add_again(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Add a page of which some came by before."""
        fresh, first, back = np.unique(hashes, return_index=True, return_inverse=True)
        known = self.contains(fresh)
        repeated = np.ones(len(hashes), dtype=np.bool_)
        repeated[first] = False
        self._push(fresh[~known])
        again: NDArray[np.bool_] = known[back] | repeated
        return again

    def contains(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Which of these hashes came by."""
        found = np.zeros(len(hashes), dtype=np.bool_)
        for run in self._runs:
            found |= _contains(run, hashes)
        return found

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def _push(self, run: Hashes) -> None:
        """Keep the runs' sizes geometric: merge while the last is not at most half of the one before it."""
        if not len(run):
            return
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-1]) * 2 > len(self._runs[-2]):
            last = self._runs.pop()
            merged = np.concatenate((self._runs.pop(), last))
            merged.sort(kind="stable")
            self._runs.append(merged)


def _contains(run: Hashes, hashes: Hashes) -> NDArray[np.bool_]:
    places = np.searchsorted(run, hashes)
    places[places == len(run)] = 0
    found: NDArray[np.bool_] = run[places] == hashes
    return found


def text_hashes(texts: list[str]) -> Hashes:
    """One 64-bit hash a text."""
    return np.fromiter(map(hash, texts), dtype=np.int64, count=len(texts))
