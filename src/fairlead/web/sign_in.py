"""Signing in and out, and the account's password."""

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fairlead.features.setup import state as set_up
from fairlead.store import audit, hashing
from fairlead.store.orgs import default_org
from fairlead.ui import sign_in as ways
from fairlead.ui.access import Role, open_to


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(max_length=150, label="User name")
    password = forms.CharField(max_length=1024, widget=forms.PasswordInput)


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form; wrong passwords are counted, and after five of them the next waits a quarter of an hour."""
    if request.headers.get("HX-Request") == "true":
        # The session ended while a page followed a run: the page is to load anew, not to show the form inside itself.
        return HttpResponse(headers={"HX-Refresh": "true"})
    form = SignInForm(request.POST or None)
    target = request.POST.get("next") or request.GET.get("next") or ""
    status = 200
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["username"]
        key = hashing.keyed_hash(f"{name.lower()}\n{request.META.get('REMOTE_ADDR', '')}")
        if ways.must_wait(key):
            form.add_error(
                None, "Too many attempts failed. Wait 15 minutes, or print a one-time link: `fairlead sign-in`."
            )
            status = 429
        else:
            user = authenticate(request, username=name, password=form.cleaned_data["password"])
            if user is not None:
                ways.forget_failures(key)
                login(request, user)
                audit.record(default_org(), name, "sign in", "password")
                return redirect(_safe(request, target))
            ways.note_failure(key)
            form.add_error(
                None, "User name and password do not fit. Try again, or print a one-time link: `fairlead sign-in`."
            )
    return render(request, "web/sign_in.html", {"form": form, "next": target}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """A one-time link. GET asks, so that a preview of the link does not spend it; POST signs in.

    The first one leads into the set-up.
    """
    user = ways.user_of_link(number, token)
    if user is None:
        return render(request, "web/link.html", {"spent": True}, status=410)
    if request.method == "POST":
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        audit.record(default_org(), user.get_username(), "sign in", "one-time link")
        return redirect("set_up" if set_up.unfinished() else "home")
    return render(request, "web/link.html", {"spent": False, "name": user.get_username()})


@open_to(Role.NONE)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("sign_in")


@open_to(Role.NONE)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Set a password, so that the next sign-in needs no link."""
    assert isinstance(request.user, User)
    form: SetPasswordForm[User] = SetPasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, request.user)
        audit.record(default_org(), request.user.get_username(), "set password", request.user.get_username())
        messages.success(request, "The password is set.")
        return redirect("account")
    return render(request, "web/account.html", {"form": form})


def _safe(request: HttpRequest, target: str) -> str:
    """The page that was asked for, if it is one of ours."""
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and ours else "/"
