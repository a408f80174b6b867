"""The API's error codes, and the exception that carries one to the answer."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from fairlead_emulators.campaignmonitor.facts import fact

fact("error-envelope")
fact("undocumented-status")
_UNKNOWN_STATUS: Final = 400


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the registry: number, message, HTTP status, and whether the message is the literal one."""

    number: int
    message: str
    http: int
    literal: bool
    documented: bool


@cache
def codes() -> dict[int, Code]:
    """All codes by number."""
    text = (resources.files(__package__) / "codes.toml").read_text(encoding="utf-8")
    return {
        int(number): Code(
            int(number),
            entry.get("wire") or entry["text"],
            entry.get("http", _UNKNOWN_STATUS),
            "wire" in entry,
            entry.get("documented", False),
        )
        for number, entry in tomllib.loads(text).items()
    }


class Refusal(Exception):
    """The call is answered by an error envelope: `{Code, Message[, ResultData]}`."""

    def __init__(
        self,
        code: int,
        *,
        http: int | None = None,
        message: str | None = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        known = codes()[code]
        self.code = code
        self.http = http or known.http
        self.message = message or known.message
        self.data = data
        self.headers = headers or {}
        super().__init__(f"{code} {self.message}")

    def envelope(self) -> dict[str, Any]:
        """The answer's body."""
        body: dict[str, Any] = {"Code": self.code, "Message": self.message}
        if self.data is not None:
            body["ResultData"] = self.data
        return body


@fact("unreadable-body")
def unreadable(what: str) -> Refusal:
    """The refusal of a body that is no JSON or has a value of the wrong type in `what`."""
    return Refusal(
        400,
        message=(
            "Failed to deserialize your request.\n"
            "Please check the documentation and try again.\n"
            f"Fields in error: {what}"
        ),
    )
