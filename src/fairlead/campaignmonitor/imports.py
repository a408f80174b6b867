"""An import: how it is cut into calls, and what became of each address."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.errors import CampaignMonitorError, OutcomeUnknown, RecordRefused, error_of
from fairlead.campaignmonitor.wishes import ImportRow, SubscriberWish

PER_CALL: Final = 1000
PARTLY: Final = (210,)
"""The code of an import of which some rows failed: its body holds what became of all."""

Outcomes = list[CampaignMonitorError | None]


class Addressed(Protocol):
    """A row of an import."""

    @property
    def email(self) -> str:
        """The address."""
        ...


class Failure(msgspec.Struct, frozen=True, rename={"email": "EmailAddress", "code": "Code"}):
    """A row that was refused."""

    email: str = ""
    code: int = 0


class ImportAnswer(
    msgspec.Struct,
    frozen=True,
    rename={
        "failures": "FailureDetails",
        "unique": "TotalUniqueEmailsSubmitted",
        "existing": "TotalExistingSubscribers",
        "new": "TotalNewSubscribers",
    },
):
    """What one call says of its rows."""

    failures: tuple[Failure, ...] = ()
    unique: int = 0
    existing: int = 0
    new: int = 0


class _Partly(msgspec.Struct, rename={"code": "Code", "result": "ResultData"}):
    code: int = 0
    result: ImportAnswer | None = None


_WHOLE = Reader[ImportAnswer](ImportAnswer)
_PARTLY = Reader[_Partly](_Partly)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one address: `error` is None where it is on the list as asked for."""

    email: str
    error: CampaignMonitorError | None

    def __repr__(self) -> str:
        """Without the address."""
        return f"Outcome(error={self.error!r})"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an import. `outcomes` come in the order of what was given.

    `new` and `existing` count as the server did: a call that was repeated has only existing ones.
    """

    outcomes: tuple[Outcome, ...]
    new: int
    existing: int

    @property
    def refused(self) -> list[Outcome]:
        """Those that are not on the list as asked for."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]

    @classmethod
    def of(cls, wishes: Sequence[SubscriberWish], outcomes: Outcomes, answers: Sequence[ImportAnswer]) -> "Imported":
        """All calls as one."""
        told = tuple(Outcome(wish.email, error) for wish, error in zip(wishes, outcomes, strict=True))
        return cls(told, sum(answer.new for answer in answers), sum(answer.existing for answer in answers))


@dataclass(frozen=True, slots=True)
class ImportedRows:
    """What became of the rows of one import: `refused` by their place, all others are on the list as asked for.

    `new` and `existing` as in `Imported`.
    """

    refused: Mapping[int, CampaignMonitorError]
    new: int
    existing: int


def read_import(body: bytes) -> ImportAnswer:
    """The answer, whether all went well or only some. Raises Unavailable where it cannot be read."""
    partly = _PARTLY(body)
    if not partly.code:
        return _WHOLE(body)
    if partly.result is None:
        raise error_of(partly.code, status=400)
    return partly.result


def in_calls(wishes: Sequence[Addressed], outcomes: Outcomes) -> Iterator[list[int]]:
    """The places of the rows that go out together. Rows without a call get their outcome here.

    Which of two rows with one address would win is nobody's promise: the first is sent.
    """
    seen: set[str] = set()
    places = []
    for place, wish in enumerate(wishes):
        key = _key(wish.email)
        if outcomes[place] is None and key in seen:
            text = "The address comes more than once in the import; the first was sent."
            outcomes[place] = RecordRefused(text, next_step="Give each address once.")
        if outcomes[place] is None:
            seen.add(key)
            places.append(place)
    for begin in range(0, len(places), PER_CALL):
        yield places[begin : begin + PER_CALL]


def surely_apart(rows: Sequence[ImportRow]) -> bool:
    """Whether each row has an address of its own, and none is refused before it is sent."""
    keys = {_key(row.email) for row in rows}
    return len(keys) == len(rows) and "" not in keys and not any(row.fault for row in rows if row.values)


def outcomes_of(rows: Sequence[Addressed], answer: ImportAnswer) -> Outcomes:
    """What became of each row of one call.

    Where the answer refuses an address that was not sent, nobody knows which row it means: none is called well.
    """
    refused = {_key(failure.email): failure.code for failure in answer.failures}
    strangers = refused.keys() - {_key(row.email) for row in rows}
    unknown = f"Campaign Monitor refused {len(strangers)} addresses of an import in another spelling."
    otherwise = OutcomeUnknown(unknown) if strangers else None
    return [error_of(refused[key], status=400) if (key := _key(row.email)) in refused else otherwise for row in rows]


def _key(email: str) -> str:
    return email.strip().casefold()
