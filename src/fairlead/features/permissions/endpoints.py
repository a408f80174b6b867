"""Access for programs: `/api/v1/access` lists users with their roles, and gives or takes sets."""

from typing import Any

from django.http import HttpRequest

from fairlead.domain.role import Role
from fairlead.features.permissions import live, rules
from fairlead.features.permissions.org import Outcome, Wanted
from fairlead.features.permissions.rules import Person
from fairlead.store.orgs import default_org
from fairlead.ui.api import BadBody, api, body


def _users(request: HttpRequest) -> dict[str, Any]:
    """Active users, 50 a page: `?words=&holds=full|standard|limited|guest|none&page=`."""
    number, holds = request.GET.get("page", "1"), request.GET.get("holds", "")
    if not number.isdecimal() or len(number) > 4:
        raise BadBody(f"{number[:40]!r} is no page.", next_step="Give a whole number from 1.")
    wanted = Wanted(request.GET.get("words", "")[:80], _role(holds) if holds else None, int(number))
    found = live.search(default_org(), wanted)
    return {"users": [told(person) for person in found.people], "more": found.more}


def _change(request: HttpRequest, by: str) -> dict[str, Any]:
    """Give users the set of a role, or none: `{"users": [user names or ids], "role": …, "check": true to change nothing}`."""
    sent = body(request)
    names, wanted = sent.get("users"), _role(str(sent.get("role", "")))
    if not isinstance(names, list) or not names:
        raise BadBody("`users` is no list of user names or ids.")
    users = [str(name) for name in names]
    if sent.get("check") is True:
        return {
            "check_only": True,
            "changes": [plan_told(each) for each in live.plan_named(default_org(), users, wanted)],
        }
    return {"outcomes": [outcome_told(each) for each in live.save_named(default_org(), users, wanted, by)]}


def _role(word: str) -> Role:
    found = rules.wanted_role(word)
    if found is None:
        words = ", ".join(role.word for role in sorted(Role, reverse=True))
        raise BadBody(f"{word[:40]!r} is no role.", next_step=f"Give one of {words}.")
    return found


def told(person: Person) -> dict[str, Any]:
    """A user as JSON."""
    return {
        "id": person.id,
        "name": person.name,
        "username": person.username,
        "profile": person.profile,
        "licence": person.licence,
        "role": person.role.word,
        "sets": list(person.sets),
        "warning": person.warning,
    }


def plan_told(change: rules.Change) -> dict[str, Any]:
    """What a change would do, as JSON."""
    return {
        "id": change.person.id,
        "before": change.person.role.word,
        "after": change.after.word,
        "effect": change.effect,
        "remark": change.remark,
    }


def outcome_told(outcome: Outcome) -> dict[str, Any]:
    """What became of one user, as JSON."""
    person = outcome.change.person
    return {
        "id": person.id,
        "username": person.username,
        "before": person.role.word,
        "after": outcome.after.word,
        "problem": outcome.problem,
        "lost_access": outcome.lost,
    }


access = api(get=_users, post=_change)
