"""Signing in and out, and the account's password."""

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.permissions import salesforce_sign_in
from fairlead.features.setup import state as set_up
from fairlead.store import audit, hashing, orgs, secrets
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.ui import orgs as bound
from fairlead.ui import sign_in as ways
from fairlead.ui import standing, visits
from fairlead.ui.access import SESSION_NAME, Role, open_to

PENDING = "fairlead_sign_in"
PENDING_ORG = "fairlead_sign_in_org"
REMEMBERED_S = 365 * 24 * 3600
CALLBACKS_AT_MOST = 20
"""Nothing can be guessed there, and behind a proxy many people may share an address."""
BACKEND = "django.contrib.auth.backends.ModelBackend"
WAIT = "Too many attempts failed. Wait 15 minutes, or print a one-time link: `fairlead sign-in`."


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(max_length=150, label=_("User name"))
    password = forms.CharField(label=_("Password"), max_length=1024, widget=forms.PasswordInput)


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
            form.add_error(None, WAIT)
            status = 429
        else:
            user = authenticate(request, username=name, password=form.cleaned_data["password"])
            if user is not None:
                ways.forget_failures(key)
                login(request, user)
                bound.bind(request, default_org())
                audit.record(default_org(), name, "sign in", "password")
                return redirect(_safe(request, target))
            ways.note_failure(key)
            form.add_error(
                None, _("User name and password do not fit. Try again, or print a one-time link: `fairlead sign-in`.")
            )
    return _page(request, form, target, status=status, told=visits.SAYS.get(request.GET.get("ended", "")))


def _page(
    request: HttpRequest,
    form: SignInForm,
    target: str = "",
    *,
    status: int = 200,
    told: str | None = None,
    problem: Failure | str = "",
) -> HttpResponse:
    context = {"form": form, "next": target, "told": told, "problem": problem}
    context["through"] = urlencode({"org": default_org().pk, **({"next": target} if target else {})})
    context["through_salesforce"] = salesforce_sign_in.available(default_org())
    return render(request, "web/sign_in.html", context, status=status)


@login_not_required
@never_cache
@require_GET
def salesforce(request: HttpRequest) -> HttpResponse:
    """Off to Salesforce, which says who it is."""
    key = _from_here(request)
    if ways.must_wait(key, CALLBACKS_AT_MOST):
        return _page(request, SignInForm(), status=429, problem=WAIT)
    try:
        address, sealed = salesforce_sign_in.begin(default_org(), _safe(request, request.GET.get("next", "")))
    except Failure as failure:
        return _page(request, SignInForm(), status=409, problem=failure)
    request.session[PENDING] = sealed
    request.session[PENDING_ORG] = default_org().pk
    return HttpResponseRedirect(address)


@login_not_required
@never_cache
@require_GET
def salesforce_callback(request: HttpRequest) -> HttpResponse:
    """Back from Salesforce. What was kept of the beginning works once, whatever comes of it."""
    org, key, sealed = _begun_with(request), _from_here(request), str(request.session.pop(PENDING, ""))
    if ways.must_wait(key, CALLBACKS_AT_MOST):
        return _page(request, SignInForm(), status=429, problem=WAIT)
    try:
        user_id, reading, target = salesforce_sign_in.finish(org, sealed, request.GET.dict())
    except Failure as failure:
        ways.note_failure(key)
        return _page(request, SignInForm(), status=403, problem=failure)
    ways.forget_failures(key)
    with orgs.within(org):
        login(request, standing.note(org, user_id, reading).user, backend=BACKEND)
    bound.bind(request, org)
    request.session[SESSION_NAME] = secrets.seal(reading.name).decode()
    audit.record(org, user_id, "sign in", "Salesforce", after={"role": reading.role.label})
    answer = redirect(_safe(request, target))
    answer.set_cookie(
        bound.COOKIE, str(org.pk), max_age=REMEMBERED_S, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return answer


def _begun_with(request: HttpRequest) -> Org:
    """The org whose sign-in was begun in this session."""
    return Org.objects.filter(pk=request.session.pop(PENDING_ORG, None)).first() or default_org()


def _from_here(request: HttpRequest) -> bytes:
    """The key under which failures of this network address are counted."""
    return hashing.keyed_hash(f"salesforce\n{request.META.get('REMOTE_ADDR', '')}")


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
        login(request, user, backend=BACKEND)
        bound.bind(request, default_org())
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
    if not standing.is_local(request.user):  # a password would outlive the role that Salesforce gives
        return render(request, "web/account.html", {"through_salesforce": True}, status=403 if request.POST else 200)
    form: SetPasswordForm[User] = SetPasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, request.user)
        audit.record(default_org(), request.user.get_username(), "set password", request.user.get_username())
        messages.success(request, _("The password is set."))
        return redirect("account")
    return render(request, "web/account.html", {"form": form})


def _safe(request: HttpRequest, target: str) -> str:
    """The page that was asked for, if it is one of ours."""
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and ours else "/"
