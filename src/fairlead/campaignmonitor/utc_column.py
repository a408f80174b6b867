"""Wall-clock texts of a zone in UTC, a column at a time: as numbers in arrays, since one by one they cost 2 µs each.

A time that the clock skipped is moved forward by the skip; of a time that came twice the first is meant.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.ma  # np.unique looks there: better loaded when the worker begins than in its first job
from numpy.typing import NDArray

FEW: Final = 50
"""Texts up to which one by one is quicker than all together."""

_LENGTH: Final = len("2026-01-31 12:00:00")
_MARKS: Final = [4, 7, 10, 13, 16]
_MARKED: Final = np.frombuffer(b"-- ::", np.uint8)
_FORM: Final = np.frombuffer(b"2026-01-31T12:00:00.000Z", np.uint8)
_DAYS: Final = (date(2100, 1, 1) - date(1970, 1, 1)).days
_UNKNOWN: Final = -10_000
_UNEVEN: Final = -20_000
_NOON: Final = timedelta(hours=12)
_LAST_SECOND: Final = timedelta(hours=23, minutes=59, seconds=59)

Bytes = NDArray[np.uint8]


class UtcColumn:
    """Turns columns of one zone's texts into UTC. It remembers the offset of each day that it met (100 KB)."""

    def __init__(self, place: tzinfo) -> None:
        self._zone = place
        self._offsets = np.full(_DAYS, _UNKNOWN, dtype=np.int16)

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """`YYYY-MM-DD HH:MM:SS` → `YYYY-MM-DDTHH:MM:SS.000Z`; blank stays blank. Raises ValueError on what is no date."""
        if len(texts) > FEW and texts.count(texts[0]) == len(texts):
            return [self._one(texts[0])] * len(texts)
        column = self._together(texts) if len(texts) > FEW else None
        if column is not None:
            return column
        usual = [text for text in texts if len(text) == _LENGTH]
        column = self._together(usual) if FEW < len(usual) < len(texts) else None
        if column is None:
            return [self._one(text) for text in texts]
        rest = iter(column)
        return [next(rest) if len(text) == _LENGTH else self._one(text) for text in texts]

    def _together(self, texts: Sequence[str]) -> list[str] | None:
        """The column; None where not all texts have the usual form, or one is no date."""
        try:
            cells = _cells(texts)
            wall = cells.view(f"S{_LENGTH}").ravel().astype("datetime64[s]").astype(np.int64)
        except ValueError:
            return None
        offsets = self._of_days(wall // 86_400)
        column = _texts(wall - offsets.astype(np.int64) * 60, cells)
        for i in (offsets == _UNEVEN).nonzero()[0].tolist():
            column[i] = self._one(texts[i])
        return column

    def _of_days(self, days: NDArray[np.int64]) -> NDArray[np.int16]:
        """Offset of each day in minutes, `_UNEVEN` where it changes within the day or is not of whole minutes."""
        known = (days > 0) & (days < _DAYS - 1)  # in UTC it may be the day before or after
        days = np.where(known, days, 0)
        offsets = self._offsets[days]
        if (offsets == _UNKNOWN).any():
            for day in np.unique(days[offsets == _UNKNOWN]).tolist():
                self._offsets[day] = self._offset(datetime(1970, 1, 1) + timedelta(day))  # noqa: DTZ001 - a wall clock
            offsets = self._offsets[days]
        return np.where(known, offsets, np.int16(_UNEVEN))

    def _offset(self, day: datetime) -> int:
        # No zone has ever changed twice within a day: one change shows at its ends.
        moments = (day, day + _NOON, day + _LAST_SECOND)
        offsets = {moment.replace(tzinfo=self._zone).utcoffset() for moment in moments}
        minutes, rest = divmod(offsets.pop() or timedelta(), timedelta(minutes=1))
        return _UNEVEN if offsets or rest else minutes

    def _one(self, text: str) -> str:
        if not text.strip():
            return ""
        wall = datetime.fromisoformat(text.strip())
        if wall.tzinfo is not None:
            raise ValueError(f"{text!r} has an offset; a time of the client's wall clock is expected.")
        return f"{self._utc(wall):%Y-%m-%dT%H:%M:%S}.000Z"

    def _utc(self, wall: datetime) -> datetime:
        # A wall clock time of fold 0 means just what is promised: before a gap's change, and the first of two.
        return wall.replace(tzinfo=self._zone).astimezone(UTC)


def _cells(texts: Sequence[str]) -> Bytes:
    """The texts' characters, one row each. Raises ValueError where not all have the usual form."""
    cells = np.frombuffer("".join(texts).encode("ascii"), np.uint8).reshape(len(texts), _LENGTH)
    if not (cells[:, _MARKS] == _MARKED).all():
        raise ValueError("not the usual form")
    return cells


def _texts(seconds: NDArray[np.int64], cells: Bytes) -> list[str]:
    """Moments since 1970 in UTC as texts; `cells` have their seconds."""
    days = seconds // 86_400
    minutes = (seconds - days * 86_400) // 60
    column = np.empty((len(seconds), len(_FORM)), np.uint8)
    column[:] = _FORM
    column[:, :10] = _day_texts()[days.clip(0, _DAYS - 1)]
    column[:, 11:13] = _numbers()[minutes // 60]
    column[:, 14:16] = _numbers()[minutes % 60]
    column[:, 17:19] = cells[:, 17:19]
    told: list[str] = column.astype(np.uint32).view(f"U{len(_FORM)}").ravel().tolist()
    return told


@cache
def _day_texts() -> Bytes:
    return _characters(np.arange(_DAYS).astype("datetime64[D]").astype("S10"))


@cache
def _numbers() -> Bytes:
    return _characters(np.array([b"%02d" % number for number in range(60)]))


def _characters(texts: NDArray[np.bytes_]) -> Bytes:
    """Texts of one length, a row of characters each."""
    return texts.view(np.uint8).reshape(len(texts), -1)


@lru_cache(maxsize=64)
def _column(place: tzinfo) -> UtcColumn:
    return UtcColumn(place)


def to_utc(texts: Sequence[str], place: tzinfo) -> list[str]:
    """A column of wall-clock texts of a zone in UTC: see `UtcColumn`."""
    return _column(place)(texts)
