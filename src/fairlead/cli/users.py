"""`fairlead users`: who may use Fairlead, by the permission sets that people hold in the org."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson
from fairlead.domain.role import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlead.features.permissions.org import Outcome

app = typer.Typer(
    help="Who may use Fairlead: users of the connected org and their permission sets.",
    epilog="Example: fairlead users list",
    no_args_is_help=True,
)


class Holds(StrEnum):
    """What is looked for."""

    ANY = "any"
    FULL = "full"
    STANDARD = "standard"
    LIMITED = "limited"
    GUEST = "guest"
    NONE = "none"


class Given(StrEnum):
    """Roles that can be given."""

    FULL = "full"
    STANDARD = "standard"
    LIMITED = "limited"
    GUEST = "guest"


Users = Annotated[list[str], typer.Argument(help="User names or ids in Salesforce.", metavar="USER…")]
Check = Annotated[bool, typer.Option("--check", help="Only say what would change.")]


@app.command("list", epilog="Example: fairlead users list --holds standard")
def list_users(
    words: Annotated[str, typer.Argument(help="Part of a name or user name.", metavar="[WORDS]")] = "",
    holds: Annotated[Holds, typer.Option(help="The permission set that they hold; none: no set.")] = Holds.ANY,
    page: Annotated[int, typer.Option(min=1, max=40, help="Which 50 of them.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List active users of the org, as it tells them now."""
    open_house()
    from fairlead.features.permissions import live
    from fairlead.features.permissions.endpoints import told
    from fairlead.features.permissions.org import Wanted

    role = None if holds is Holds.ANY else Role[holds.name]
    found = live.search(org(), Wanted(words, role, page))
    if as_json:
        show.document({"ok": True, "users": [told(each) for each in found.people], "more": found.more})
        return
    rows = [(p.id, p.name, p.username, p.profile, p.licence, p.role.label, p.warning) for p in found.people]
    show.table("", ["Id", "Name", "User name", "Profile", "Licence", "Role", "Remark"], rows)
    if found.more:
        show.console(errors=True).print(f"There are more: --page {page + 1}, or search for a name.")


@app.command("grant", epilog="Example: fairlead users grant ada@example.com --role standard")
def grant(
    users: Users,
    role: Annotated[Given, typer.Option(help="Whose permission set they get; another one of Fairlead is taken away.")],
    check: Check = False,
    as_json: AsJson = False,
) -> None:
    """Give users a permission set of Fairlead in the org."""
    _change(users, Role[role.name], check=check, as_json=as_json)


@app.command("revoke", epilog="Example: fairlead users revoke ada@example.com --check")
def revoke(users: Users, check: Check = False, as_json: AsJson = False) -> None:
    """Take Fairlead's permission sets away from users; sessions of those who lose access end."""
    _change(users, Role.NONE, check=check, as_json=as_json)


def _change(users: "Sequence[str]", wanted: Role, *, check: bool, as_json: bool) -> None:
    open_house()
    from fairlead.features.permissions import live
    from fairlead.features.permissions.endpoints import outcome_told, plan_told

    if check:
        changes = live.plan_named(org(), users, wanted)
        if as_json:
            show.document({"ok": True, "check_only": True, "changes": [plan_told(each) for each in changes]})
            return
        rows = [(c.person.username, c.person.role.label, c.after.label, c.effect, c.remark) for c in changes]
        show.table("", ["User", "Role now", "Role afterwards", "Effect", "Remark"], rows)
        return
    outcomes = live.save_named(org(), users, wanted, WHO)
    refused = [each for each in outcomes if each.problem]
    if as_json:
        show.document({"ok": not refused, "outcomes": [outcome_told(each) for each in outcomes]})
    else:
        _tell(outcomes)
    if refused:
        raise typer.Exit(1)


def _tell(outcomes: "Sequence[Outcome]") -> None:
    rows = [
        (
            each.change.person.username,
            each.change.person.role.label,
            each.after.label,
            each.problem or ("lost access" if each.lost else "done"),
        )
        for each in outcomes
    ]
    show.table("", ["User", "Role before", "Role now", "Outcome"], rows)
