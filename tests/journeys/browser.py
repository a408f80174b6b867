"""A real browser on a real installation: processes for the emulators, the admin and a worker, Chromium to drive them."""

import os
import shutil
import socket
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect

from fairlead.ui import assets
from tests.faults.installation import ACTIVE, Installation, wait_until
from tests.nursery import nursery

HERE: Final = Path(__file__).parent
AXE: Final = HERE / "vendor" / "axe" / "axe.min.js"
ARGUMENTS: Final = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
OF_A_TAB: Final = frozenset({"viewport", "color_scheme", "reduced_motion"})
NO_BROWSER: Final = "The journeys drive Chromium, and there is none. Install it with `make browser`, then repeat."

expect.set_options(timeout=20_000)  # milliseconds; a page is drawn in far less, but not on every machine


def chromium() -> str:
    """Where the system's Chromium is; fails with the next step where there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.fail(NO_BROWSER, pytrace=False)
    return found


def axe() -> str:
    """The source of axe-core, fetched once, its hash checked."""
    if not AXE.exists():
        for entry in tomllib.loads((HERE / "assets.toml").read_text())["package"]:
            package = assets.Package(**entry)
            with tempfile.TemporaryDirectory() as folder:
                archive = assets.fetch(package, Path(folder))
                assets.check(package, archive)
                assets.unpack(package, archive, HERE / "vendor")
    return AXE.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Admin:
    """An installation whose admin is open in a browser. `wrong` fills with whatever the browser complains of."""

    fairlead: Installation
    url: str
    browser: Browser
    signed_in: BrowserContext
    wrong: list[str] = field(default_factory=list)
    kept: Page | None = None

    def page(self, path: str = "/", **options: Any) -> Page:
        """A new tab of the signed-in browser, or of one with other options that carries the same session.

        Size and media belong to a tab: they need no window of their own, which is dear.
        """
        context, of_tab = self.signed_in, {name: options.pop(name) for name in OF_A_TAB & options.keys()}
        if options:
            context = self.browser.new_context(storage_state=context.storage_state(), base_url=self.url, **options)
        return self.watched(context, path, of_tab)

    def look(self, path: str, viewport: ViewportSize, color_scheme: Literal["dark", "light"]) -> Page:
        """A page to look at and nothing more, in a tab that is kept for the next: a new one takes three times as long."""
        if self.kept is None or self.kept.is_closed():
            self.kept = self.page(viewport=viewport, color_scheme=color_scheme)
        self.kept.set_viewport_size(viewport)
        self.kept.emulate_media(color_scheme=color_scheme)
        self.kept.goto(path)
        return self.kept

    def stranger(self, path: str, **options: Any) -> Page:
        """A tab of somebody who is not signed in."""
        return self.watched(self.browser.new_context(base_url=self.url, **options), path)

    def watched(self, context: BrowserContext, path: str, of_tab: dict[str, Any] | None = None) -> Page:
        page = context.new_page()
        of_tab = dict(of_tab or {})
        if size := of_tab.pop("viewport", None):
            page.set_viewport_size(size)
        if of_tab:
            page.emulate_media(**of_tab)
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "response",
            lambda answer: self.wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
        )
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        page.goto(path)
        return page

    def _failed(self, url: str, why: str | None) -> None:
        # A page that is left takes its requests with it: nothing is wrong.
        if why != "net::ERR_ABORTED":
            self.wrong.append(f"{why} {url}")

    def link(self) -> str:
        """A fresh one-time link."""
        return str(self.fairlead.run("sign-in")["link"])

    def tidy(self) -> None:
        """Close what a journey left open, take back its faults, and let its jobs end."""
        for context in self.browser.contexts:
            for page in context.pages:
                if page is self.kept:
                    page.goto("about:blank")
                else:
                    close(page)
            if context is not self.signed_in:
                context.close()
        self.fairlead.clear_faults()
        wait_until(lambda: not self.fairlead.rows(ACTIVE), 60)


def close(page: Page) -> None:
    """Close a tab, whatever it was about to do.

    One that is closed in the middle of a navigation may never answer, so it goes to an empty page first; and as
    `Page.close` waits without a limit, its end is waited for here, as long as for anything else.
    """
    page.goto("about:blank")
    with page.expect_event("close"):
        page.close(run_before_unload=True)  # no page asks before it is left; this way it only begins


def keep_screenshot(page: Page, name: str) -> None:
    """For people who want to see it: `FAIRLEAD_TEST_SCREENSHOTS` names a folder."""
    if folder := os.environ.get("FAIRLEAD_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@contextmanager
def admin(
    playwright: Playwright,
    home: Path,
    seed: str | dict[str, Any] = "small",
    *,
    connected: bool = True,
    settings: dict[str, str] | None = None,
) -> Iterator[Admin]:
    """An installation with a worker and the admin, and a browser that has signed in by a one-time link.

    `settings` are further ones of the deployment. Not `connected`: as on the first day, with an OAuth application of
    Campaign Monitor that the deployment names.
    """
    program, port = chromium(), free_port()
    url = f"http://127.0.0.1:{port}"
    deployed = {"FAIRLEAD_PORT": str(port), "FAIRLEAD_PUBLIC_URL": url, **(settings or {})}
    with Installation(home, seed, deployed, connected=connected) as fairlead, fairlead.log.open("ab") as log:
        if not connected:
            assert fairlead.emulators is not None
            line = fairlead.emulators.line["campaign_monitor"]
            fairlead.settings["FAIRLEAD_CM_CLIENT_ID"] = line["oauth_client_id"]
            fairlead.settings["FAIRLEAD_CM_CLIENT_SECRET"] = line["oauth_client_secret"]
        web = nursery.start("fairlead.cli", ["web"], fairlead.environment(), stdout=log, stderr=log)
        try:
            fairlead.start_worker()
            link = str(fairlead.run("sign-in")["link"])
            wait_until(lambda: _listens(port), 60)
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            opened = Admin(fairlead, url, browser, browser.new_context(base_url=url))
            page = opened.page(link)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="Set-up").wait_for()
            yield opened
            browser.close()
        finally:
            web.terminate()
            web.wait(15)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
