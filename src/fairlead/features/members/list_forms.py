"""The form of a list's settings in Campaign Monitor."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from fairlead.campaignmonitor.list_settings import ListWish, UnsubscribeSetting
from fairlead.campaignmonitor.lists import ListDetails
from fairlead.features.members import rules

HINTS: Final = {
    "title": "The name people see in Campaign Monitor and in Salesforce. Each client has a name once.",
    "confirmed_opt_in": "Confirmed: Campaign Monitor mails each who is added; they are Unconfirmed until they press the link.",
    "unsubscribe_setting": "All client lists: who unsubscribes leaves every list of the client, and is suppressed. "
    "Only this list: nothing else changes.",
    "unsubscribe_page": "A web address that people see after they unsubscribed. Blank: Campaign Monitor's own page.",
    "confirmation_success_page": "A web address that people see after they confirmed. Blank: Campaign Monitor's own page.",
}


class ListForm(forms.Form):
    """A list's settings, all of them."""

    title = forms.CharField(label=rules.SETTINGS_OF_A_LIST["title"], max_length=250)
    confirmed_opt_in = forms.TypedChoiceField(
        label=rules.SETTINGS_OF_A_LIST["confirmed_opt_in"],
        choices=[("no", rules.OPT_IN[False]), ("yes", rules.OPT_IN[True])],
        coerce=lambda value: value == "yes",
    )
    unsubscribe_setting = forms.ChoiceField(
        label=rules.SETTINGS_OF_A_LIST["unsubscribe_setting"], choices=list(rules.UNSUBSCRIBE.items())
    )
    unsubscribe_page = forms.URLField(
        label=rules.SETTINGS_OF_A_LIST["unsubscribe_page"],
        required=False,
        max_length=rules.MAX_URL,
        assume_scheme="https",
    )
    confirmation_success_page = forms.URLField(
        label=rules.SETTINGS_OF_A_LIST["confirmation_success_page"],
        required=False,
        max_length=rules.MAX_URL,
        assume_scheme="https",
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name, hint in HINTS.items():
            self.fields[name].help_text = hint
            self.fields[name].widget.attrs["class"] = "fl-input fl-input_wide"

    def wish(self) -> ListWish:
        """What was asked for; the form is valid."""
        given = {name: self.cleaned_data[name] for name in rules.SETTINGS_OF_A_LIST}
        return ListWish(**{**given, "unsubscribe_setting": UnsubscribeSetting(given["unsubscribe_setting"])})


class NewListForm(ListForm):
    """A new list: for which client, and its settings."""

    client = forms.ChoiceField(label=_("Client"), help_text=_("The client in whose account the list is created."))
    field_order = ("client", *rules.SETTINGS_OF_A_LIST)

    def __init__(self, clients: list[tuple[str, str]], *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["client"].choices = clients  # type: ignore[attr-defined]
        self.fields["client"].widget.attrs["class"] = "fl-select"


def as_given(details: ListDetails) -> dict[str, Any]:
    """A list's settings as the form shows them."""
    return {**as_kept(details), "confirmed_opt_in": "yes" if details.confirmed_opt_in else "no"}


def as_kept(settings: ListDetails | ListWish) -> dict[str, Any]:
    """A list's settings by name: for comparing, and for the record of who changed what."""
    told = {name: getattr(settings, name) for name in rules.SETTINGS_OF_A_LIST}
    return {**told, "unsubscribe_setting": str(told["unsubscribe_setting"])}
