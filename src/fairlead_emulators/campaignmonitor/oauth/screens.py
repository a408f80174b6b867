"""The screen on which a person lets an application in."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from fairlead_emulators.campaignmonitor.auth import SCOPES
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.oauth.grants import Application, Grants

_CODE, _IMPLICIT = "web_server", "user_agent"
_MEANINGS: Final = {
    "ViewReports": "See reports of campaigns",
    "ManageLists": "Manage lists, their fields, segments and webhooks",
    "CreateCampaigns": "Create campaigns",
    "ImportSubscribers": "Add, change and remove subscribers",
    "SendCampaigns": "Send campaigns",
    "ViewSubscribersInReports": "See who opened, clicked and left",
    "ManageTemplates": "Manage templates",
    "AdministerPersons": "Manage the people of clients",
    "AdministerAccount": "Manage the account and its clients",
    "ViewTransactional": "See transactional messages",
    "SendTransactional": "Send transactional messages",
    "Automation": "See journeys",
}
_PROBLEMS: Final = {
    "invalid_request": "The request lacks a client_id or a redirect_uri. Start again from the application.",
    "unknown_client": "No application of this account has that client_id. Register it by POST /_control/oauth/applications.",
    "invalid_redirect_uri": "The redirect_uri does not begin with the one that is registered for the application.",
}


@dataclass(frozen=True)
class Wanted:
    """What an application asks for; its client and redirect address are checked."""

    application: Application
    type: str
    redirect_uri: str
    scope: str
    state: str

    @property
    def scopes(self) -> list[str]:
        """The scopes, without blanks."""
        return [each.strip() for each in self.scope.split(",") if each.strip()]

    def back(self, **answer: str | int) -> Response:
        """Sends the browser back with an answer; the implicit flow's is in the fragment."""
        said = urlencode({**answer, **({"state": self.state} if self.state else {})})
        parts = urlsplit(self.redirect_uri)
        if self.type == _IMPLICIT:
            parts = parts._replace(fragment=said)
        else:
            parts = parts._replace(query=f"{parts.query}&{said}" if parts.query else said, fragment="")
        return RedirectResponse(urlunsplit(parts), 303, {"cache-control": "no-store"})


@fact("oauth-errors")
def asked(grants: Grants, query: Mapping[str, str]) -> Wanted | Response:
    """What is asked for, or the answer to a request that is wrong."""
    client_id, redirect_uri = query.get("client_id", ""), query.get("redirect_uri", "")
    if not client_id or not redirect_uri:
        return _problem("invalid_request")
    application = grants.application(client_id)
    if application is None:
        return _problem("unknown_client")
    if not application.may_return_to(redirect_uri):
        return _problem("invalid_redirect_uri")
    wanted = Wanted(application, query.get("type", _CODE), redirect_uri, query.get("scope", ""), query.get("state", ""))
    if wanted.type not in (_CODE, _IMPLICIT) or not wanted.scopes:
        return wanted.back(error="invalid_request")
    if not set(wanted.scopes) <= set(SCOPES):
        return wanted.back(error="unknown_scope")
    return wanted


def screen(wanted: Wanted, email: str, *, lacking: bool = False) -> Response:
    """The page with the form. `lacking`: the person forgot to say who it is."""
    fields = {
        "type": wanted.type,
        "client_id": wanted.application.client_id,
        "redirect_uri": wanted.redirect_uri,
        "scope": ",".join(wanted.scopes),
        "state": wanted.state,
    }
    body = _template("form.html").substitute(
        name=escape(wanted.application.name),
        scopes="".join(f"<li>{escape(_MEANINGS[each])} <code>{escape(each)}</code></li>" for each in wanted.scopes),
        hidden="".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
        ),
        email=escape(email),
        invalid=' aria-invalid="true" aria-describedby="lacking"' if lacking else "",
        lacking='<p class="problem" id="lacking" role="alert">Say which address you sign in with.</p>'
        if lacking
        else "",
        host=escape(urlsplit(wanted.redirect_uri).netloc),
    )
    return _page(f"Let {wanted.application.name} in?", body, 400 if lacking else 200, wanted.redirect_uri)


@fact("oauth-grant")
def decided(grants: Grants, wanted: Wanted, form: Mapping[str, str]) -> Response:
    """The way back after the person's decision, or the form again."""
    if form.get("decision") != "allow":
        return wanted.back(error="access_denied")
    email = form.get("email", "").strip()
    if "@" not in email:
        return screen(wanted, email, lacking=True)
    scopes = ",".join(wanted.scopes)
    if wanted.type == _IMPLICIT:
        return wanted.back(**grants.implicit(wanted.application, scopes, email))
    return wanted.back(code=grants.code(wanted.application, wanted.redirect_uri, scopes, email))


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a posted form."""
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _problem(error: str) -> Response:
    body = _template("problem.html").substitute(error=escape(error), text=escape(_PROBLEMS[error]))
    return _page("This application cannot be let in", body, 400)


def _page(title: str, body: str, status: int, target: str = "") -> Response:
    style = _text("style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Browsers check where a form leads after a redirect, too.
    parts = urlsplit(target)
    leads_to = f" {parts.scheme}://{parts.netloc}" if target else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'{leads_to};"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {"content-security-policy": policy, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    page = _template("page.html").substitute(title=escape(title), style=style, body=body)
    return HTMLResponse(page, status, headers)


@cache
def _text(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def _template(name: str) -> Template:
    return Template(_text(name))
