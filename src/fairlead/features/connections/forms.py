"""Forms of the connections pages. Secrets are never given back to the browser."""

from django import forms
from django.utils.translation import gettext_lazy as _

from fairlead.features.connections import credentials
from fairlead.features.connections.credentials import OrgApp, OrgGrant
from fairlead.store.models import Org

APP, BROWSER = "app", "browser"
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

    login_url = forms.URLField(
        label=_("My Domain address"),
        assume_scheme="https",
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

    def __init__(self, *args: object, org: Org, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kept = credentials.salesforce(org)
        self.kept = kept if isinstance(kept, OrgApp | OrgGrant) else None

    def clean(self) -> dict[str, object]:
        """The key and the secret: as typed, else those that are kept."""
        found = super().clean() or {}
        for name in ("client_id", "client_secret"):
            found[name] = found.get(name) or (getattr(self.kept, name) if self.kept else None) or ""
            if not found[name]:
                self.add_error(name, _("Type it: none is kept."))
        return found


class OwnerForm(forms.Form):
    """Who is to own a client's records."""

    user = forms.CharField(required=False, max_length=18)
    hand_over = forms.BooleanField(required=False)


class RemovalForm(forms.Form):
    """The client's name, typed to confirm its removal."""

    name = forms.CharField(label=_("Name of the client"), max_length=255, widget=forms.TextInput(attrs=_HIDDEN))
