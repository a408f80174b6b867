"""Address of the general options."""

from django.urls import path

from fairlead.features.general_options import views

urlpatterns = [path("general/", views.general, name="general_options")]
