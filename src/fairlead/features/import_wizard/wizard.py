"""The steps of the wizard: source, columns, refresh and schedule, preview. Each is a form of its own; none needs a script."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure
from fairlead.features.import_wizard import acts, settings
from fairlead.features.import_wizard.acts import Offered
from fairlead.features.import_wizard.models import Import
from fairlead.features.import_wizard.rules import columns, given
from fairlead.features.import_wizard.rules.columns import Line
from fairlead.features.import_wizard.rules.words import Refresh, SourceKind
from fairlead.features.import_wizard.sources import BadQuery
from fairlead.features.import_wizard.views import found, page, shown, who
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org
from fairlead.ui import stale

OBJECTS: Final = ("Contact", "Lead")


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The first step of a new import: the list, the kind of source, then which."""
    return _source_step(request, None)


@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, number: int) -> HttpResponse:
    """The first step of an import that is there: choose another source."""
    return _source_step(request, found(number))


def _source_step(request: HttpRequest, owner: Import | None) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    form = _Source.of(sent, owner)
    problem = ""
    if request.method == "POST":
        try:
            _check_seen(request, owner)
            return redirect("import_columns", form.keep(request, owner).pk)
        except BadQuery as wrong:
            problem = str(wrong)
        except Failure as failure:
            problem = str(failure)
    context: dict[str, Any] = {"form": form, "kinds": [(one.value, one.label) for one in SourceKind], "step": 1}
    if owner is not None:
        context |= shown(owner)
    try:
        context["lists"] = acts.lists(default_org()) if owner is None else []
        context["choices"] = form.choices()
    except Failure as failure:
        problem = problem or str(failure)
    return page(request, "source", problem=problem, **context)


class _Source:
    """What was chosen of a source so far."""

    def __init__(self, kind: str, list_id: str, name: str, chosen: dict[str, Any]) -> None:
        self.kind = kind
        self.list_id = list_id
        self.name = name
        self.chosen = chosen

    @classmethod
    def of(cls, sent: QueryDict, owner: Import | None) -> "_Source":
        """From a form; what it does not say, from the import."""
        kept = owner.source if owner is not None and sent.get("kind", owner.kind) == owner.kind else {}
        chosen = {
            "id": sent.get("id", kept.get("id", "")).strip(),
            "object": sent.get("object", kept.get("object", "Contact")).strip(),
            "soql": sent.get("soql", kept.get("soql", "")).strip(),
            "key": sent.get("key", kept.get("key", "")).strip(),
            "statuses": sent.get("statuses", ", ".join(kept.get("statuses", []))).strip(),
        }
        kind = sent.get("kind", owner.kind if owner is not None else "")
        name = sent.get("name", owner.name if owner is not None else "")
        return cls(kind if kind in set(SourceKind) else "", sent.get("list", ""), name.strip(), chosen)

    def choices(self) -> list[tuple[str, str]]:
        """What can be chosen of this kind. Raises a Failure."""
        return acts.choices(default_org(), self.kind, self.chosen["object"]) if self.kind else []

    def kept(self) -> dict[str, Any]:
        """As an import keeps it."""
        words = [word.strip() for word in self.chosen["statuses"].split(",") if word.strip()]
        parts: dict[str, dict[str, Any]] = {
            SourceKind.CAMPAIGN: {"id": self.chosen["id"], "statuses": words},
            SourceKind.REPORT: {"id": self.chosen["id"], "key": self.chosen["key"]},
            SourceKind.LIST_VIEW: {"id": self.chosen["id"], "object": self.chosen["object"]},
            SourceKind.SOQL: {"soql": self.chosen["soql"]},
        }
        return parts[self.kind]

    def keep(self, request: HttpRequest, owner: Import | None) -> Import:
        """Make the import, or change its source. Raises a Failure."""
        if not self.kind:
            raise acts.BadImport(_("No kind of source is chosen."))
        org, kept = default_org(), self.kept()
        called = next((name for which, name in self.choices() if which == self.chosen["id"]), "")
        if owner is None:
            return acts.create(org, self.list_id, self.kind, kept, who(request), name=self.name, source_name=called)
        acts.check_source(org, self.kind, kept)
        name = {"name": self.name} if self.name else {}
        return acts.change(owner, who(request), kind=self.kind, source=kept, source_name=called, **name)


@require_http_methods(["GET", "POST"])
def choose_columns(request: HttpRequest, number: int) -> HttpResponse:
    """The second step: which column goes where. What was chosen stays when that is refused."""
    owner = found(number)
    try:
        offer = acts.offered(owner.org, owner.client, owner.list_id, owner.kind, owner.source)
    except Failure as failure:
        return page(request, "columns", problem=str(failure), step=2, **shown(owner))
    lines = columns.lines_of(owner.lines) or offer.suggested
    track, problem = owner.track, ""
    if request.method == "POST":
        lines, track = _lines(request.POST, offer), request.POST.get("track", "")
        try:
            _check_seen(request, owner)
            acts.save_lines(owner, lines, offer, who(request))
            acts.change(owner, who(request), track=track, clear_blank="clear_blank" in request.POST)
            return redirect("import_refresh", number)
        except Failure as failure:
            problem = str(failure)
    chosen = {line.column: line for line in lines}
    rows = [(number, one, chosen.get(one.name), columns.type_for(one)) for number, one in enumerate(offer.columns)]
    return page(
        request, "columns", step=2, rows=rows, fields=offer.fields, fixed=columns.FIXED.items(), types=columns.TYPES,
        suggested=not owner.lines, track=track, problem=problem,
        clear_blank="clear_blank" in request.POST if request.method == "POST" else owner.clear_blank, **shown(owner),
    )  # fmt: skip


def _lines(sent: QueryDict, offer: Offered) -> tuple[Line, ...]:
    """The lines of a form: for each column where it goes, and the name and type of a field to create."""
    lines = []
    for number, column in enumerate(offer.columns):
        to = sent.get(f"to-{number}", "")
        if to == columns.NEW:
            name = sent.get(f"new-{number}", "").strip() or column.title
            lines.append(Line(column.name, columns.NEW + name, sent.get(f"type-{number}", "Text")))
        elif to:
            lines.append(Line(column.name, to))
    return tuple(lines)


@require_http_methods(["GET", "POST"])
def refresh(request: HttpRequest, number: int) -> HttpResponse:
    """The third step: what a refresh does, and when it runs."""
    owner = found(number)
    seen, problem, sent = acts.mark(owner), "", request.POST
    if request.method == "POST":
        chosen = {
            "refresh": sent.get("refresh", owner.refresh),
            "write_all": "write_all" in sent,
            "segment": "segment" in sent,
            "hours": _numbers(sent, "hours", 24),
            "days": _numbers(sent, "days", 7),
            "timezone": sent.get("timezone", "").strip() or "UTC",
        }
        try:
            if bool(chosen["hours"]) != bool(chosen["days"]):
                raise acts.BadImport(_("A schedule needs both: hours, and days of the week."))
            _check_seen(request, owner)
            acts.change(owner, who(request), **chosen)
            return redirect("import_preview", number)
        except Failure as failure:
            problem = str(failure)
            for name, value in chosen.items():
                if name != "refresh" or value in set(Refresh):
                    setattr(owner, name, value)
    return page(
        request, "refresh", step=3, problem=problem, refreshes=[(one.value, one.label, one.help) for one in Refresh],
        all_hours=[(hour, f"{hour:02}:00") for hour in range(24)], all_days=list(enumerate(given.DAY_NAMES)),
        offer_segments=owner.segment or setting_rows.value(owner.org, settings.SEGMENTS), **{**shown(owner), "seen": seen},
    )  # fmt: skip


def _check_seen(request: HttpRequest, owner: Import | None) -> None:
    """Raises ChangedMeanwhile where somebody has changed the import since the form was drawn."""
    if owner is not None:
        stale.check(request.POST, acts.mark(owner), owner.name, owner.changed_by)


def _numbers(sent: QueryDict, name: str, below: int) -> list[int]:
    return sorted({int(word) for word in sent.getlist(name) if word.isdecimal() and int(word) < below})


@require_GET
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The fourth step: what a run would do, read live; then start."""
    owner = found(number)
    context: dict[str, Any] = {"step": 4}
    most = setting_rows.value(owner.org, settings.PREVIEW_ROWS)
    if not owner.lines:
        messages.error(request, _("Choose the columns first."))
        return redirect("import_columns", number)
    try:
        context["told"] = acts.preview(owner, most)
    except Failure as failure:
        context["problem"] = str(failure)
    return page(request, "preview", **context, **shown(owner))
