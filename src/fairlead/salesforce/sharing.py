"""Who sees our records by default is the org's decision: a deployment keeps what an administrator has set.

Our objects come with read and write for all. An administrator who makes one private must not find it open again after the
next deployment, so the sharing models of the org are put into the package before it is sent.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

import msgspec

from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import RequestWrong, SetupRefused
from fairlead.salesforce.markup import read
from fairlead.salesforce.query import quote

MODELS: Final = {"Private": "Private", "Read": "Read", "ReadWrite": "ReadWrite", "Edit": "ReadWrite"}
"""How describe data and metadata spell a model; others, such as ControlledByParent, cannot be set by hand."""


class _Entity(msgspec.Struct):
    name: str = msgspec.field(name="QualifiedApiName")
    inside: str | None = msgspec.field(name="InternalSharingModel", default=None)


async def models(crm: Salesforce) -> dict[str, str]:
    """The sharing model of each of our objects that is in the org; empty when the org does not tell."""
    listed = ", ".join(map(quote, names.OBJECTS))
    soql = f"SELECT QualifiedApiName, InternalSharingModel FROM EntityDefinition WHERE QualifiedApiName IN ({listed})"
    try:
        rows = [row async for page in crm.query(soql, type=_Entity) for row in page]
    except (SetupRefused, RequestWrong):
        return {}
    return {row.name: MODELS[row.inside] for row in rows if row.inside in MODELS}


def keep(package: bytes, found: Mapping[str, str]) -> bytes:
    """The package with these sharing models in place of its own; all else, and its bytes otherwise, as they were."""
    if not found:
        return package
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            name = info.filename.removeprefix("objects/").removesuffix(".object")
            if info.filename.startswith("objects/") and name in found:
                content = _with_model(content, found[name])
            new.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _with_model(content: bytes, model: str) -> bytes:
    node = next(iter(read(content).all("sharingModel")), None)
    return content if node is None else content[: node.inner] + model.encode() + content[node.close :]
