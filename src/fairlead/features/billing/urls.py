"""Address of the billing page."""

from django.urls import path

from fairlead.features.billing import views

urlpatterns = [path("billing/", views.billing, name="billing")]
