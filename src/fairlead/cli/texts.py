"""Collects every text for translators: `python -m fairlead.cli.texts` writes `locale/en/LC_MESSAGES/django.po`.

Three sources: what templates and views mark for gettext, and what is declared in code that knows of no language (titles,
hints and labels of settings, rooms, states and stages), which pages translate where they show it. No tool of gettext is
needed; a translator copies the file for a new language, and `msgfmt` compiles it.
"""

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

SOURCES: Final = Path(__file__).parents[1]
FILE: Final = SOURCES / "locale" / "en" / "LC_MESSAGES" / "django.po"
MARKS: Final = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "noop"})
DECLARERS: Final = frozenset({"Allowance", "Chart", "Column", "Filter", "Part", "Series", "Table", "series"})
"""Furniture of pages: what begins with a capital in what it is given is shown, and translated where it is shown."""
_TEXT: Final = r"""u?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_CALL: Final = re.compile(rf"(?:\b_|\bn?gettext)\(\s*{_TEXT}(?:\s*,\s*{_TEXT})?", re.DOTALL)
HEAD: Final = """# Every text of the pages, in English. Written by `make messages` from the code: do not edit.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""

Message = tuple[str, str]
"""A text, and its plural; blank where it has none."""


def in_template(source: str) -> Iterator[Message]:
    """What a template marks."""
    from django.utils.translation.template import templatize

    for found in _CALL.finditer(templatize(source)):
        one, many = found.groups()
        yield ast.literal_eval(one), ast.literal_eval(many) if many else ""


def in_code(source: str) -> Iterator[Message]:
    """What a module marks."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if texts:
                yield texts[0], texts[1] if len(texts) > 1 else ""
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DECLARERS:
            yield from ((text, "") for text in _shown(node) if text[:1].isupper())


def _shown(call: ast.Call) -> Iterator[str]:
    """The texts that a call is given, also in tuples; those of calls inside it are their own."""
    waiting: list[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
        elif isinstance(each, ast.Tuple | ast.List):
            waiting.extend(each.elts)


def declared() -> Iterator[tuple[str, str]]:
    """Words of declarations, each with the name of what declares it."""
    from django.apps import apps

    from fairlead.domain.activity import Activity
    from fairlead.domain.role import Role
    from fairlead.domain.setting import Of
    from fairlead.jobs import registry, views_of
    from fairlead.ui import rooms
    from fairlead.wiring import PRIMARY_SYNC_STAGES, register_runners

    register_runners()
    for room in rooms.rooms():
        yield room.title, f"room {room.name}"
        for setting in room.settings:
            yield from ((words, f"setting {setting.name}") for words in of_setting(setting))
    for stage in PRIMARY_SYNC_STAGES:
        yield stage.title, f"stage {stage.name}"
    yield from ((kind.title, "jobs") for kind in registry.kinds())
    yield from ((label, "counts of a job") for _, label in (*views_of.NUMBERS, *views_of.LINKS))
    yield from ((kind.value, "kinds of activity") for kind in Activity)
    yield from ((title, "menu") for _, title in rooms.GROUPS)
    yield from ((role.label, "roles") for role in Role)
    yield from ((word, "subjects") for of in Of for word in (of.value, of.value.title(), f"{of.value}s"))
    for model in apps.get_models():
        if model.__module__.startswith("fairlead."):
            for field in model._meta.get_fields():
                yield from (
                    (str(label), f"state {model.__name__}") for _, label in getattr(field, "choices", None) or ()
                )


def of_setting(setting: Any) -> Iterator[str]:
    """Every word of a setting that a page shows."""
    yield from (setting.title, setting.help, setting.unit)
    yield from (label for _, label in getattr(setting, "choices", ()))
    for column in getattr(setting, "columns", ()):
        yield column.title
        yield from (label for _, label in column.choices)


def collect(root: Path = SOURCES) -> dict[Message, set[str]]:
    """Every text with where it stands."""
    found: dict[Message, set[str]] = {}
    for path in sorted([*root.rglob("*.html"), *root.rglob("*.py")]):
        read = in_template if path.suffix == ".html" else in_code
        for message in read(path.read_text("utf-8")):
            found.setdefault(message, set()).add(path.relative_to(root).as_posix())
    for words, where in declared():
        if words:
            found.setdefault((words, ""), set()).add(where)
    return {message: found[message] for message in sorted(found) if message[0].strip()}


def written(messages: dict[Message, set[str]]) -> str:
    """The file."""
    return HEAD + "\n".join(_entry(message, sorted(where)) for message, where in messages.items())


def _entry(message: Message, where: Iterable[str]) -> str:
    one, many = message
    lines = [f"#: {place}" for place in where]
    formats = {"python-format": r"%\(\w+\)", "python-brace-format": r"\{\w+(:[^}]*)?\}"}
    flags = [name for name, shape in formats.items() if re.search(shape, one)]
    lines += [f"#, {', '.join(flags)}"] if flags else []
    lines += [f"msgid {_quoted(one)}"]
    lines += [f"msgid_plural {_quoted(many)}", 'msgstr[0] ""', 'msgstr[1] ""'] if many else ['msgstr ""']
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def main() -> None:
    """Write the file."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")
    django.setup()
    text = written(collect())
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text, "utf-8")
    sys.stdout.write(f"{text.count('msgid ') - 1} texts in {FILE}\n")


if __name__ == "__main__":
    main()
