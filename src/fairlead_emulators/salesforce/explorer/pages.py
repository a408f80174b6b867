"""The explorer: a person's view into the org. Objects, records, Setup, the request log. No session, no call counted."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fairlead_emulators.requests_log import RequestLog
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.limits import Usage, limits_body
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

PAGE: Final = 50
RELATED: Final = 10
_TEXTS: Final = ("string", "email", "phone", "url", "picklist")
_STYLE: Final = """
body{margin:0;font:14px/1.5 system-ui,sans-serif;background:#f3f3f3;color:#181818}
header{background:#fff;border-bottom:3px solid #0176d3;padding:.6rem 1.5rem;display:flex;gap:1.5rem;align-items:center}
header b{font-size:1.1rem}nav a{margin-right:1rem}main{margin:1.5rem;max-width:90rem}a{color:#0b5cab;text-decoration:none}
a:hover{text-decoration:underline}section{background:#fff;border:1px solid #c9c9c9;border-radius:.25rem;
padding:1rem;margin-bottom:1rem;overflow-x:auto}h1{font-size:1.3rem;margin:.2rem 0 1rem}h2{font-size:1rem;margin:0 0 .6rem}
table{border-collapse:collapse;width:100%}th{text-align:left;background:#f3f3f3}
th,td{padding:.3rem .6rem;border-bottom:1px solid #e5e5e5;white-space:pre-wrap;vertical-align:top}
input{font:inherit;padding:.3rem .6rem;border:1px solid #747474;border-radius:.25rem}
button{font:inherit;padding:.3rem .8rem;border:0;border-radius:.25rem;background:#0176d3;color:#fff}
.muted{color:#5c5c5c}
"""

Markup = str


def text(value: Any) -> Markup:
    """A value, safe in HTML."""
    return "" if value is None else html.escape(str(value))


def link(path: str, label: Any) -> Markup:
    """A link."""
    return f'<a href="{html.escape(path)}">{text(label)}</a>'


def table(head: Iterable[str], rows: Iterable[Sequence[Markup]]) -> Markup:
    """A table; the cells are markup."""
    top = "".join(f"<th scope=col>{text(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def section(title: str, content: Markup) -> Markup:
    """A card."""
    return f"<section><h2>{text(title)}</h2>{content}</section>"


def page(title: str, content: Markup) -> HTMLResponse:
    """A whole page."""
    menu = " ".join((link("/", "Objects"), link("/_explorer/setup", "Setup"), link("/_explorer/requests", "Requests")))
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{text(title)} · local org</title>"
        f"<style>{_STYLE}</style><header><b>Local Salesforce org</b><nav>{menu}</nav></header>"
        f"<main><h1>{text(title)}</h1>{content}</main></html>"
    )


def missing(what: str) -> Response:
    """The page for what does not exist."""
    response = page("Not found", f"<p>{text(what)} does not exist in this org. {link('/', 'See all objects')}.</p>")
    response.status_code = 404
    return response


@dataclass(frozen=True, slots=True)
class Explorer:
    """The pages."""

    org: Org
    usage: Usage
    requests: RequestLog

    def routes(self) -> list[Route]:
        """The routes of this file."""
        pages = {
            "/": self.home,
            "/_explorer/o/{sobject}": self.records,
            "/_explorer/r/{id}": self.record,
            "/_explorer/setup": self.setup,
            "/_explorer/requests": self.log,
        }

        def threaded(work: Any) -> Any:
            async def endpoint(request: Request) -> Response:
                response: Response = await run_in_threadpool(work, request)
                return response

            return endpoint

        return [Route(path, threaded(work), methods=["GET"]) for path, work in pages.items()]

    def home(self, _request: Request) -> Response:
        """Objects with counts."""
        counts = self.org.storage.counts()
        objects = sorted(self.org.storage.schema.objects.values(), key=lambda o: (not o.custom, o.label))
        rows = [
            (
                link(f"/_explorer/o/{o.name}", o.label_plural),
                text(o.name),
                f"{counts[o.name]:,}",
                "Custom" if o.custom else "Standard",
            )
            for o in objects
        ]
        return page("Objects", f"<section>{table(('Object', 'API name', 'Records', 'Kind'), rows)}</section>")

    def _rows(self, sobject: SObject, names: Sequence[str], where: str, values: Sequence[Any]) -> list[Any]:
        columns = ", ".join(["Id", *(quoted(n) for n in names)])
        with self.org.storage.lock:
            return self.org.storage.connection.execute(
                f"SELECT {columns} FROM {quoted(sobject.name)} WHERE IsDeleted = 0 {where}", values
            ).fetchall()

    def records(self, request: Request) -> Response:
        """A page of an object's records, searched in its texts."""
        sobject = self.org.storage.schema.object(request.path_params["sobject"])
        if sobject is None:
            return missing(request.path_params["sobject"])
        wanted = request.query_params.get("q", "")
        number = max(int(request.query_params.get("page", "1") or 1), 1)
        where, values = "", []
        if wanted:
            texts = [f for f in sobject.fields.values() if f.type in _TEXTS]
            where = f"AND ({' OR '.join(f'{quoted(f.name)} LIKE ?' for f in texts)} OR Id = ?)"
            values = [f"%{wanted}%"] * len(texts) + [to18(wanted) or wanted]
        shown = _columns(sobject)
        found = self._rows(
            sobject,
            [f.name for f in shown],
            f"{where} ORDER BY Id LIMIT {PAGE + 1} OFFSET {(number - 1) * PAGE}",
            values,
        )
        rows = [self._line(shown, row) for row in found[:PAGE]]
        search = (
            f'<form><input name=q value="{text(wanted)}" aria-label="Search" placeholder="Search these records"> '
            "<button>Search</button></form>"
        )
        steps = _steps(sobject, wanted, number, more=len(found) > PAGE)
        total = f"<p class=muted>{self.org.storage.count(sobject):,} records · page {number} {steps}</p>"
        return page(sobject.label_plural, f"<section>{search}{total}{table([f.label for f in shown], rows)}</section>")

    def _line(self, shown: Sequence[Field], row: Sequence[Any]) -> list[Markup]:
        cells = [self._cell(f, value) for f, value in zip(shown[1:], row[2:], strict=True)]
        return [link(f"/_explorer/r/{row[0]}", row[1] or row[0]), *cells]

    def _cell(self, field: Field, value: Any) -> Markup:
        if value is None or value == "":
            return ""
        if field.type == "reference":
            return link(f"/_explorer/r/{value}", self._title(value))
        if field.type == "boolean":
            return "✓" if value else "–"
        if field.type == "datetime":
            return text(f"{value[:10]} {value[11:16]}")
        return text(value if len(str(value)) < 400 else f"{str(value)[:400]}…")

    def _title(self, record_id: str) -> str:
        sobject = self.org.storage.schema.by_prefix(record_id)
        if sobject is None or sobject.field(sobject.name_field) is None:
            return record_id
        found = self._rows(sobject, [sobject.name_field], "AND Id = ?", [record_id])
        return str(found[0][1] or record_id) if found else record_id

    def record(self, request: Request) -> Response:
        """One record with links to its parents and its related lists."""
        record_id = to18(request.path_params["id"])
        sobject = self.org.storage.schema.by_prefix(record_id or "")
        if record_id is None or sobject is None:
            return missing(request.path_params["id"])
        fields = list(sobject.fields.values())
        found = self._rows(sobject, [f.name for f in fields], "AND Id = ?", [record_id])
        if not found:
            return missing(record_id)
        details = table(
            ("Field", "API name", "Value"),
            [(text(f.label), text(f.name), self._cell(f, v)) for f, v in zip(fields, found[0][1:], strict=True)],
        )
        title = f"{sobject.label}: {self._title(record_id)}"
        return page(title, section("Details", details) + self._related(sobject, record_id))

    def _related(self, sobject: SObject, record_id: str) -> Markup:
        cards = []
        for relation in sobject.child_relationships:
            child = self.org.storage.schema.object(relation.child_object)
            if child is None or relation.name is None:
                continue
            shown = _columns(child)
            where = f"AND {quoted(relation.field)} = ? ORDER BY Id LIMIT {RELATED + 1}"
            found = self._rows(child, [f.name for f in shown], where, [record_id])
            rows = [self._line(shown, row) for row in found[:RELATED]]
            count = f"{len(rows)}{'+' if len(found) > RELATED else ''}"
            cards.append(section(f"{child.label_plural} ({count})", table([f.label for f in shown], rows)))
        return "".join(cards)

    def setup(self, _request: Request) -> Response:
        """Deployed metadata, permission sets, API usage and storage."""
        custom = [
            (link(f"/_explorer/o/{o.name}", o.name), text(f.name), text(f.type), text(f.length or ""), _marks(f))
            for o in self.org.storage.schema.objects.values()
            for f in o.fields.values()
            if f.custom
        ]
        limits = [
            (text(name), f"{item['Max'] - item['Remaining']:,}", f"{item['Max']:,}")
            for name, item in limits_body(self.org, self.usage).items()
        ]
        content = section("Deployed fields", table(("Object", "Field", "Type", "Length", "Marks"), custom))
        with self.org.storage.lock:
            parts = metadata.deployed(self.org.storage.connection)
        content += section(
            "Deployed components", table(("Type", "Name"), [(text(p.type), text(p.full_name)) for p in parts])
        )
        sets = self.org.storage.schema.objects["permissionset"]
        found = self._rows(sets, ["Label", "Name", "Description"], "ORDER BY Label", [])
        rights = [(link(f"/_explorer/r/{r[0]}", r[1]), text(r[2]), text(r[3])) for r in found]
        content += section("Permission sets", table(("Label", "API name", "Description"), rights))
        content += section("Limits", table(("Limit", "Used", "Of"), limits))
        return page("Setup", content)

    def log(self, _request: Request) -> Response:
        """The last requests."""
        rows = [
            (text(e.method), text(e.path), text(e.status), f"{e.ms:.1f}", text(e.fault))
            for e in self.requests.entries()[:-201:-1]
        ]
        return page("Requests", f"<section>{table(('Method', 'Path', 'Status', 'ms', 'Fault'), rows)}</section>")


def _columns(sobject: SObject) -> list[Field]:
    """What a list shows: the name first, then the first fields of the object's own."""
    system = {"Id", "SystemModstamp", "IsDeleted", "OwnerId", "MasterRecordId", "FirstName", "LastName", "Salutation"}
    name = sobject.field(sobject.name_field) or sobject.fields["id"]
    own = [
        f
        for f in sobject.fields.values()
        if f is not name and f.name not in system and not f.name.startswith(("Created", "LastModified"))
    ]
    return [name, *own[:6], sobject.fields["lastmodifieddate"]]


def _marks(field: Field) -> Markup:
    marks = [("required", not field.nillable), ("unique", field.unique), ("external id", field.external_id)]
    return text(", ".join(name for name, given in marks if given))


def _steps(sobject: SObject, wanted: str, number: int, *, more: bool) -> Markup:
    def step(label: str, to: int) -> Markup:
        return link(f"/_explorer/o/{quote(sobject.name)}?{urlencode({'q': wanted, 'page': to})}", label)

    return " ".join(
        ([step("Previous", number - 1)] if number > 1 else []) + ([step("Next", number + 1)] if more else [])
    )
