"""The frame of the pages of Setup: a menu beside the page."""

from typing import Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House

_MENU: Final = (
    ("Administration", (("users", "Users"), ("permissions", "Permission Sets"), ("apps", "Apps and Sessions"))),
    ("Platform", (("objects", "Object Manager"), ("metadata", "Deployed Metadata"))),
    ("This emulator", (("settings", "Settings"), ("faults", "Faults"), ("clock", "Clock and Seeds"))),
)


def page(
    house: House,
    ask: Ask,
    title: str,
    *content: m.Child,
    here: str = "",
    over: m.Child = "Setup",
    tools: m.Child = None,
    under: m.Child = None,
    status: int = 200,
) -> Response:
    """A page of Setup. `here`: the entry of the menu that it belongs to."""
    groups = [
        m.tag(
            "li",
            m.tag("span", group, class_="menu-head"),
            m.tag(
                "ul",
                [
                    m.tag("li", m.link(m.path("setup", name), label, aria_current="page" if name == here else None))
                    for name, label in entries
                ],
            ),
        )
        for group, entries in _MENU
    ]
    menu = m.tag("nav", m.tag("ul", groups), class_="menu card", aria_label="Setup")
    tile = m.tag("span", m.icon("gear"), class_="tile Standard", aria_hidden="true")
    top = layout.header(title, tile=tile, over=over, tools=tools, under=under)
    body = m.tag("div", menu, m.tag("div", top, *content, class_="column"), class_="beside")
    shown = ("Error: " if status >= 400 else "") + f"{title} | Setup"
    return layout.page(house, ask, shown, body, tab="setup", status=status, wide=True)
