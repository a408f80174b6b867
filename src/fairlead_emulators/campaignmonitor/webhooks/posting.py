"""Posts to endpoints by HTTP, and says what came of it."""

from dataclasses import dataclass
from typing import Any, Final

import aiohttp

_READ_BYTES: Final = 2_000


@dataclass(frozen=True)
class Reply:
    """What came of a post. `status` is 0 without an answer; `failure`: a short name, empty when it went well."""

    status: int
    failure: str = ""
    message: str = ""
    body: str = ""

    @property
    def ok(self) -> bool:
        """Whether the endpoint took it: any 2xx."""
        return not self.failure

    def details(self) -> dict[str, Any]:
        """As the ResultData of code 610."""
        return {
            "FailureStatus": self.failure,
            "FailureResponseMessage": self.message,
            "FailureResponseCode": self.status,
            "FailureResponse": self.body,
        }


NOT_LOCAL: Final = Reply(
    0, "ConnectFailure", "The endpoint is not on this machine: set webhook_hosts to any by POST /_control/settings"
)


def session(timeout_s: float) -> aiohttp.ClientSession:
    """For a series of posts. Use as an asynchronous context."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=max(timeout_s, 0.01)), cookie_jar=aiohttp.DummyCookieJar()
    )


async def post(through: aiohttp.ClientSession, url: str, body: bytes, content_type: str) -> Reply:
    """Posts once; redirects are not followed, so that a local endpoint cannot lead elsewhere."""
    try:
        async with through.post(
            url, data=body, headers={"Content-Type": content_type}, allow_redirects=False
        ) as answer:
            text = (await answer.content.read(_READ_BYTES)).decode("utf-8", "replace")
            if 200 <= answer.status < 300:
                return Reply(answer.status)
            return Reply(answer.status, "ProtocolError", answer.reason or "", text)
    except TimeoutError:
        return Reply(0, "Timeout", "The endpoint did not answer in time")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Reply(0, "ConnectFailure", type(error).__name__)
