"""The local org with people in it, and browsers that sign in to Fairlead through its screens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import Client

from fairlead.cli.demo_emulators import Emulators
from fairlead.features.permissions import salesforce_sign_in
from fairlead.salesforce import Salesforce
from fairlead.salesforce.errors import Unavailable
from fairlead.salesforce.package import package_of
from fairlead.salesforce.web_login import App
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures
from tests.conformance import emulated

PROFILES = {"user": "Standard User", "platform": "Standard Platform User"}
INTEGRATION = "Minimum Access - API Only Integrations"


@dataclass
class World:
    """`away`: Salesforce does not answer Fairlead. `asked`: how often it was opened."""

    emulators: Emulators
    away: bool = False
    asked: int = 0
    org_id: str = ""
    users: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.org_id = self.rows("SELECT Id FROM Organization")[0]["Id"]
        line = self.emulators.line["salesforce"]
        app = App(line["url"], line["client_id"], line["client_secret"], "")
        salesforce_sign_in.provide(lambda _: (app, self.org_id))
        sides.provide(self)  # type: ignore[arg-type]

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Salesforce]:
        self.asked += 1
        if self.away:
            with salesforce_failures("read users"):
                raise Unavailable("No answer.", code="connection")
        async with emulated.org_of(self.emulators) as opened:
            yield opened

    def rows(self, soql: str) -> list[dict[str, Any]]:
        async def read() -> list[dict[str, Any]]:
            async with emulated.org_of(self.emulators) as org:
                return [row async for page in org.query(soql) for row in page]

        return async_to_sync(read)()

    def user(self, name: str, profile: str = "Standard User", given: str = "") -> str:
        """The id of a user of this name, made if there is none; perhaps with one of our sets."""
        username = f"{name.lower()}@example.com"
        found = self.rows(f"SELECT Id FROM User WHERE Username = '{username}'")
        if not found:
            of = self.rows(f"SELECT Id FROM Profile WHERE Name = '{profile}'")[0]["Id"]
            fields = {
                "Username": username, "FirstName": name, "LastName": "Example", "Alias": name[:8].lower(),
                "Email": username, "ProfileId": of, "IsActive": True, "TimeZoneSidKey": "UTC", "LocaleSidKey": "en_US",
                "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
            }  # fmt: skip
            self.act(act="create", object="User", fields=fields)
            found = self.rows(f"SELECT Id FROM User WHERE Username = '{username}'")
        if given:
            self.assign(found[0]["Id"], given)
        return str(found[0]["Id"])

    def assign(self, user: str, name: str) -> None:
        of = self.rows(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")[0]["Id"]
        self.act(act="create", object="PermissionSetAssignment", fields={"PermissionSetId": of, "AssigneeId": user})

    def deploy(self, path: str, kind: str, text: str) -> None:
        """Install one component."""
        name = path.partition("/")[2].partition(".")[0]

        async def work() -> None:
            async with emulated.org_of(self.emulators) as org:
                package = package_of({path: text.encode()}, {kind: [name]}, org.api_version)
                (await org.metadata.deploy(package)).raise_for_failure()

        async_to_sync(work)()

    def take(self, user: str) -> None:
        """By hand, on Salesforce's own pages."""
        for row in self.rows(f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{user}'"):
            self.act(act="delete", object="PermissionSetAssignment", id=row["Id"])

    def sets(self, user: str) -> set[str]:
        soql = f"SELECT PermissionSet.Name FROM PermissionSetAssignment WHERE AssigneeId = '{user}'"
        return {row["PermissionSet"]["Name"] for row in self.rows(soql)}

    def act(self, **act: Any) -> Any:
        return self.emulators.post("salesforce", "/_control/act", act)

    def screen(self, browser: Client, name: str, answer: str = "allow", target: str = "") -> tuple[str, dict[str, str]]:
        """Press the button on our page, then on Salesforce's; where it sends the browser: path and query."""
        asked = browser.get("/sign-in/salesforce/", {"next": target} if target else {})
        assert asked.status_code == 302, asked.content
        pressed = requests.post(
            asked["Location"], data={"answer": answer, "username": f"{name.lower()}@example.com"},
            allow_redirects=False, timeout=30,
        )  # fmt: skip
        assert pressed.status_code == 302, pressed.text
        back = urlsplit(pressed.headers["Location"])
        return back.path, dict(parse_qsl(back.query))

    def sign_in(self, name: str, browser: Client | None = None, **more: str) -> tuple[Client, HttpResponse]:
        """The browser after a sign-in as that user, and what the last step answered."""
        browser = browser or Client()
        path, query = self.screen(browser, name, **more)
        return browser, browser.get(path, query)
