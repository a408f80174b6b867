"""How Salesforce says no: a JSON array at the top level, one item per row in collections, a text in Bulk."""

from dataclasses import dataclass
from typing import Any

from fairlead_emulators.salesforce.facts import fact

fact("error_shapes")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one record was refused."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def in_collection(self) -> dict[str, Any]:
        """An item of `errors` in a collections answer."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def in_bulk(self) -> str:
        """The text of `sf__Error`."""
        return f"{self.code}:{self.message}:{','.join(self.fields)} --"


class ApiError(Exception):
    """A refused request: HTTP status, error code, message and fields."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """The answer's body."""
        item: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            item["fields"] = list(self.fields)
        return [item]


def from_row(error: RowError) -> ApiError:
    """The error of a single-record request whose row was refused."""
    return ApiError(400, error.code, error.message, error.fields)


def no_such_object(name: str) -> ApiError:
    """The object is unknown."""
    return ApiError(404, "NOT_FOUND", f"The requested resource does not exist: {name}")
