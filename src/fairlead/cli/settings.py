"""`fairlead settings`: what can be chosen while Fairlead runs, and what was."""

import json
from typing import Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(help="Look at settings, change them.", epilog="Example: fairlead settings list", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The setting's name.", metavar="NAME")]
OfId = Annotated[str, typer.Option("--of", metavar="ID", help="Id of the client or list, for a setting of one.")]
Seen = Annotated[
    int | None, typer.Option("--version", help="Change it only if it is still at this version, as `get` shows it.")
]


@app.command("list", epilog="Example: fairlead settings list --room primary_sync")
def list_settings(
    room: Annotated[str, typer.Option(metavar="NAME", help="Only those of this room.")] = "", as_json: AsJson = False
) -> None:
    """List settings with their values."""
    open_house()
    from fairlead.ui import settings_of

    found = settings_of.all_shown(org(), room)
    if as_json:
        show.document({"ok": True, "settings": found})
        return
    rows = [(one["name"], one["title"], _value(one), _text(one["default"]), one["unit"], one["of"]) for one in found]
    show.table("", ["Name", "Title", "Value", "Default", "Unit", "Of"], rows)


@app.command("get", epilog="Example: fairlead settings get primary_sync.sweep_share")
def get(name: Name, of: OfId = "", as_json: AsJson = False) -> None:
    """Show one setting: its value, what it means, who changed it last."""
    open_house()
    from fairlead.ui import settings_of

    _tell(settings_of.shown(org(), settings_of.named(name), of), as_json=as_json)


@app.command("set", epilog="Example: fairlead settings set primary_sync.sweep_share 30")
def change(
    name: Name,
    value: Annotated[str, typer.Argument(help="What to choose; words by commas, tables as JSON.", metavar="VALUE")],
    of: OfId = "",
    version: Seen = None,
    as_json: AsJson = False,
) -> None:
    """Change a setting. The next run reads it."""
    open_house()
    from fairlead.store import setting_rows
    from fairlead.ui import settings_of

    setting = settings_of.named(name)
    setting_rows.put(org(), setting, value, WHO, subject=settings_of.subject_of(setting, of), seen=version)
    _tell(settings_of.shown(org(), setting, of), as_json=as_json)


@app.command("reset", epilog="Example: fairlead settings reset primary_sync.sweep_share")
def reset(name: Name, of: OfId = "", version: Seen = None, as_json: AsJson = False) -> None:
    """Put a setting back to its default."""
    open_house()
    from fairlead.store import setting_rows
    from fairlead.ui import settings_of

    setting = settings_of.named(name)
    setting_rows.reset(org(), setting, WHO, subject=settings_of.subject_of(setting, of), seen=version)
    _tell(settings_of.shown(org(), setting, of), as_json=as_json)


def _tell(setting: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show.document({"ok": True, "setting": setting})
        return
    out = show.console()
    out.print(f"{setting['title']}: {_text(setting['value'])} {setting['unit']}".rstrip())
    out.print(setting["help"])
    changed = f" Changed by {setting['changed_by']}." if setting["changed_by"] else ""
    out.print(f"Default: {_text(setting['default'])}. Version {setting['version']}.{changed}")
    if setting["problem"]:
        out.print(setting["problem"])


def _value(setting: dict[str, Any]) -> str:
    if "value" in setting:
        return _text(setting["value"])
    return f"chosen for {len(setting['chosen_for']):,}" if setting["chosen_for"] else "default for all"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        plain = all(isinstance(word, str) for word in value)
        return ", ".join(value) if plain else json.dumps(value, ensure_ascii=False)
    return str(value)
