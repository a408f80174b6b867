"""Emulated time: real time plus an offset that tests and the explorer may move."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the emulated moment. One clock is shared by both emulators."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """The emulated moment, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> datetime:
        """Moves by that many seconds (negative: back) and returns the new moment."""
        self._offset += timedelta(seconds=seconds)
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Jumps to an aware moment. Raises ValueError for a naive one."""
        if moment.tzinfo is None:
            raise ValueError(f"the clock was given {moment.isoformat()}: add an offset, such as +00:00")
        self._offset = moment - datetime.now(UTC)
        return self.now()
