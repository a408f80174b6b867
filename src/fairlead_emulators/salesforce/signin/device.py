"""The device flow: a code is shown on the device and typed into the browser; the device asks until it is allowed."""

import html
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fairlead_emulators.door import FROM_ELSEWHERE, pressed_elsewhere
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import people
from fairlead_emulators.salesforce.signin.asking import SCOPE, OAuthError
from fairlead_emulators.salesforce.state.org import Org

fact("device_flow")

LIFE: Final = timedelta(minutes=10)
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ23456789"


@dataclass(slots=True)
class Device:
    """One device that waits. `answer` is allow or deny once a person pressed a button; `user` is who allowed it."""

    user_code: str
    begun: datetime
    scope: str
    answer: str = ""
    user: str = ""


@dataclass(slots=True)
class Devices:
    """The devices that wait, by device code."""

    org: Org
    waiting: dict[str, Device] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """The screen where the code is typed."""
        return [Route("/setup/connect", self.screen, methods=["GET", "POST"])]

    def begin(self, base: str, scope: str = SCOPE) -> dict[str, str | int]:
        """A device's first question."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(8))
        device_code = secrets.token_urlsafe(40)
        self.waiting[device_code] = Device(code, self.org.clock.now(), scope)
        return {
            "device_code": device_code,
            "user_code": code,
            "verification_uri": f"{base}/setup/connect",
            "interval": 5,
        }

    def allowed(self, device_code: str) -> Device:
        """The device, once it is allowed. Raises OAuthError when it has to wait, or to give up."""
        device = self.waiting.get(device_code)
        if device is None or device.begun + LIFE < self.org.clock.now():
            self.waiting.pop(device_code, None)
            raise OAuthError("invalid_grant", "device code has expired")
        if not device.answer:
            raise OAuthError("authorization_pending", "User has not yet completed authorization")
        del self.waiting[device_code]
        if device.answer != "allow":
            raise OAuthError("access_denied", "end-user denied authorization")
        return device

    async def screen(self, request: Request) -> Response:
        """`/setup/connect`: type the code, allow or deny."""
        if request.method == "POST" and pressed_elsewhere(request.headers):
            return HTMLResponse(_page(f"<p>{html.escape(FROM_ELSEWHERE)}</p>"), 403)
        form = await request.form() if request.method == "POST" else request.query_params
        code, answer = str(form.get("user_code", "")), str(form.get("answer", ""))
        device = next((each for each in self.waiting.values() if each.user_code == code.strip().upper()), None)
        who = people.named(self.org, str(form.get("username", "")))
        if request.method == "POST" and device is not None and who is not None and answer in ("allow", "deny"):
            device.answer, device.user = answer, who.user_id
            return HTMLResponse(_page("<p>You may go back to your device.</p>"))
        problem = "code" if code and device is None else "user" if who is None else ""
        wrong = f"<p role=alert>This {problem} is not known.</p>" if problem else ""
        typed = f'<label>Code <input name=user_code required value="{html.escape(code)}"></label> '
        typed += "<label>User (empty: the admin) <input name=username></label> "
        buttons = "<button name=answer value=allow>Allow</button> <button name=answer value=deny>Deny</button>"
        return HTMLResponse(_page(f"{wrong}<form method=post>{typed}{buttons}</form>"))


def _page(body: str) -> str:
    return (
        "<!doctype html><html lang=en><title>Connect a device</title><body><main><h1>Connect a device</h1>"
        f"{body}</main></body></html>"
    )
