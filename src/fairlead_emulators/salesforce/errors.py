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
    like: str = ""
    """The object of the records that the row is like, when it is refused as a duplicate; `others` are their ids."""
    others: tuple[str, ...] = ()

    def in_collection(self) -> dict[str, Any]:
        """An item of `errors` in a collections answer."""
        item: dict[str, Any] = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        return item | self.duplicate_result()

    @fact("duplicate_result")
    def duplicate_result(self) -> dict[str, Any]:
        """`{duplicateResult}` when the row is refused as a duplicate, else nothing."""
        if not self.others:
            return {}
        records = [{"attributes": {"type": self.like}, "Id": each} for each in self.others]
        matches = [
            {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": r} for r in records
        ]
        result = {"entityType": self.like, "errors": [], "matchEngine": "ExactMatchEngine", "matchRecords": matches}
        found = {"rule": f"Standard_{self.like}_Match_Rule", "size": len(records), "success": True}
        told = {
            "allowSave": True,
            "duplicateRule": f"Standard_{self.like}_Duplicate_Rule",
            "errorMessage": self.message,
        }
        told |= {"duplicateRuleEntityType": self.like, "matchResults": [result | found]}
        return {"duplicateResult": told}

    def in_bulk(self) -> str:
        """The text of `sf__Error`."""
        return f"{self.code}:{self.message}:{','.join(self.fields)} --"


class ApiError(Exception):
    """A refused request: HTTP status, error code, message and fields."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.more: dict[str, Any] = {}
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """The answer's body."""
        item: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            item["fields"] = list(self.fields)
        return [item | self.more]


def from_row(error: RowError) -> ApiError:
    """The error of a single-record request whose row was refused."""
    refused = ApiError(400, error.code, error.message, error.fields)
    refused.more = error.duplicate_result()
    return refused


def no_such_object(name: str) -> ApiError:
    """The object is unknown."""
    return ApiError(404, "NOT_FOUND", f"The requested resource does not exist: {name}")
