"""Addresses of billing: the page and its acts, and where Stripe posts."""

from django.urls import path

from fairlead.features.billing import views

urlpatterns = [
    path("billing/", views.billing, name="billing"),
    path("billing/bills/", views.bills, name="billing_bills"),
    path("billing/subscribe/", views.subscribe, name="billing_subscribe"),
    path("billing/portal/", views.portal, name="billing_portal"),
    path("billing/count/", views.count, name="billing_count"),
    path("billing/invoices/<str:invoice>/send/", views.send_again, name="billing_send"),
    path("billing/stripe/", views.stripe, name="billing_stripe"),
]
