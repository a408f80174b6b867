"""`fairlead token`: what lets programs use the API."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.jobs import when
from fairlead.cli.show import AsJson
from fairlead.domain.role import Role

app = typer.Typer(
    help="Make, list and revoke tokens of the API.", epilog="Example: fairlead token list", no_args_is_help=True
)


class Word(StrEnum):
    """Roles that a token can have."""

    FULL = "full"
    STANDARD = "standard"
    LIMITED = "limited"


Name = Annotated[str, typer.Argument(help="What the token is called.", metavar="NAME")]


@app.command("create", epilog="Example: fairlead token create reporting --days 90 --read-only")
def create(
    name: Name,
    days: Annotated[int, typer.Option(min=0, max=3650, help="Days until it expires; 0: never.")] = 365,
    read_only: Annotated[bool, typer.Option("--read-only", help="It may look and change nothing.")] = False,
    role: Annotated[
        Word,
        typer.Option("--role", help="What it opens: as much as the permission set of that role opens to a person."),
    ] = Word.FULL,
    as_json: AsJson = False,
) -> None:
    """Make a token and show it, for the only time: Fairlead keeps a hash of it."""
    open_house()
    from django.utils import timezone

    from fairlead.store import tokens

    expires_at = timezone.now() + timedelta(days=days) if days else None
    token = tokens.create(org(), name, WHO, expires_at=expires_at, read_only=read_only, role=Role[role.name])
    if as_json:
        show.document(
            {
                "ok": True,
                "name": name,
                "token": token,
                "expires_at": expires_at,
                "read_only": read_only,
                "role": role.value,
            }
        )
        return
    show.console(errors=True).print("Keep it well: it is not shown again. Send it as `Authorization: Bearer …`.")
    print(token)


@app.command("list", epilog="Example: fairlead token list")
def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens that were made."""
    open_house()
    from fairlead.store.models import ApiToken

    names = ("name", "read_only", "role", "created_by", "created_at", "expires_at", "last_used_at", "revoked_at")
    found = [{**row, "role": Role(row["role"]).word} for row in ApiToken.objects.filter(org=org()).values(*names)]
    if as_json:
        show.document({"ok": True, "tokens": found})
        return
    rows = [
        (
            one["name"],
            "look" if one["read_only"] else "look and change",
            one["role"],
            one["created_by"],
            *(when(one[each]) for each in ("created_at", "expires_at", "last_used_at", "revoked_at")),
        )
        for one in found
    ]
    show.table("", ["Name", "May", "Role", "Made by", "Made", "Expires", "Last used", "Revoked"], rows)


@app.command("revoke", epilog="Example: fairlead token revoke reporting")
def revoke(name: Name, as_json: AsJson = False) -> None:
    """Let nobody in by this token any more."""
    open_house()
    from fairlead.store import tokens

    tokens.revoke(org(), name, WHO)
    if as_json:
        show.document({"ok": True, "name": name})
    else:
        show.console().print(f"The token “{name}” is revoked.")
