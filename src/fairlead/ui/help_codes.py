"""Help pages of support codes: `codes/FL-….md`, one a code; those of the two services from the clients' own tables."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET
from markdown_it import MarkdownIt

from fairlead.campaignmonitor import errors as campaign_monitor
from fairlead.salesforce import error_codes as salesforce
from fairlead.ui.access import Role, open_to

HERE: Final = "help"
SERVICES: Final = {"CM": "Campaign Monitor", "SF": "Salesforce"}


@dataclass(frozen=True, slots=True)
class CodePage:
    """The help of one code: its title, and the text below it as HTML."""

    code: str
    title: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class Row:
    """One code of a service: what it says, and what to do."""

    code: str
    says: str
    next_step: str


def page(code: str) -> CodePage | None:
    """The help page of one of our codes; None where there is none."""
    return pages().get(code)


@cache
def texts() -> tuple[tuple[str, str, str], ...]:
    """Of every one of our codes: the code, its title, and the text below it as written."""
    found = []
    for path in sorted(files("fairlead.ui").joinpath("codes").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".md"):
            head, _, text = path.read_text("utf-8").partition("\n")
            code, _, title = head.removeprefix("# ").partition(": ")
            found.append((code, title, text))
    return tuple(found)


@cache
def pages() -> dict[str, CodePage]:
    """Every help page, by code."""
    # raw HTML of a page is shown as text: nothing that stands in a file can run in a browser
    markdown = MarkdownIt("commonmark", {"html": False})
    return {
        code: CodePage(code, title, mark_safe(markdown.render(text)))  # noqa: S308 (rendered without raw HTML)
        for code, title, text in texts()
    }


@cache
def of_service(service: str) -> dict[str, Row]:
    """Codes of a service that its client knows, by code with the prefix that messages give it."""
    if service == "CM":
        return {
            f"CM-{code}": Row(f"CM-{code}", meaning.says, meaning.next_step)
            for code, meaning in sorted(campaign_monitor.meanings().items())
            if code
        }
    return {
        f"SF-{code}": Row(f"SF-{code}", _first(meaning.kind), salesforce.next_step_of(code))
        for code, meaning in sorted(salesforce.MEANINGS.items())
    }


def _first(kind: type) -> str:
    return (kind.__doc__ or "").partition("\n")[0]


def known(code: str) -> bool:
    """Whether there is help for this code."""
    return code in pages() or code in of_service(code.partition("-")[0] if code.startswith("CM-") else "SF")


@require_GET
@open_to(Role.GUEST)
def all_codes(request: HttpRequest) -> HttpResponse:
    """Every support code with its title, and the ways to those of the two services."""
    return render(request, "ui/codes.html", {"here": HERE, "pages": pages().values(), "services": SERVICES})


@require_GET
@open_to(Role.GUEST)
def one_code(request: HttpRequest, code: str) -> HttpResponse:
    """The help of one code; `CM` and `SF` are the tables of the two services."""
    if code in SERVICES:
        told = {"here": HERE, "service": SERVICES[code], "rows": of_service(code).values(), "prefix": code}
        return render(request, "ui/codes_of_service.html", told)
    found = page(code)
    if found is not None:
        return render(request, "ui/code.html", {"here": HERE, "page": found})
    service = code.partition("-")[0]
    row = of_service(service).get(code) if service in SERVICES else None
    if row is None:
        raise Http404
    context: dict[str, Any] = {"here": HERE, "service": SERVICES[service], "rows": [row], "prefix": service, "one": row}
    return render(request, "ui/codes_of_service.html", context)
