"""E-mail templates as they are kept."""

from dataclasses import dataclass
from typing import Final

from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.store import Client, Store
from fairlead_emulators.campaignmonitor.ties import next_number

TABLES: Final = """
CREATE TABLE IF NOT EXISTS templates (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, name TEXT NOT NULL,
    page TEXT NOT NULL, archive TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Template:
    """One template of a client. `page`: where its HTML was read; `archive`: where its other files were, or empty."""

    n: int
    id: str
    client: str
    name: str
    page: str
    archive: str

    def shown(self) -> dict[str, str]:
        """As the API shows it."""
        return {
            "TemplateID": self.id,
            "Name": self.name,
            "PreviewURL": f"https://preview.example.com/templates/{self.id}",
            "ScreenshotURL": f"https://preview.example.com/templates/{self.id}.png",
        }


def templates(store: Store, where: str = "1", *values: object) -> list[Template]:
    """Templates that an SQL condition selects, in the order they were made."""
    found = store.db.execute(
        f"SELECT n, id, client, name, page, archive FROM templates WHERE {where} ORDER BY n", values
    )
    return [Template(*each) for each in found]


def template(store: Store, identity: str) -> Template | None:
    """One template by its id."""
    return next(iter(templates(store, "id = ?", identity.lower())), None)


def add(store: Store, client: Client, name: str, page: str, archive: str) -> str:
    """Adds a template and returns its id."""
    with store.transaction():
        number = next_number(store, "templates")
        identity = derived("template", client.id, number, name)
        store.db.execute(
            "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?)", (number, identity, client.id, name, page, archive)
        )
    return identity


def keep(store: Store, changed: Template) -> None:
    """Writes a template's name and addresses."""
    with store.transaction():
        store.db.execute(
            "UPDATE templates SET name = ?, page = ?, archive = ? WHERE n = ?",
            (changed.name, changed.page, changed.archive, changed.n),
        )


def remove(store: Store, where: str, *values: object) -> None:
    """Deletes the templates that an SQL condition selects."""
    with store.transaction():
        store.db.execute(f"DELETE FROM templates WHERE {where}", values)
