"""Writes the pages of `docs/reference/` from the code: `python -m fairlead.cli.reference docs/reference`."""

import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import typer

NOTE: Final = "<!-- Written by `make docs` from the code: do not edit. -->\n\n"

COMMANDS: Final = """# Commands

{help}

Every command takes `--help`, and `--json` for one JSON document on standard output; words about an error go to standard
error. With `--json` an error is `{{"ok": false, "error": {{"code", "text", "next_step"}}}}`.

"""

SETTINGS: Final = """# Settings

Read from the environment when a process starts. Each variable has a twin that ends with `_FILE`: the name of a file that
holds the value.

| variable | default | |
| --- | --- | --- |
"""

JOBS: Final = """# Jobs

A job is one piece of work. At most `FAIRLEAD_SLOTS` jobs of an org run at once, first come, first served; the others are
*Holding*. Of one kind and key, one job runs at a time. A job whose worker dies is taken over by another worker, up to its
number of attempts.

## States

| from | by | to |
| --- | --- | --- |
{moves}
## Schedules

In the schedule's own time zone; hours are those of UTC. A run that was missed is made up for once.
These are the minutes of the first org; the runs of each further one begin seven minutes later in the hour.

| frequency | when |
| --- | --- |
{schedules}| {never} | |
"""

CODES: Final = """# Error codes

A message about something that went wrong ends with its support code. Codes that begin with `CM-` and `SF-` are Campaign
Monitor's and Salesforce's own: see [Campaign Monitor's codes](campaign-monitor-codes.md) and
[Salesforce's codes](salesforce-codes.md).

| code | meaning | what to do |
| --- | --- | --- |
"""


def commands() -> str:
    """Every command with its arguments, options and example."""
    from fairlead.cli.main import app

    root: Any = typer.main.get_command(app)
    parts = [_command(path, command) for path, command in _walk("fairlead", root)]
    return NOTE + COMMANDS.format(help=root.help) + "\n".join(parts)


def _walk(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _walk(f"{path} {name}", command)
        else:
            yield f"{path} {name}", command


def _command(path: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [
        each for each in command.params if each.param_type_name == "option" and each.name not in ("as_json", "help")
    ]
    words = " ".join([path, *(each.metavar or each.name.upper() for each in arguments)])
    parts = [f"## {path}", f"`{words}`" if arguments else "", inspect.cleandoc(command.help or ""), _example(command)]
    if options:
        rows = [f"| `{_names(each)}` | {_default(each)} | {_help(each)} |" for each in options]
        parts.append("\n".join(["| option | default | |", "| --- | --- | --- |", *rows]))
    return "".join(f"{part}\n\n" for part in parts if part)[:-1]


def _names(option: Any) -> str:
    return " / ".join([*option.opts, *option.secondary_opts])


def _default(option: Any) -> str:
    value = option.default
    return (
        ""
        if value is None or value == "" or isinstance(value, bool) or not isinstance(value, (str, int, float))
        else f"`{value}`"
    )


def _help(option: Any) -> str:
    names = option.envvar if isinstance(option.envvar, (list, tuple)) else [option.envvar] if option.envvar else []
    return " ".join([option.help or "", *(f"Environment: `{name}`." for name in names)]).strip()


def _example(command: Any) -> str:
    return f"`{(command.epilog or '').removeprefix('Example: ')}`"


def deployment_settings() -> str:
    """Every variable of the environment, with default and meaning."""
    from fairlead.settings import describe

    rows = (f"| `{each.variable}` | {_shown(each.default)} | {each.help} |\n" for each in describe())
    return NOTE + SETTINGS + "".join(rows)


def _shown(default: str) -> str:
    return default if " " in default or not default else f"`{default}`"


def job_states() -> str:
    """States of jobs, what leads from one to another, and how often a schedule asks."""
    from fairlead.jobs import schedules
    from fairlead.jobs.models import Frequency, State
    from fairlead.jobs.states import TABLE

    rows = [
        f"| {State(before).label} | {event.value} | {State(after).label} |\n" for before, event, after in _moves(TABLE)
    ]
    when = [f"| {Frequency(name).label} | `{cron}` |\n" for name, cron in schedules.CRON.items()]
    return NOTE + JOBS.format(moves="".join(rows), schedules="".join(when), never=Frequency.NEVER.label)


def _moves(table: Any) -> Iterator[tuple[Any, Any, Any]]:
    for (before, event), after in table.items():
        yield before, event, after


def error_codes() -> str:
    """Every failure with its support code."""
    rows = [
        f"| [{each.code}](../codes/{each.code}.md) | {_first_line(each)} | {each.next_step} |\n" for each in failures()
    ]
    return NOTE + CODES + "".join(rows)


def codes_of_a_service(prefix: str) -> str:
    """The codes of one of the two services that its client knows."""
    from fairlead.ui import help_codes

    name = help_codes.SERVICES[prefix]
    rows = [f"| `{row.code}` | {row.says} | {row.next_step} |\n" for row in help_codes.of_service(prefix).values()]
    return NOTE + f"# Codes of {name}\n\n| code | it says | what to do |\n| --- | --- | --- |\n" + "".join(rows)


def failures() -> list[type[Any]]:
    """Every class of failure that has a support code of its own, by code."""
    from fairlead.domain.failure import Failure

    for module in pkgutil.walk_packages(importlib.import_module("fairlead").__path__, "fairlead."):
        if not any(part in module.name for part in (".migrations", ".__main__", ".asgi")):
            importlib.import_module(module.name)
    found = {each for each in _below(Failure) if each.__module__.startswith("fairlead.") and "code" in vars(each)}
    return sorted(found, key=lambda each: (each.code, each.__name__))


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _first_line(kind: type[Any]) -> str:
    return (inspect.getdoc(kind) or kind.__name__).splitlines()[0]


def installed_in_the_org() -> str:
    """Objects, fields, buttons, rights, flows and reports of the SFDX project."""
    from fairlead.cli import reference_org

    return NOTE + reference_org.page()


OPTIONS: Final = """# Options

What people choose while Fairlead runs: on the page *Options* of a room, with `fairlead settings set NAME VALUE`, or by
`PUT /api/v1/settings/NAME`. Those of a client or list are chosen for each of them; where nobody chose, the default holds.

"""


def options() -> str:
    """Every setting of every room, with default and meaning."""
    from fairlead.ui import rooms

    parts = [NOTE, OPTIONS]
    for room in rooms.rooms():
        if room.settings:
            rows = "".join(map(_option, room.settings))
            parts.append(
                f"## {room.title}\n\n| name | title | default | of | |\n| --- | --- | --- | --- | --- |\n{rows}\n"
            )
    return "".join(parts)[:-1]


def _option(setting: Any) -> str:
    from fairlead.ui.settings_forms import in_words

    default = in_words(setting, setting.as_json(setting.default))
    cells = (f"`{setting.name}`", setting.title, default, str(setting.of), f"{setting.help} {setting.possible}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


PAGES: Final[dict[str, Callable[[], str]]] = {
    "cli.md": commands,
    "settings.md": deployment_settings,
    "options.md": options,
    "jobs.md": job_states,
    "error-codes.md": error_codes,
    "campaign-monitor-codes.md": partial(codes_of_a_service, "CM"),
    "salesforce-codes.md": partial(codes_of_a_service, "SF"),
    "org.md": installed_in_the_org,
}


def main(folder: str) -> None:
    """Write all pages."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")
    os.environ.setdefault("FAIRLEAD_SECRET_KEY", "only-for-reading-the-code-of-fairlead")
    django.setup()
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        (Path(folder) / name).write_text(write(), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
