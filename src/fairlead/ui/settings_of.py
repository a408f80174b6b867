"""Settings as pages, the command line and the API show and change them: the same words, the same refusals."""

import re
from typing import Any, Final

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.setting import Choice, Number, Of, Setting, Several, Table, Text, find
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.ui import rooms

SUBJECT: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


class BadSubject(FixTheSettings):
    """What was given as the id of a client or list cannot be one."""

    code = "FL-369"
    next_step = "Give the id as Campaign Monitor shows it: letters and digits, at most 64."

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject[:80]!r} is no id of a client or list.")


def named(name: str) -> Setting[Any]:
    """The setting of this name. Raises BadSetting."""
    return find(rooms.settings(), name)


def subject_of(setting: Setting[Any], subject: str) -> str:
    """The id for which a setting is asked for; blank for one of the org. Raises NeedsSubject, BadSubject."""
    if setting.of is Of.ORG:
        return ""
    if not subject:
        raise setting_rows.NeedsSubject(setting)
    if not SUBJECT.fullmatch(subject):
        raise BadSubject(subject)
    return subject


def described(setting: Setting[Any]) -> dict[str, Any]:
    """What a setting is, as JSON, without what was chosen."""
    told: dict[str, Any] = {
        "name": setting.name,
        "title": setting.title,
        "help": setting.help,
        "kind": setting.kind,
        "unit": setting.unit,
        "of": str(setting.of),
        "default": setting.as_json(setting.default),
        "possible": setting.possible,
        "choices": [],
    }
    if isinstance(setting, Choice | Several):
        told["choices"] = [{"value": value, "label": label} for value, label in setting.choices]
    if isinstance(setting, Number):
        told |= {"least": setting.least, "most": setting.most}
    if isinstance(setting, Text):
        told["most"] = setting.most
    if isinstance(setting, Table):
        told["columns"] = [_column(column) for column in setting.columns]
    return told


def shown(org: Org, setting: Setting[Any], subject: str = "") -> dict[str, Any]:
    """What a setting is and what was chosen, as JSON. Raises NeedsSubject, BadSubject."""
    subject = subject_of(setting, subject)
    kept = setting_rows.kept(org, [setting], subject)[setting.name]
    return {
        **described(setting),
        "subject": subject,
        "value": kept.value,
        "version": kept.version,
        "changed_by": kept.changed_by,
        "changed_at": kept.changed_at,
        "problem": str(kept.problem) if kept.problem else "",
    }


def all_shown(org: Org, room: str = "") -> list[dict[str, Any]]:
    """The settings of a room, or of all: those of the org with their values, the others with the ids that have one."""
    told = []
    for each in rooms.rooms():
        for setting in each.settings if room in ("", each.name) else ():
            if setting.of is Of.ORG:
                told.append({"room": each.name, **shown(org, setting)})
            else:
                chosen = sorted(setting_rows.subjects(org, setting))
                told.append({"room": each.name, **described(setting), "chosen_for": chosen})
    return told


def _column(column: Any) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "flag": column.flag,
        "required": column.required,
        "choices": [{"value": value, "label": label} for value, label in column.choices],
    }
