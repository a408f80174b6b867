"""The way to SOQL: runs a query on the org, for REST and for Bulk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.org import Org

_PAGE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Answer:
    """All records of a query, and how many there are: more than none for `COUNT()`."""

    records: list[dict[str, Any]]
    total: int


def ask(org: Org, text: str, version: str, *, deleted: bool) -> Answer:
    """Runs a query. Raises ApiError 400 with the code that SOQL gave."""
    raise ApiError(400, "MALFORMED_QUERY", "SOQL is not yet served")


def columns(org: Org, text: str, version: str) -> dict[str, Any]:
    """What `?columns=true` answers."""
    raise ApiError(400, "MALFORMED_QUERY", "SOQL is not yet served")


def check_bulk(org: Org, text: str, version: str) -> str:
    """The object that a Bulk query reads. Raises ApiError 400 for what Bulk refuses."""
    raise ApiError(400, "MALFORMED_QUERY", "SOQL is not yet served")


def stream(org: Org, text: str, version: str, *, deleted: bool) -> tuple[list[str], Iterator[list[list[str]]]]:
    """The header, and the rows as CSV cells, some thousands at a time."""
    raise ApiError(400, "MALFORMED_QUERY", "SOQL is not yet served")
