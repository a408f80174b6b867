"""The pages of subscriber rules: the rules of each list, the builder, the preview, and running a rule over the past."""

from collections.abc import AsyncIterator, Callable
from functools import wraps
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.criteria import Problem
from fairlead.domain.failure import Failure
from fairlead.features.subscriber_rules import forms, keeping, past, preview, saving, settings, words
from fairlead.features.subscriber_rules.keeping import Draft
from fairlead.features.subscriber_rules.models import Rule
from fairlead.features.subscriber_rules.rules.words import BadRule, Does
from fairlead.store import setting_rows
from fairlead.store.models import KnownList
from fairlead.store.orgs import default_org
from fairlead.ui.tables import csv_answer

HERE: Final = "subscriber_rules"
FILE: Final = ("Id", "Name", "E-mail", "What becomes of it")
View = Callable[..., HttpResponseBase]


def of_rule(view: View) -> View:
    """Gives a view its rule; 404 where there is none."""

    @wraps(view)
    def found(request: HttpRequest, rule: int, **more: Any) -> HttpResponseBase:
        row = Rule.objects.filter(org=default_org(), pk=rule).first()
        if row is None:
            raise Http404
        return view(request, row, **more)

    return found


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The rules by list: what each does, how often it did, and why one cannot."""
    org = default_org()
    chosen = request.GET.get("list", "")
    rules = keeping.rules_of(org, **({"list": chosen} if chosen else {}))
    lists: dict[str, list[Rule]] = {}
    for rule in rules:
        lists.setdefault(rule.list, []).append(rule)
    known = KnownList.objects.filter(org=org)
    names = dict(known.values_list("list_id", "name"))
    context = {
        "lists": [(names.get(key, found[0].list_name), key not in names, found) for key, found in lists.items()],
        "known": bool(names),
        "chosen": known.filter(list_id=chosen).first() if chosen else None,
        **_words(),
    }
    return render(request, "subscriber_rules/overview.html", {"here": HERE, **context})


@sensitive_post_parameters("value")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    """The builder for a new rule."""
    if request.method == "POST":
        return _posted(request, 0)
    draft = Draft(request.GET.get("list", ""), enabled=True)
    return _form(request, draft)


@sensitive_post_parameters("value")
@require_http_methods(["GET", "POST"])
@of_rule
def edit(request: HttpRequest, rule: Rule) -> HttpResponseBase:
    """The builder for a rule there is."""
    if request.method == "POST":
        return _posted(request, rule.pk)
    return _form(request, keeping.draft_of(rule))


@never_cache
@require_GET
@of_rule
def look(request: HttpRequest, rule: Rule) -> HttpResponse:
    """Who would be added or taken off, read now; and the button that does it."""
    org = default_org()
    context: dict[str, Any] = {"rule": rule, "where": keeping.ready(rule).where, **_words()}
    try:
        found = async_to_sync(preview.preview)(org, rule.pk)
    except Failure as failure:
        context["problem"] = failure
    else:
        most = max(
            setting_rows.value(org, settings.REMOVALS_RECORDS),
            setting_rows.value(org, settings.REMOVALS_SHARE) * found.on_the_list // 100,
        )
        context |= {
            "preview": found,
            "fates": [(words.FATES[fate], count) for fate, count in sorted(found.fates.items())],
            "shown": [(person, words.FATES[fate]) for person, fate in found.shown],
            "guarded": rule.does == Does.REMOVE and found.changes > most,
            "most": most,
        }
    return render(request, "subscriber_rules/preview.html", {"here": HERE, **context})


@never_cache
@require_GET
@of_rule
def look_csv(request: HttpRequest, rule: Rule) -> HttpResponseBase:
    """Every record that the rule is true of, as a file, read while it is sent."""
    org = default_org()

    async def lines() -> AsyncIterator[tuple[str, ...]]:
        async for page in preview.stream(org, rule.pk):
            for person, fate in page:
                yield person.id, person.name, person.address, str(fate)

    return csv_answer("rule-preview.csv", FILE, lines())


@require_POST
@of_rule
def run(request: HttpRequest, rule: Rule) -> HttpResponse:
    """Ask for the run over the past, of the rule that was seen."""
    version = request.POST.get("version", "")
    if "confirmed" not in request.POST or not version.isdecimal():
        messages.error(request, _("Confirm the numbers first."))
        return redirect("rule_preview", rule.pk)
    allow = "allow" in request.POST
    try:
        job = past.ask(default_org(), rule.pk, request.user.get_username(), allow=allow, version=int(version))
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("rule_preview", rule.pk)
    messages.success(request, _("Job {number} runs the rule over all records.").format(number=job.number))
    return redirect("job", job.number)


@require_POST
@of_rule
def switch(request: HttpRequest, rule: Rule) -> HttpResponse:
    """Let a rule react to changes, or not."""
    on = request.POST.get("on") == "yes"
    keeping.switch(default_org(), rule.pk, request.user.get_username(), on=on)
    told = _("The rule “{name}” reacts to changes from now on.") if on else _("The rule “{name}” rests.")
    messages.success(request, told.format(name=rule.name))
    return redirect("rules")


@require_http_methods(["GET", "POST"])
@of_rule
def delete(request: HttpRequest, rule: Rule) -> HttpResponse:
    """Ask, then delete the rule; the subscribers stay."""
    if request.method == "POST":
        keeping.delete(default_org(), rule.pk, request.user.get_username())
        messages.success(request, _("The rule “{name}” is deleted.").format(name=rule.name))
        return redirect("rules")
    return render(request, "subscriber_rules/delete.html", {"here": HERE, "rule": rule})


def _posted(request: HttpRequest, rule: int) -> HttpResponseBase:
    draft, act = forms.draft_of(request.POST, rule), forms.asked(request.POST)
    if act != forms.SAVE:
        return _form(request, forms.changed(draft, request.POST, act), blank=act == forms.ADD)
    try:
        saved = async_to_sync(saving.save)(default_org(), draft, request.user.get_username())
    except BadRule as bad:
        return _form(request, draft, problems=bad.problems)
    except Failure as failure:
        return _form(request, draft, problem=failure)
    messages.success(request, _("The rule “{name}” is saved.").format(name=saved.rule.name))
    for conflict in saved.conflicts:
        messages.warning(request, _told(conflict))
    return redirect("rules")


def _told(conflict: saving.Conflict) -> str:
    """A conflict in a sentence."""
    if conflict.both > 0:
        text = ngettext(
            "It is at odds with the rule “{name}”, which does the opposite: both are true of {count:,} record now. Of one "
            "change, taking off wins.",
            "It is at odds with the rule “{name}”, which does the opposite: both are true of {count:,} records now. Of one "
            "change, taking off wins.",
            conflict.both,
        )
        return text.format(name=conflict.name, count=conflict.both)
    if conflict.both < 0:
        text = _(
            "It may be at odds with the rule “{name}”, which does the opposite; Salesforce could not count how often."
        )
        return text.format(name=conflict.name)
    text = _(
        "It may come to be at odds with the rule “{name}”, which does the opposite: both can be true of one record, though "
        "they are of none now. Of one change, taking off wins."
    )
    return text.format(name=conflict.name)


def _form(
    request: HttpRequest,
    draft: Draft,
    *,
    problems: tuple[Problem, ...] = (),
    problem: Failure | None = None,
    blank: bool = False,
) -> HttpResponse:
    org = default_org()
    choices: list[tuple[str, str]] = []
    try:
        choices = async_to_sync(saving.choices)(org, draft)
    except Failure as failure:
        problem = problem or failure
    context = {
        "draft": draft,
        "rows": forms.rows(draft, problems, blank=blank),
        "wrong": forms.of_the_whole(problems),
        "problems": problems,
        "problem": problem,
        "choices": choices,
        "lists": KnownList.objects.filter(org=org).order_by("client_name", "client_id", "name", "list_id"),
        **_words(),
    }
    return render(request, "subscriber_rules/form.html", {"here": HERE, **context})


def _words() -> dict[str, Any]:
    return {
        "does_words": words.DOES.items(),
        "object_words": words.OBJECTS.items(),
        "when_words": words.WHEN.items(),
        "operator_words": words.OPERATORS.items(),
    }
