"""Forms of the connections pages. Secrets are never given back to the browser."""

from typing import Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from fairlead.features.connections import credentials
from fairlead.features.connections.credentials import OrgApp, OrgGrant
from fairlead.store.models import Org

APP, BROWSER = "app", "browser"
PRODUCTION, SANDBOX, MY_DOMAIN = "production", "sandbox", "my_domain"
LOGIN_HOSTS: Final = {PRODUCTION: "https://login.salesforce.com", SANDBOX: "https://test.salesforce.com"}
_HIDDEN = {"autocomplete": "off", "spellcheck": "false"}


class AccountForm(forms.Form):
    """The key of a Campaign Monitor account."""

    api_key = forms.CharField(
        label=_("API key"),
        max_length=200,
        strip=True,
        widget=forms.PasswordInput(attrs={**_HIDDEN, "aria-describedby": "hint-api-key"}),
    )


class OrgForm(forms.Form):
    """How to sign in to Salesforce. The app's key and secret may be left out where they are kept already."""

    where = forms.ChoiceField(
        label=_("Which org"),
        choices=(
            (PRODUCTION, _("Production or Developer Edition")),
            (SANDBOX, _("Sandbox")),
            (MY_DOMAIN, _("By its My Domain address")),
        ),
        widget=forms.RadioSelect,
        required=False,
    )
    login_url = forms.URLField(
        label=_("My Domain address"),
        assume_scheme="https",
        required=False,
        widget=forms.URLInput(attrs={"aria-describedby": "hint-login-url"}),
    )
    client_id = forms.CharField(
        label=_("Consumer key"), required=False, max_length=400, widget=forms.TextInput(attrs=_HIDDEN)
    )
    client_secret = forms.CharField(
        label=_("Consumer secret"), required=False, max_length=400, widget=forms.PasswordInput(attrs=_HIDDEN)
    )
    how = forms.ChoiceField(
        label=_("Sign in"),
        choices=((BROWSER, _("As a person, in this browser")), (APP, _("As the app's own user (client credentials)"))),
        widget=forms.RadioSelect,
        initial=BROWSER,
    )

    def __init__(self, sent: QueryDict | None, *, org: Org, login_url: str) -> None:
        where = next((name for name, address in LOGIN_HOSTS.items() if address == login_url), MY_DOMAIN)
        shown = {"where": where, "login_url": login_url if where == MY_DOMAIN else ""}
        super().__init__(sent, initial=shown)
        kept = credentials.salesforce(org)
        self.kept = kept if isinstance(kept, OrgApp | OrgGrant) else None

    def clean(self) -> dict[str, object]:
        """The login address; the key and the secret as typed, else those that are kept. A person needs no secret."""
        found = super().clean() or {}
        found["login_url"] = LOGIN_HOSTS.get(str(found.get("where")), "") or found.get("login_url") or ""
        if not found["login_url"] and "login_url" not in self.errors:
            self.add_error("login_url", _("Type the org's address, such as https://example.my.salesforce.com."))
        if found.get("how") == APP and found.get("where") in LOGIN_HOSTS:
            self.add_error(
                "where", _("The app's own user signs in at the My Domain address only: choose that, and type it.")
            )
        for name in ("client_id", "client_secret"):
            found[name] = found.get(name) or (getattr(self.kept, name) if self.kept else None) or ""
            if not found[name] and not (name == "client_secret" and found.get("how") == BROWSER):
                self.add_error(name, _("Type it: none is kept."))
        return found


class OwnerForm(forms.Form):
    """Who is to own a client's records."""

    user = forms.CharField(required=False, max_length=18)
    hand_over = forms.BooleanField(required=False)


class RemovalForm(forms.Form):
    """The client's name, typed to confirm its removal."""

    name = forms.CharField(label=_("Name of the client"), max_length=255, widget=forms.TextInput(attrs=_HIDDEN))
