"""The billing page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def billing(request: HttpRequest) -> HttpResponse:
    """There is nothing to pay for Fairlead; what the two sides charge is told by them."""
    return render(request, "billing/billing.html", {"here": "billing"})
