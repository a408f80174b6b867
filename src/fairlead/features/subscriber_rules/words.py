"""The words of pages for what rules are made of, to be translated."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from fairlead.domain.criteria import Operator
from fairlead.features.subscriber_rules.rules.deciding import Fate
from fairlead.features.subscriber_rules.rules.words import Does, When

DOES: Final[Mapping[str, object]] = {Does.ADD: _("Add to the list"), Does.REMOVE: _("Take off the list")}
OBJECTS: Final[Mapping[str, object]] = {"Contact": _("Contacts"), "Lead": _("Leads")}
WHEN: Final[Mapping[str, object]] = {
    When.BOTH: _("Each time it is created or edited"),
    When.CREATED: _("Only when it is created"),
    When.EDITED: _("Only when it is edited"),
}
OPERATORS: Final[Mapping[str, object]] = {
    Operator.EQUALS: _("equals"),
    Operator.NOT_EQUALS: _("not equals"),
    Operator.CONTAINS: _("contains"),
    Operator.STARTS_WITH: _("starts with"),
    Operator.ENDS_WITH: _("ends with"),
    Operator.GREATER: _("greater"),
    Operator.GREATER_OR_EQUAL: _("greater or equal"),
    Operator.LESS: _("less"),
    Operator.LESS_OR_EQUAL: _("less or equal"),
    Operator.IS_NULL: _("is null"),
}
FATES: Final[Mapping[Fate, object]] = {
    Fate.ADD: _("Would be added"),
    Fate.REMOVE: _("Would be taken off"),
    Fate.ON_IT_ALREADY: _("On the list already"),
    Fate.NOT_ON_IT: _("Not on the list"),
    Fate.NO_ADDRESS: _("Without e-mail address"),
    Fate.BAD_ADDRESS: _("With an address that is none"),
    Fate.TICK_BOX: _("Opted out in Salesforce"),
    Fate.OPTED_OUT: _("Opted out in Campaign Monitor"),
    Fate.UNSUBSCRIBED: _("Unsubscribed from the list"),
    Fate.BOUNCED: _("Bounced on the list"),
    Fate.DELETED: _("Deleted from the list before"),
    Fate.REMOVED_BY_RULE: _("Taken off by another rule"),
    Fate.SAME_ADDRESS: _("Same address as another record"),
}
