"""Tags of tables: what stands above one, its head, and its pages. See `ui.tables`."""

from typing import Any

from django import template
from django.urls import reverse

from fairlead.ui.tables import Asked

register = template.Library()


@register.inclusion_tag("ui/_table_tools.html")
def table_tools(asked: Asked) -> dict[str, Any]:
    """Search, filters, rows a page, and the link to the CSV file."""
    table = asked.table
    download = f"{reverse(table.download)}{asked.link(page='', size='')}" if table.download else ""
    return {"asked": asked, "table": table, "download": download.removesuffix("?")}


@register.inclusion_tag("ui/_table_head.html")
def table_head(asked: Asked) -> dict[str, Any]:
    """The caption and the heads, for inside of `<table class="fl-table">`."""
    return {"asked": asked, "table": asked.table}


@register.inclusion_tag("ui/_table_pages.html")
def table_pages(asked: Asked, what: str = "rows") -> dict[str, Any]:
    """Which rows these are of how many `what`, and the links to the pages before and after."""
    return {"asked": asked, "table": asked.table, "what": what}
