"""The form of several settings, made from their declarations: a control for each kind, and what was typed as typed.

Each control carries the version and the value that were shown. So the second of two people is told what the first has
changed, and what only the first has changed stays as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.http import QueryDict
from django.utils.functional import cached_property

from fairlead.domain.setting import MAX_TEXT, BadSetting, Column, Setting, Several, Table
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.setting_rows import ChangedMeanwhile, Kept

BLANK_LINES: Final = 2
"""Empty lines that a table offers."""


@dataclass(slots=True)
class Cell:
    """One control of a table's line."""

    column: Column
    name: str
    value: Any
    label: str


@dataclass
class Control:
    """One setting on a page: what is shown in it, and what is wrong with it."""

    setting: Setting[Any]
    kept: Kept
    value: Any
    more: int = 0
    error: str = ""
    help_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.help_id = self.id = self.setting.name.replace(".", "-")

    @property
    def kind(self) -> str:
        return self.setting.kind

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """Values and labels; of several, the chosen ones first in their order, so that an untouched form keeps it."""
        choices: Sequence[tuple[str, str]] = getattr(self.setting, "choices", ())
        if self.kind != "several":
            return choices
        chosen = list(self.value)
        return sorted(choices, key=lambda one: chosen.index(one[0]) if one[0] in chosen else len(chosen))

    @property
    def shown(self) -> str:
        """The value that is kept now, as JSON: it comes back with what is sent."""
        return json.dumps(self.kept.value, sort_keys=True)

    @property
    def words(self) -> str:
        """Free words of a setting of several, as people write them."""
        return ", ".join(self.value) if isinstance(self.value, list) else str(self.value)

    @property
    def default(self) -> str:
        """The default in words."""
        return in_words(self.setting, self.setting.as_json(self.setting.default))

    @cached_property
    def lines(self) -> list[list[Cell]]:
        """The lines of a table, and blank ones to add to it."""
        assert isinstance(self.setting, Table)
        blank: Mapping[str, Any] = {}
        given = [*self.value, *[blank] * (BLANK_LINES + self.more)]
        return [
            [
                Cell(
                    column,
                    f"{self.id}-{number}-{column.name}",
                    line.get(column.name, ""),
                    f"{self.setting.title}, line {number + 1}: {column.title}",
                )
                for column in self.setting.columns
            ]
            for number, line in enumerate(given)
        ]


@dataclass
class SettingsForm:
    """Settings of the org, or of one client or list, as controls."""

    org: Org
    settings: Sequence[Setting[Any]]
    subject: str = ""
    controls: list[Control] = field(init=False)

    def __post_init__(self) -> None:
        kept = setting_rows.kept(self.org, self.settings, self.subject)
        self.controls = [Control(each, kept[each.name], kept[each.name].value) for each in self.settings]
        for control in self.controls:
            if control.kept.problem is not None:
                control.error = (
                    f"What was chosen is not possible any more, so the default holds. {control.kept.problem}"
                )

    @property
    def errors(self) -> list[Control]:
        return [control for control in self.controls if control.error]

    def save(self, sent: QueryDict, by: str) -> bool:
        """Save what was changed, all of it or nothing; False where something is wrong, which the controls then say."""
        changes = [change for control in self.controls if (change := self._change(control, sent)) is not None]
        if "more" in sent or any(control.error for control, _ in changes):
            return False
        with transaction.atomic():
            for control, value in changes:
                try:
                    setting_rows.put(
                        self.org, control.setting, value, by, subject=self.subject, seen=control.kept.version
                    )
                except ChangedMeanwhile as failure:
                    control.error = str(failure)
                    transaction.set_rollback(True)
                    return False
        return True

    def _change(self, control: Control, sent: QueryDict) -> tuple[Control, Any] | None:
        """What this control is to be changed to; None where it is not. What was typed stays in the control."""
        before = sent.get(f"{control.id}-shown")
        if before is None:
            return None  # not on the form that was sent
        typed = _typed(control, sent)
        control.error = ""
        control.more = 1 if sent.get("more") == control.id else 0
        try:
            value = control.setting.as_json(control.setting.read(typed))
        except BadSetting as failure:
            control.value, control.error = typed, _in_the_title(control.setting, failure)
            return control, None
        if json.dumps(value, sort_keys=True) == before and control.kept.problem is None:
            return None
        control.value = value
        if sent.get(f"{control.id}-version") != str(control.kept.version) and value != control.kept.value:
            control.error = (
                f"{control.kept.changed_by or 'Somebody else'} changed this meanwhile: it is "
                f"{in_words(control.setting, control.kept.value)} now. Save again to have yours instead."
            )
        return control, value


def in_words(setting: Setting[Any], value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    labels = dict(getattr(setting, "choices", ()))
    if isinstance(setting, Table):
        return f"{len(value)} lines" if value else "no lines"
    if isinstance(value, list):
        return ", ".join(str(labels.get(word, word)) for word in value) or "none"
    return f"{labels.get(value, value)} {setting.unit}".strip() or "blank"


def _typed(control: Control, sent: QueryDict) -> Any:
    setting = control.setting
    if isinstance(setting, Table):
        return _lines(setting, control.id, sent)
    if setting.kind == "flag":
        return control.id in sent
    if isinstance(setting, Several) and setting.choices:
        chosen = sent.getlist(control.id)
        return (
            sorted(chosen, key=lambda one: _place(sent.get(f"{control.id}-place-{one}"))) if setting.ordered else chosen
        )
    return sent.get(control.id, "")


def _place(text: str | None) -> int:
    """Where somebody wants a value; those without a number stay behind the others."""
    return int(text) if text and text.isdecimal() else MAX_TEXT


def _lines(setting: Table, name: str, sent: QueryDict) -> list[dict[str, Any]]:
    """The lines that hold anything and are not to be deleted."""
    lines: list[dict[str, Any]] = []
    told = sent.get(f"{name}-lines") or ""
    for number in range(min(int(told) if told.isdecimal() else 0, setting.most + BLANK_LINES)):
        at = f"{name}-{number}"
        texts = {one.name: (sent.get(f"{at}-{one.name}") or "").strip() for one in setting.columns if not one.flag}
        flags = {one.name: f"{at}-{one.name}" in sent for one in setting.columns if one.flag}
        if any(texts.values()) and f"{at}-delete" not in sent:
            lines.append({**texts, **flags})
    return lines


def _in_the_title(setting: Setting[Any], failure: BadSetting) -> str:
    """The refusal without the setting's name, which stands above it."""
    return f"{failure.text.replace(f'“{setting.name}', f'“{setting.title}')} {failure.step}"
