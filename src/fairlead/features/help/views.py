"""Pages of the help: all documents, a search by words, one document."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fairlead.features.help import documents, rules

HERE: Final = "help"


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All documents, or those that have the words that were asked for."""
    words = request.GET.get("find", "").strip()[:80]
    hits = rules.search(documents.documents(), words)
    context = {"here": HERE, "words": words, "hits": hits, "sections": documents.sections()}
    return render(request, "help/help.html", context)


@require_GET
def page(request: HttpRequest, folder: str, name: str) -> HttpResponse:
    """One document."""
    found = documents.find(folder, name)
    if found is None:
        raise Http404
    section = rules.SECTIONS.get(folder, folder.replace("-", " ").capitalize())
    context = {"here": HERE, "document": found, "section": section, "html": documents.rendered(found)}
    return render(request, "help/page.html", context)
