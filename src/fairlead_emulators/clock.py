"""Emulated time: real time plus an offset that tests and the explorer may move; or a moment that stands still."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the emulated moment. One clock is shared by both emulators."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset
        self._stands: datetime | None = None

    def now(self) -> datetime:
        """The emulated moment, aware, in UTC."""
        return self._stands or datetime.now(UTC) + self._offset

    @property
    def stands_still(self) -> bool:
        """Whether time passes only by `advance` and `set`."""
        return self._stands is not None

    def stand_still(self) -> datetime:
        """Lets no time pass by itself, so that what is read twice is the same; returns the moment."""
        self._stands = self.now()
        return self._stands

    def go_on(self) -> datetime:
        """Lets time pass again, from the moment it stands at."""
        if self._stands is not None:
            self._offset, self._stands = self._stands - datetime.now(UTC), None
        return self.now()

    def advance(self, seconds: float) -> datetime:
        """Moves by that many seconds (negative: back) and returns the new moment."""
        if self._stands is not None:
            self._stands += timedelta(seconds=seconds)
        else:
            self._offset += timedelta(seconds=seconds)
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Jumps to an aware moment. Raises ValueError for a naive one."""
        if moment.tzinfo is None:
            raise ValueError(f"the clock was given {moment.isoformat()}: add an offset, such as +00:00")
        if self._stands is not None:
            self._stands = moment.astimezone(UTC)
        else:
            self._offset = moment - datetime.now(UTC)
        return self.now()
