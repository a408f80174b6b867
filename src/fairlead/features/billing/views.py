"""The billing page and its acts, and the door for Stripe's signed posts.

Modules that load Stripe's library are imported where something is paid only.
"""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.billing import keeping, rules
from fairlead.features.billing.models import Customer
from fairlead.features.billing.rules import Phase
from fairlead.store.orgs import default_org
from fairlead.ui.access import EVERYTHING, Role, allowed, open_to

LONGEST = 512_000
"""Bytes of a post that are read: Stripe's events are far smaller."""


@require_GET
def billing(request: HttpRequest) -> HttpResponse:
    """What is to be paid; where Fairlead is self-hosted, that there is nothing."""
    if not keeping.on():
        return render(request, "billing/billing.html", {"here": "billing"})
    org = default_org()
    if request.GET.get("back") and allowed(request, EVERYTHING):
        keeping.ask(org, request.user.get_username())
        messages.success(request, _("Fairlead looks at Stripe now: load this page again in a moment."))
        return redirect("billing")
    return render(request, "billing/paying.html", _facts(org, may=allowed(request, EVERYTHING)))


def _facts(org: Any, *, may: bool) -> dict[str, Any]:
    row = keeping.row_of(org)
    standing, phase = keeping.standing_of(row), keeping.phase_of(row)
    plans = rules.plans_of(settings.FAIRLEAD_STRIPE_PLANS) if settings.FAIRLEAD_STRIPE_PLANS else ()
    fits = rules.plan_for(plans, row.people) if plans and row.people is not None else None
    return {
        "here": "billing",
        "row": row,
        "phase": phase.value,
        "badge": rules.BADGES[phase],
        "says": rules.SAYS[phase],
        "trial_until": standing.trial_until if phase is Phase.TRIAL else None,
        "grace_until": rules.grace_until(standing, keeping.grace()),
        "counting": rules.COUNTING,
        "fits": fits,
        "plans": plans,
        "subscribed": standing.status in rules.GOOD | rules.FAILED,
        "may": may,
    }


@require_GET
@open_to(Role.FULL)
def bills(request: HttpRequest) -> HttpResponse:
    """Prices and invoices as Stripe has them now: a part of the page, or a page of its own without scripts."""
    if not keeping.on():
        return redirect("billing")
    row = keeping.row_of(default_org())
    context: dict[str, Any] = {"here": "billing", "row": row}
    try:
        context |= _read_bills(row)
    except Failure as failure:
        context["problem"] = failure
    part = request.headers.get("HX-Request") == "true"
    return render(request, "billing/_bills.html" if part else "billing/bills.html", context)


def _read_bills(row: Customer) -> dict[str, Any]:
    from fairlead.features.billing.at_stripe import Stripe

    stripe, plans = Stripe(), keeping.plans()
    found = stripe.invoices(row.customer)
    prices = stripe.prices([plan.price for plan in plans])
    return {
        "invoices": [(each, rules.money(each.amount, each.currency)) for each in found],
        "prices": [(plan, rules.money(p.amount, p.currency), p.every) for plan in plans for p in [prices[plan.price]]],
    }


@require_POST
@open_to(Role.FULL)
def subscribe(request: HttpRequest) -> HttpResponse:
    """Lead to Stripe's page for subscribing."""
    return _lead(request, "subscribe")


@require_POST
@open_to(Role.FULL)
def portal(request: HttpRequest) -> HttpResponse:
    """Lead to Stripe's page for card, address and payments."""
    return _lead(request, "portal")


def _lead(request: HttpRequest, act: str) -> HttpResponse:
    """A page that leads on by itself: what answers a form may not redirect elsewhere (content security policy)."""
    try:
        keeping.check_on()
        from fairlead.features.billing import paying

        address = getattr(paying, act)(default_org(), request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("billing")
    answer = render(request, "billing/leaving.html", {"here": "billing", "address": address})
    answer["Refresh"] = f"0; url={address}"
    return answer


@require_POST
@open_to(Role.FULL)
def send_again(request: HttpRequest, invoice: str) -> HttpResponse:
    """Have Stripe send an invoice again."""
    try:
        keeping.check_on()
        from fairlead.features.billing import paying

        paying.send_again(default_org(), invoice, request.user.get_username())
        messages.success(request, _("Stripe sends the invoice to the address that it has."))
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect("billing")


@require_POST
@open_to(Role.FULL)
def count(request: HttpRequest) -> HttpResponse:
    """Ask for a count of people now."""
    try:
        keeping.check_on()
        job = keeping.ask(default_org(), request.user.get_username(), count=True)
        messages.success(request, _("Job {number} counts people.").format(number=job.number))
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect("billing")


@csrf_exempt
@login_not_required
@never_cache
def stripe(request: HttpRequest) -> HttpResponse:
    """200 for a post that Stripe signed, whatever it says: it only has us look. 404 for everything else."""
    secret = settings.FAIRLEAD_STRIPE_WEBHOOK_SECRET
    if request.method != "POST" or not keeping.on() or not secret:
        return HttpResponse(status=404)
    body = request.read(LONGEST + 1)
    header = request.headers.get("Stripe-Signature", "")
    if len(body) > LONGEST or not rules.signed(body, header, secret, timezone.now()):
        return HttpResponse(status=404)
    try:
        customer = rules.customer_of(json.loads(body))
    except ValueError:
        customer = ""
    row = Customer.objects.select_related("org").filter(customer=customer).first() if customer else None
    if row is not None:
        keeping.ask(row.org, "Stripe")
    return HttpResponse(status=200)
