"""Pages of the help: all of it, a search, a question, one document, the options."""

from dataclasses import dataclass
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure
from fairlead.domain.setting import BadSetting, Setting
from fairlead.features.help import asking_model, documents, features, finding, rules
from fairlead.features.help.asking_model import Model
from fairlead.features.help.rules import model
from fairlead.features.help.rules.answers import Answer
from fairlead.features.help.rules.passages import Passage
from fairlead.store.orgs import default_org
from fairlead.ui import rooms, settings_of
from fairlead.ui.access import opens
from fairlead.ui.settings_forms import in_words

HERE: Final = "help"
WORDS: Final = 120
QUESTION: Final = 400
"""Characters that are read of what somebody looks for, and of a question."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of an answer; `url`, `title` and `number` are of the page that it stands on."""

    text: str
    url: str = ""
    title: str = ""
    number: int = 0


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All documents, and the ways to search and to ask."""
    context = {"here": HERE, "sections": documents.sections(), "features": _features(), **_of_model(request)}
    return render(request, "help/help.html", context)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """What has the words that were asked for."""
    words = rules.cleaned(request.GET.get("find", ""), WORDS)
    context = {"here": HERE, "words": words, "hits": finding.search(words) if words else [], **_of_model(request)}
    return render(request, "help/search.html", context)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """A question, and what the pages say to it. It is posted, so that it stands in no address and no log."""
    question = rules.cleaned(request.POST.get("question", ""), QUESTION)
    context: dict[str, Any] = {"here": HERE, "question": question, **_of_model(request)}
    if question:
        answer = finding.answer(question)
        context |= {
            "asked": True,
            "to_find": " ".join(model.asked_for(question).split()),
            "answer": [_quoted(one.passage, one.text) for one in answer.quotes],
        }
        context |= _by_model(question, answer)
    return render(request, "help/ask.html", context)


def _by_model(question: str, answer: Answer) -> dict[str, Any]:
    """What a language model makes of the passages, where one is chosen and they say enough; or why not."""
    try:
        chosen = asking_model.chosen(default_org())
        if chosen is None or not answer.known:
            return {}
        pieces = async_to_sync(asking_model.ask)(chosen, question, answer.passages)
    except (Failure, BadSetting) as failure:
        return {"problem": failure}
    shown = [_quoted(one.passage, one.text, one.number) if one.passage else Shown(one.text) for one in pieces]
    sources = {one.number: one for one in shown if one.number}
    return {
        "pieces": shown,
        "sources": [sources[number] for number in sorted(sources)],
        "sent": model.scrubbed(question),
    }


def _quoted(passage: Passage, text: str, number: int = 0) -> Shown:
    title = f"{passage.title} › {passage.heading}" if passage.heading else passage.title
    return Shown(text, finding.url_of(*passage.place), title, number)


def _of_model(request: HttpRequest) -> dict[str, Any]:
    """What is said beside the box for questions: whether a language model is asked, and who may choose one."""
    chosen: Model | None = None
    try:
        chosen = asking_model.chosen(default_org())
    except Failure:
        chosen = None
    host = asking_model.host(chosen.url) if chosen else ""
    return {"model_host": host, "may_choose": opens(request, "help_model"), "may_look": opens(request, "maintenance")}


def _features() -> list[tuple[str, str]]:
    """Every feature with the address of its page, in the order of the menu."""
    return [
        (room.title, reverse("help_page", args=list(features.PAGES[room.name])))
        for room in rooms.rooms()
        if room.name in features.PAGES
    ]


@require_GET
def options(request: HttpRequest) -> HttpResponse:
    """Every option, by feature."""
    found = [(room, room.settings) for room in rooms.rooms() if room.settings]
    return render(request, "help/options.html", {"here": HERE, "found": found})


@require_GET
def option(request: HttpRequest, name: str) -> HttpResponse:
    """One option: what it does, what it may be, where it is changed. Not what was chosen: that is not for everybody."""
    found = next(((room, one) for room in rooms.rooms() for one in room.settings if one.name == name), None)
    if found is None:
        raise Http404
    room, setting = found
    page = features.PAGES.get(room.name)
    context = {
        "here": HERE,
        "room": room,
        "setting": setting,
        "about": settings_of.described(setting),
        "default": _default(setting),
        "page": documents.find(*page) if page else None,
        "may_change": opens(request, "room_settings"),
    }
    return render(request, "help/option.html", context)


def _default(setting: Setting[Any]) -> str:
    return in_words(setting, setting.as_json(setting.default))


@require_GET
def page(request: HttpRequest, folder: str, name: str) -> HttpResponse:
    """One document."""
    found = documents.find(folder, name)
    if found is None:
        raise Http404
    section = rules.SECTIONS.get(folder, folder.replace("-", " ").capitalize())
    context = {"here": HERE, "document": found, "section": section, "html": documents.rendered(found)}
    return render(request, "help/page.html", context)
