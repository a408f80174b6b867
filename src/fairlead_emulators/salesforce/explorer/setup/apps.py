"""The connected app, and the sessions that are open."""

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes, go
from fairlead_emulators.salesforce.explorer.setup import frame
from fairlead_emulators.salesforce.explorer.values import moment, to_record

_SHOWN = 200


def apps(house: House, ask: Ask) -> Response:
    """How a program signs in, and who has."""
    mine, where = house.org.identity, m.path("setup", "apps")
    secret = m.tag("details", m.tag("summary", "Show"), m.tag("code", mine.client_secret, class_="wrap"))
    token = m.tag("details", m.tag("summary", "Show"), m.tag("code", house.sessions.first, class_="wrap"))
    facts = m.facts(
        [
            ("Login address", m.tag("code", ask.site)),
            ("Username", m.tag("code", mine.username)),
            ("Consumer key", m.tag("code", mine.client_id, class_="wrap")),
            ("Consumer secret", secret),
            ("First access token", token),
        ],
        columns=False,
    )
    rows = [
        (
            m.tag("code", f"{value[:20]}…"),
            "Access token",
            to_record(house, house.sessions.user_of(value)),
            _until(house, value, until),
            m.press(where, "Revoke", about=f"{value[16:26]}…", revoke=value),
        )
        for value, until in list(house.sessions.access.items())[-_SHOWN:]
    ]
    rows += [
        (
            m.tag("code", f"{value[:12]}…"),
            "Refresh token",
            to_record(house, house.sessions.user_of(value)),
            ["since ", moment(since)],
            m.press(where, "Revoke", about=f"{value[7:14]}…", revoke=value),
        )
        for value, since in list(house.sessions.refresh.items())[-_SHOWN:]
    ]
    nobody = m.empty("Nobody is signed in. A program signs in at ", m.tag("code", "/services/oauth2/token"), ".")
    table = m.table("Sessions", ("Token", "Kind", "User", "Valid", "Action"), rows) if rows else nobody
    expire = m.press(where, "Expire all access tokens", do="expire")
    cards = [
        m.card("Connected app", facts, name="app"),
        m.card("Sessions", table, name="sessions", count=len(rows), tools=expire),
    ]
    return frame.page(house, ask, "Apps and Sessions", *cards, here="apps")


def _until(house: House, token: str, until: str) -> m.Child:
    if token == house.sessions.first and not until:
        return "always"
    return ["until ", moment(until)] if until else "always"


def change(house: House, ask: Ask) -> Response:
    """Revokes a token, or ends all access tokens."""
    where = m.path("setup", "apps")
    if ask.given("do") == "expire":
        house.sessions.expire_all()
        return go(house, where, "Every access token has expired. Refresh tokens stay good.")
    done = house.sessions.revoke(ask.given("revoke"))
    return go(house, where, "The token was revoked." if done else "Nothing was done: the token was not good any more.")


ROUTES: Routes = [("GET", "/_explorer/setup/apps", apps), ("POST", "/_explorer/setup/apps", change)]
