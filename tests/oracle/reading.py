"""Both sides' own state, past the imitated APIs."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

CM, SF = "campaign_monitor", "salesforce"
_PATIENCE_S = 600
Row = dict[str, Any]


class Sides:
    """Where the two emulators listen."""

    def __init__(self, account: str, org: str) -> None:
        self._urls = {CM: account, SF: org}

    def lines(self, side: str, path: str, **query: str) -> Iterator[Row]:
        """The rows of a control route that answers in lines of JSON."""
        decode = msgspec.json.Decoder().decode
        for line in self.raw_lines(side, path, **query):
            yield decode(line)

    def raw_lines(self, side: str, path: str, **query: str) -> Iterator[bytes]:
        """As `lines`, not yet decoded."""
        said = "?" + urlencode(query) if query else ""
        with urllib.request.urlopen(f"{self._urls[side]}/_control/{path}{said}", timeout=_PATIENCE_S) as answer:
            yield from answer

    def one(self, side: str, path: str) -> Any:
        """What a control route answers in one document."""
        with urllib.request.urlopen(f"{self._urls[side]}/_control/{path}", timeout=_PATIENCE_S) as answer:
            return msgspec.json.decode(answer.read())

    def post(self, side: str, path: str, body: Any) -> Any:
        """Post JSON to a control route."""
        request = urllib.request.Request(
            f"{self._urls[side]}/_control/{path}", msgspec.json.encode(body), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
                return msgspec.json.decode(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} was refused: {error.read().decode()}") from None

    def clear_requests(self) -> None:
        """Count calls anew on both sides."""
        for url in self._urls.values():
            request = urllib.request.Request(f"{url}/_control/requests", method="DELETE")
            urllib.request.urlopen(request, timeout=_PATIENCE_S).close()

    def calls(self, side: str) -> int:
        """How many calls were answered since `clear_requests`."""
        return int(self.one(side, "requests")["totals"]["count"])

    def raw_records(self, name: str, *fields: str) -> Iterator[bytes]:
        """As `records`, not yet decoded."""
        return self.raw_lines(SF, "records", object=name, fields=",".join(fields))

    def records(self, name: str, *fields: str, **query: str) -> Iterator[Row]:
        """An object's records in the org that are not deleted, with these fields only."""
        return self.lines(SF, "records", object=name, fields=",".join(fields), **query)
