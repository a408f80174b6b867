"""Pages of campaigns."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def campaigns(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/campaigns.html", {})


def campaign(request: HttpRequest, campaign_id: str) -> HttpResponse:
    return render(request, "campaigns/campaigns.html", {})


def suspicious(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/campaigns.html", {})
