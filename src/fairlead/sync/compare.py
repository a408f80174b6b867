"""Step 4: which of these rows differ from what was last written? Pure: no clock, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairlead.domain.records import Digest, Rows


@dataclass(frozen=True, slots=True)
class Decisions:
    """Of one page: the rows to write, how many were left out as unchanged, and what to remember once they are written."""

    write: Rows
    unchanged: int
    digests: dict[bytes, Digest]


def compare(
    rows: Rows,
    days: Sequence[str],
    hashes: Sequence[bytes] | None,
    contents: Sequence[bytes],
    known: Mapping[bytes, bytes],
    *,
    recent_from: str,
    write_all: bool,
) -> Decisions:
    """Decide a page.

    `days` are the days (ISO) of the rows' last change at the source, `hashes` their keyed key hashes and `contents` their
    content digests; both are only needed (and only looked at) where something is known or a row is recent, so a caller
    may pass None for `hashes` when no row is recent and nothing is known. Rows of `recent_from` or later will be read
    again by the next run's overlap: their digests are remembered so that it can leave them out. `write_all` writes
    even what is unchanged.
    """
    if hashes is None:
        return Decisions(rows, 0, {})
    positions = [i for i, key in enumerate(hashes) if write_all or known.get(key) != contents[i]]
    digests = {hashes[i]: Digest(contents[i], days[i]) for i in positions if days[i] >= recent_from}
    return Decisions(rows.take(positions), len(rows) - len(positions), digests)
