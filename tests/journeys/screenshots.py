"""Pictures of every page for the documentation: `make screenshots`.

Writes `docs/images/pages/`, the pictures of the set-up that the tutorial shows, and `docs/reference/pages.md`. The people in
them are made up: both sides are the local ones.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import django
from playwright.sync_api import Page, sync_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")
django.setup()

from django.urls import resolve  # noqa: E402 - Django comes first

from fairlead.ui import rooms  # noqa: E402
from tests.journeys import every_page  # noqa: E402
from tests.journeys.browser import Admin, admin  # noqa: E402
from tests.unit.web.test_addresses import EVERYTHING  # noqa: E402

DOCS: Final = Path(__file__).parents[2] / "docs"
IMAGES: Final = DOCS / "images"
PAGES: Final = IMAGES / "pages"
DOCUMENT: Final = DOCS / "reference" / "pages.md"
WIDTH, LEAST, MOST = 1100, 500, 1500
QUALITY: Final = 55
HEAD: Final = """<!-- Written by `make screenshots`: do not edit. -->

# Pages

Every page of the admin, with the address at which it stands, as it looks with a small local account and org.
"""


class Shown(NamedTuple):
    """One page: the name of its address, its title, and the room that it belongs to."""

    name: str
    title: str
    room: str


def picture(page: Page, path: Path) -> None:
    """What a wide window shows of a page, as far down as is worth looking at."""
    page.wait_for_load_state("networkidle")
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": WIDTH, "height": max(LEAST, min(height, MOST))})
    page.screenshot(path=path, type="jpeg", quality=QUALITY)
    page.set_viewport_size({"width": WIDTH, "height": LEAST})


def taken(opened: Admin) -> Iterator[Shown]:
    """A picture of each page, one after the other."""
    page = opened.page("/", viewport={"width": WIDTH, "height": LEAST}, color_scheme="light")
    for name in every_page.names():
        there = opened.stranger(EVERYTHING[name][0]) if EVERYTHING[name][1] == 200 else page
        there.set_viewport_size({"width": WIDTH, "height": LEAST})
        there.goto(every_page.address(opened, name))
        picture(there, PAGES / f"{name}.jpg")
        yield Shown(name, there.title().removesuffix(" · Fairlead"), room_of(name))


def room_of(name: str) -> str:
    """The title of the room whose page it is; what stands outside of rooms has none."""
    module = str(getattr(resolve(EVERYTHING[name][0]).func, "__module__", ""))
    found = re.match(r"fairlead\.features\.(\w+)", module)
    return next((one.title for one in rooms.rooms() if found and one.name == found[1]), "Everywhere")


def written(pages: list[Shown]) -> str:
    """The document: rooms in the order of the menu's addresses, each with its pages."""
    text = HEAD
    for room in dict.fromkeys(one.room for one in pages):
        text += f"\n## {room}\n"
        for one in (page for page in pages if page.room == room):
            text += f"\n`{EVERYTHING[one.name][0]}`\n\n![{one.title}](../images/pages/{one.name}.jpg)\n"
    return text


def set_up() -> None:
    """The pictures of the tutorial: the journey of set-up takes them on its way."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "tests/journeys/test_set_up.py"]
        subprocess.run(command, check=True, env={**os.environ, "FAIRLEAD_TEST_SCREENSHOTS": folder})
        for wanted in sorted(IMAGES.glob("setup-*.png")):
            shutil.copy(Path(folder) / wanted.name, wanted)


def main() -> None:
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="fairlead-pages-") as folder, sync_playwright() as driver:
        with admin(driver, Path(folder) / "home") as opened:
            opened.fairlead.sync()
            opened.fairlead.looks_at_changes()
            pages = []
            for number, one in enumerate(taken(opened), 1):
                pages.append(one)
                assert one.title not in ("", "Fairlead"), f"{one.name} is no page: see `every_page`"
                sys.stdout.write(f"\r{number} of {len(every_page.names())}: {one.title:60}")
                sys.stdout.flush()
    DOCUMENT.write_text(written(pages), "utf-8")
    set_up()
    sys.stdout.write(f"\n{len(pages)} pages in {DOCUMENT}\n")


if __name__ == "__main__":
    main()
