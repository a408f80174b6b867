"""The device flow: a code is shown on the device and typed into the browser; the device asks until it is allowed."""

import html
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org

fact("device_flow")

LIFE: Final = timedelta(minutes=10)
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ23456789"


@dataclass(slots=True)
class Device:
    """One device that waits. `answer` is allow or deny once a person pressed a button."""

    user_code: str
    begun: datetime
    answer: str = ""


@dataclass(slots=True)
class Devices:
    """The devices that wait, by device code."""

    org: Org
    waiting: dict[str, Device] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """The screen where the code is typed."""
        return [Route("/setup/connect", self.screen, methods=["GET", "POST"])]

    def begin(self, base: str) -> dict[str, str | int]:
        """A device's first question."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(8))
        device_code = secrets.token_urlsafe(40)
        self.waiting[device_code] = Device(code, self.org.clock.now())
        return {
            "device_code": device_code,
            "user_code": code,
            "verification_uri": f"{base}/setup/connect",
            "interval": 5,
        }

    def refusal(self, device_code: str) -> tuple[str, str] | None:
        """Why the device has to wait, or to give up; None once it is allowed."""
        device = self.waiting.get(device_code)
        if device is None or device.begun + LIFE < self.org.clock.now():
            self.waiting.pop(device_code, None)
            return "invalid_grant", "device code has expired"
        if not device.answer:
            return "authorization_pending", "User has not yet completed authorization"
        del self.waiting[device_code]
        return None if device.answer == "allow" else ("access_denied", "end-user denied authorization")

    async def screen(self, request: Request) -> Response:
        """`/setup/connect`: type the code, allow or deny."""
        form = await request.form() if request.method == "POST" else request.query_params
        code, answer = str(form.get("user_code", "")), str(form.get("answer", ""))
        device = next((each for each in self.waiting.values() if each.user_code == code.strip().upper()), None)
        if request.method == "POST" and device is not None and answer in ("allow", "deny"):
            device.answer = answer
            return HTMLResponse(_page("<p>You may go back to your device.</p>"))
        wrong = "<p role=alert>This code is not known.</p>" if code and device is None else ""
        typed = f'<label>Code <input name=user_code required value="{html.escape(code)}"></label> '
        buttons = "<button name=answer value=allow>Allow</button> <button name=answer value=deny>Deny</button>"
        return HTMLResponse(_page(f"{wrong}<form method=post>{typed}{buttons}</form>"))


def _page(body: str) -> str:
    return (
        "<!doctype html><html lang=en><title>Connect a device</title><body><main><h1>Connect a device</h1>"
        f"{body}</main></body></html>"
    )
