"""The choices of step 6: the settings as their own form, lists without members, and what all of it would take."""

from typing import Any, Final

from django.db import transaction
from django.http import QueryDict

from fairlead.domain import tracking_settings
from fairlead.domain.activity import Activity
from fairlead.domain.failure import Failure
from fairlead.domain.setting import Setting
from fairlead.features.setup import figures
from fairlead.features.setup.rules import estimate as rules
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.ui import settings_of, stale
from fairlead.ui.settings_forms import SettingsForm

SUPPRESSION: Final = "suppression.sync"
PREVENT: Final = "members.prevent_sync"
"""Settings of other rooms, by name: rooms do not know one another."""
MOST_SHOWN: Final = 100
"""Lists that the page offers, the largest; the others are chosen in their own options."""


class Choice:
    """What is chosen now, and what a form asks for instead."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.suppression: Setting[bool] = settings_of.named(SUPPRESSION)
        self.prevent: Setting[bool] = settings_of.named(PREVENT)
        self.form = SettingsForm(org, [*tracking_settings.SETTINGS, self.suppression])
        self.problem = ""
        self._asked: frozenset[str] | None = None

    def save(self, sent: QueryDict, by: str) -> bool:
        """Save settings and lists, all of it or nothing; False where something is wrong, which the form then says."""
        self._asked = frozenset(sent.getlist("prevent"))
        try:
            with transaction.atomic():
                if not self.form.save(sent, by):
                    transaction.set_rollback(True)
                    return False
                stale.check(sent, self.seen, str(self.prevent.title))
                for list_id in sent.getlist("list"):
                    settings_of.subject_of(self.prevent, list_id)
                    wanted = list_id in self._asked
                    if wanted != setting_rows.value(self.org, self.prevent, list_id):
                        setting_rows.put(self.org, self.prevent, wanted, by, subject=list_id)
        except Failure as failure:
            self.problem = str(failure)
            return False
        return True

    @property
    def seen(self) -> str:
        """The sign of the lists that are kept without members now."""
        return stale.mark(sorted(self._prevented()))

    def lists(self) -> dict[str, Any]:
        """The lists with the most subscribers, and whether each is kept without its members."""
        try:
            found = figures.read(self.org)
        except Failure as failure:
            return {"unread": failure}
        prevented = self._asked if self._asked is not None else self._prevented()
        largest = sorted(found.lists, key=lambda each: -each.subscribers)[:MOST_SHOWN]
        more = len(found.lists) + found.more_lists - len(largest)
        return {"lists": [(each, each.id in prevented) for each in largest], "more_lists": more}

    def estimate(self, sent: QueryDict) -> dict[str, Any]:
        """What the choice that was sent would take. The form keeps what was typed."""
        self._asked = frozenset(sent.getlist("prevent"))
        self._show(sent)
        try:
            wanted = self._wanted(sent)
            found = figures.read(self.org)
            told = rules.estimate(found, wanted, figures.rate(self.org), figures.free_storage(self.org))
        except Failure as failure:
            return {"problem": failure, "look": True}
        return {"estimate": told, "duration": rules.in_words(told.seconds), "look": True, "figures": found}

    def _wanted(self, sent: QueryDict) -> rules.Wanted:
        days = tracking_settings.DAYS_TO_KEEP.read(sent.get(_id(tracking_settings.DAYS_TO_KEEP), ""))
        kinds = tracking_settings.TYPES.read(sent.getlist(_id(tracking_settings.TYPES)))
        shown = set(sent.getlist("list"))
        prevented = (self._prevented() - shown) | (self._asked or frozenset())
        return rules.Wanted(
            days, frozenset(Activity(kind) for kind in kinds), _id(self.suppression) in sent, frozenset(prevented)
        )

    def _prevented(self) -> frozenset[str]:
        chosen = setting_rows.values(self.org)
        return frozenset(
            each for each in setting_rows.subjects(self.org, self.prevent) if chosen.of(self.prevent, each)
        )

    def _show(self, sent: QueryDict) -> None:
        """What was typed, as typed."""
        for control in self.form.controls:
            if control.kind == "flag":
                control.value = control.id in sent
            elif control.kind == "several":
                control.value = sent.getlist(control.id)
            else:
                control.value = sent.get(control.id, "")


def _id(setting: Setting[Any]) -> str:
    return setting.name.replace(".", "-")
