"""The screen where a person allows the app, and the way back to it."""

import html
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response


def back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    """To the app's own address, with an answer."""
    target = asked.get("redirect_uri", "")
    joint = "&" if "?" in target else "?"
    return RedirectResponse(f"{target}{joint}{urlencode(answer)}", status_code=302)


def screen(username: str, query: str) -> str:
    """The page with its two buttons."""
    return (
        "<!doctype html><html lang=en><title>Allow access?</title><link rel=icon href=data:,><body><main><h1>Allow access?</h1>"
        f"<p>The app asks to use this org through the API as {html.escape(username)}.</p>"
        f'<form method=post action="?{html.escape(query)}">'
        "<button name=answer value=allow>Allow</button> <button name=answer value=deny>Deny</button>"
        "</form></main></body></html>"
    )
