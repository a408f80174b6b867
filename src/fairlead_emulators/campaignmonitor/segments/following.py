"""What happens to segment rules when a custom field of their list is renamed or deleted."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from fairlead_emulators.campaignmonitor.audience.fields import Field
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.clauses import subject_of
from fairlead_emulators.campaignmonitor.segments.kept import Rule, keep, segments
from fairlead_emulators.campaignmonitor.store import Store, SubscriberList


@fact("segment-follows-field")
def field_renamed(store: Store, on: SubscriberList, fields: Sequence[Field], old: Field, new: Field) -> None:
    """Rules of the field go by its new key. `fields`: those of the list before."""
    _change(store, on, fields, old, lambda rule: Rule(new.key, rule.clause))


def field_gone(store: Store, on: SubscriberList, fields: Sequence[Field], of: Field) -> None:
    """Rules of the field are removed, and groups that are empty then. `fields`: those of the list before."""
    _change(store, on, fields, of, lambda _: None)


def _change(
    store: Store, on: SubscriberList, fields: Sequence[Field], of: Field, change: Callable[[Rule], Rule | None]
) -> None:
    def changed(rule: Rule) -> Rule | None:
        subject = subject_of(rule.type, fields)
        return change(rule) if subject and subject.field and subject.field.key == of.key else rule

    for each in segments(store, "list = ?", on.n):
        groups = (tuple(rule for old in group if (rule := changed(old))) for group in each.groups)
        after = tuple(group for group in groups if group)
        if after != each.groups:
            keep(store, replace(each, groups=after))
