"""Campaign Monitor's own screens, opened for somebody who works elsewhere."""

from enum import StrEnum

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.errors import Unavailable
from fairlead.campaignmonitor.transport import Door, Transport


class Frame(StrEnum):
    """How much of the frame around a screen is shown."""

    ALL = "all"
    TABS = "tabs"
    NONE = "none"


class _Session(msgspec.Struct):
    SessionUrl: str = ""


_SESSION = Reader[_Session](_Session)


class Screens:
    """Screens for people."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def session(
        self, email: str, url: str, integrator_id: str, *, frame: Frame = Frame.TABS, client_id: str = ""
    ) -> str:
        """Where the person with that login finds the screen `url` (`/subscribers/` …) without signing in.

        Whoever has the address is that person: hand it to their browser and keep it nowhere. The service's support gives
        the `integrator_id`. Raises SetupRefused where login, integrator, frame or screen are not known (5001 to 5004).
        """
        body = {"Email": email, "Chrome": frame, "Url": url, "IntegratorID": integrator_id}
        if client_id:
            body["ClientID"] = client_id
        # An address that nobody got to see opens nothing: another one does no harm.
        found = await self._transport.send("PUT", Door("/externalsession"), body, _SESSION, repeatable=True)
        if not found.SessionUrl:
            raise Unavailable("Campaign Monitor gave no address of a session.")
        return found.SessionUrl
