"""A person who lets Fairlead in through the browser, without a browser: reads the link, presses Allow, comes back."""

import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.faults.installation import Installation

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
BUTTON = re.compile(r'<button[^>]*name="?(\w+)"?[^>]*value="?(allow)"?')


class Stay(urllib.request.HTTPRedirectHandler):
    """Shows where a redirect leads instead of going there."""

    def redirect_request(self, *_: Any) -> None:
        return None


def connect(fairlead: Installation, *words: str, **more: str) -> "subprocess.Popen[str]":
    """`fairlead connect …` as a process; standard error begins with the link."""
    return subprocess.Popen(
        [sys.executable, "-m", "fairlead.cli", "connect", *words, "--json"],
        env=fairlead.environment(more), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def link_of(process: "subprocess.Popen[str]") -> str:
    """The link that the command tells."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("http"):
            return line.strip()
    raise AssertionError(process.wait())


def allow(link: str) -> str:
    """Presses Allow on the screen behind the link; the address that the browser is sent to."""
    opener = urllib.request.build_opener(Stay)
    page = opener.open(link, timeout=30).read().decode()
    button = BUTTON.search(page)
    assert button is not None, page
    form = dict(HIDDEN.findall(page)) | dict([button.groups()])
    if 'name="email"' in page:
        form["email"] = "admin@example.com"
    # The form stands at the link's own address, or says its own.
    action = re.search(r'action="(/[^"]*)"', page)
    target = urllib.parse.urljoin(link, action.group(1)) if action else link
    try:
        opener.open(target, urllib.parse.urlencode(form).encode(), timeout=30)
    except urllib.error.HTTPError as redirect:
        assert redirect.code in (302, 303), redirect.read()
        return str(redirect.headers["Location"])
    raise AssertionError("no way back from the screen")
