"""Rules as rows: read, saved with a version and an audit entry, switched, deleted. Plain Django.

Criteria may hold a person's name or address, so they are kept sealed beside the row, and never in the audit log.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from fairlead.domain.criteria import Criterion, Problem, both, kept
from fairlead.domain.failure import FixTheSettings
from fairlead.features.subscriber_rules.models import Rule
from fairlead.features.subscriber_rules.rules.compiling import Compiled
from fairlead.features.subscriber_rules.rules.words import OBJECTS, BadRule, Does, When
from fairlead.store import audit, orgs, secrets
from fairlead.store.models import KnownList, Org
from fairlead.store.setting_rows import ChangedMeanwhile

LONGEST_NAME: Final = 120
LONGEST_DESCRIPTION: Final = 500


class NoSuchRule(FixTheSettings):
    """The rule is not there, or no longer."""

    code = "FL-397"
    next_step = "Look at the rules there are: the page Subscriber rules, or `fairlead rules list`."

    def __init__(self, rule: object) -> None:
        super().__init__(f"There is no subscriber rule {rule}.")


class NoSuchList(FixTheSettings):
    """A rule can only be made for a list that a sync has seen."""

    code = "FL-398"
    next_step = "Run a sync: it learns which lists there are. `fairlead members lists` shows them."

    def __init__(self, list_id: str) -> None:
        super().__init__(f"Fairlead knows no list {list_id}.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as somebody wants it. `id` 0 for a new one; `version` is the one that was shown, None to overwrite any."""

    list: str
    does: str = Does.ADD
    object: str = "Contact"
    name: str = ""
    description: str = ""
    when: str = When.BOTH
    logic: str = ""
    criteria: tuple[Criterion, ...] = ()
    enabled: bool = False
    id: int = 0
    version: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As the command line prints and takes it."""
        told = {name: getattr(self, name) for name in ("id", "version", *NAMES, "enabled")}
        return told | {"criteria": [kept(one) for one in self.criteria]}


NAMES: Final = ("list", "does", "object", "name", "description", "when", "logic")


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule as a run needs it. `where` is blank where every record will do."""

    id: int
    name: str
    client: str
    list: str
    list_name: str
    does: str
    object: str
    when: str
    where: str = field(repr=False)
    version: int = 1


def draft_of(rule: Rule) -> Draft:
    """What is kept of a rule. Raises CannotOpenSecret."""
    criteria = tuple(Criterion(**one) for one in _opened(rule)["criteria"])
    told: dict[str, Any] = {name: getattr(rule, name) for name in NAMES}
    return Draft(**told, criteria=criteria, enabled=rule.enabled, id=rule.pk, version=rule.version)


def ready(rule: Rule) -> Ready:
    """As a run needs it. Raises CannotOpenSecret."""
    names = ("name", "client", "list", "list_name", "does", "object", "when", "version")
    return Ready(rule.pk, **{name: getattr(rule, name) for name in names}, where=_opened(rule)["where"])


def rules_of(org: Org | int, **where: Any) -> list[Rule]:
    """The org's rules, by list."""
    return list(Rule.objects.filter(org=org, **where))


def enabled(org_id: int, clients: Collection[str], objects: Collection[str] = OBJECTS) -> list[Ready]:
    """The rules that react to changes of these objects, on lists of these clients."""
    found = Rule.objects.filter(org=org_id, enabled=True, client__in=list(clients), object__in=list(objects))
    return [ready(rule) for rule in found]


def find(org: Org | int, rule: int) -> Rule:
    """The rule of this id. Raises NoSuchRule."""
    found = Rule.objects.filter(org=org, pk=rule).first()
    if found is None:
        raise NoSuchRule(rule)
    return found


def list_of(org: Org, list_id: str) -> KnownList:
    """The known list of this id. Raises NoSuchList."""
    found = KnownList.objects.filter(org=org, list_id=list_id).first()
    if found is None:
        raise NoSuchList(list_id)
    return found


def check(draft: Draft) -> list[Problem]:
    """What is wrong with a rule apart from its criteria."""
    problems = []
    if not draft.name.strip():
        problems.append(Problem(0, "The rule needs a name"))
    if len(draft.name) > LONGEST_NAME:
        problems.append(Problem(0, f"The name has more than {LONGEST_NAME} characters"))
    if len(draft.description) > LONGEST_DESCRIPTION:
        problems.append(Problem(0, f"The description has more than {LONGEST_DESCRIPTION} characters"))
    for value, words, what in (
        (draft.does, list(Does), "A rule does one of"),
        (draft.when, list(When), "A rule looks at records that were one of"),
        (draft.object, OBJECTS, "A rule looks at one of"),
    ):
        if value not in words:
            problems.append(Problem(0, f"{what}: {', '.join(words)}"))
    if "@" in draft.name or "@" in draft.description:
        problems.append(Problem(0, "Name and description are kept in clear and cannot hold an e-mail address"))
    return problems


def save(org: Org, draft: Draft, made: Compiled, by: str) -> Rule:
    """Keep a rule that was compiled. Raises BadRule, NoSuchRule, NoSuchList, or ChangedMeanwhile with who was first."""
    with transaction.atomic():
        orgs.lock(org.pk)
        rule, before = _row(org, draft)
        if Rule.objects.filter(org=org, list=draft.list, name=draft.name.strip()).exclude(pk=rule.pk).exists():
            raise BadRule([Problem(0, f"The list has a rule “{draft.name.strip()}” already")])
        for name in NAMES:
            setattr(rule, name, str(getattr(draft, name)).strip())
        of = list_of(org, draft.list)
        rule.client, rule.list_name = of.client_id, of.name
        rule.enabled, rule.changed_by, rule.problem = draft.enabled, by, ""
        rule.save()
        body = {"criteria": [kept(one) for one in draft.criteria], "where": _where(draft, made)}
        secrets.put(org, _secret(rule.pk), json.dumps(body))
        audit.record(
            org, by, "change rule" if before else "make rule", _subject(rule), before=before, after=_told(rule, draft)
        )
    return rule


def _where(draft: Draft, made: Compiled) -> str:
    """A converted lead is a contact by now: a rule adds it only where it says so itself."""
    if draft.object == "Lead" and draft.does == Does.ADD and not made.names("IsConverted"):
        return both(made.where, "IsConverted = false")
    return made.where


def switch(org: Org, rule: int, by: str, *, on: bool) -> Rule:
    """Let a rule react to changes, or not."""
    with transaction.atomic():
        orgs.lock(org.pk)
        found = find(org, rule)
        if found.enabled != on:
            found.enabled, found.changed_by, found.version = on, by, found.version + 1
            found.save()
            audit.record(org, by, "enable rule" if on else "disable rule", _subject(found), before=not on, after=on)
    return found


def delete(org: Org, rule: int, by: str) -> None:
    """Delete a rule; who is on the list stays there. Raises NoSuchRule."""
    with transaction.atomic():
        found = find(org, rule)
        audit.record(org, by, "delete rule", _subject(found), before=_told(found, draft_of(found)))
        secrets.delete(org, _secret(found.pk))
        found.delete()


def count(run: int, tallies: Mapping[int, tuple[int, int]]) -> None:
    """Note what became of each rule's people in a run: (fired, left). Called in the transaction that keeps who that was.

    A run that is told the same again fires for nobody whom it has kept; those left it meets again, and counts once.
    """
    for rule in Rule.objects.select_for_update(no_key=True).filter(pk__in=tallies).order_by("pk"):
        fired, left = tallies[rule.pk]
        rule.fired += fired
        rule.left += left - (rule.run_left if rule.last_run == run else 0)
        rule.last_run, rule.run_left = run, left
        rule.last_at, rule.problem = timezone.now(), ""
        rule.save(update_fields=["fired", "left", "last_run", "run_left", "last_at", "problem"])


def tell_problems(org: int, asked: Collection[int], problems: Mapping[int, str]) -> None:
    """Keep why some of the rules that were asked could not be carried out; of the others it is forgotten."""
    Rule.objects.filter(org=org, pk__in=set(asked) - set(problems)).exclude(problem="").update(problem="")
    for rule, text in problems.items():
        Rule.objects.filter(org=org, pk=rule).update(problem=text)


def count_more(rule: int, fired: int, left: int) -> None:
    """Add what one page of a run over the past did. Called in the transaction that notes how far that is."""
    found = Rule.objects.select_for_update(no_key=True).get(pk=rule)
    found.fired += fired
    found.left += left
    found.last_at, found.problem = timezone.now(), ""
    found.save(update_fields=["fired", "left", "last_at", "problem"])


def _row(org: Org, draft: Draft) -> tuple[Rule, Any]:
    if not draft.id:
        return Rule(org=org), None
    rule = find(org, draft.id)
    if draft.version is not None and draft.version != rule.version:
        raise ChangedMeanwhile(rule.name, rule.changed_by)
    before = _told(rule, draft_of(rule))
    rule.version += 1
    return rule, before


def _told(rule: Rule, draft: Draft) -> dict[str, Any]:
    """For the audit log: fields and operators, never values."""
    told = {name: getattr(rule, name) for name in (*NAMES, "enabled")}
    return told | {"criteria": [f"{one.field} {one.operator}" for one in draft.criteria]}


def _subject(rule: Rule) -> str:
    return f"rule {rule.pk} “{rule.name}” of {rule.list_name}"[:200]


def _secret(rule: int) -> str:
    return f"subscriber_rule.{rule}"


def _opened(rule: Rule) -> dict[str, Any]:
    found = secrets.get(rule.org, _secret(rule.pk))
    body: dict[str, Any] = json.loads(found) if found else {"criteria": [], "where": ""}
    if not found:
        # nothing was kept: such a rule must be true of nobody, not of everybody
        body["where"] = "Id = null"
    return body


def draft_from(told: Mapping[str, Any]) -> Draft:
    """A rule from JSON as `Draft.as_json` gives it. Raises BadRule for what is no rule at all."""
    unknown = sorted(set(told) - {"id", "version", "enabled", "criteria", *NAMES})
    if unknown:
        raise BadRule([Problem(0, f"A rule has no “{unknown[0]}”")])
    criteria: Sequence[Any] = told.get("criteria") or ()
    rows = []
    for number, one in enumerate(criteria, 1):
        if not isinstance(one, Mapping) or not {"field", "operator"} <= set(one) <= {"field", "operator", "value"}:
            raise BadRule([Problem(number, "a criterion has a field, an operator and a value")])
        rows.append(Criterion(*(str(one.get(name) or "") for name in ("field", "operator", "value"))))
    draft = Draft(str(told.get("list") or ""), criteria=tuple(rows))
    texts: dict[str, Any] = {name: str(told[name]) for name in NAMES if told.get(name) is not None}
    version = told.get("version")
    return replace(
        draft,
        **texts,
        enabled=bool(told.get("enabled")),
        id=int(told.get("id") or 0),
        version=None if version is None else int(version),
    )
