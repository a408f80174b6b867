"""The SFDX project in `salesforce/`, for the tests that read it."""

from functools import cache
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from tests.repository.files import ROOT

PROJECT = ROOT / "salesforce"
SOURCE = PROJECT / "force-app" / "main" / "default"
SPACE = "{http://soap.sforce.com/2006/04/metadata}"


def own(path: str) -> str:
    """The field that a path of names.py stands on: `List__r.List_Id__c` on `List__c`, `X__Latitude__s` on `X__c`."""
    head, dot, _ = path.partition(".")
    if head.endswith("__s"):
        return head.partition("__")[0] + "__c"
    return head.removesuffix("__r") + "__c" if dot else head


def written(sobject: str) -> set[str]:
    """The fields of the source that are not worked out by the org."""
    return {name for name, root in fields(sobject).items() if root.find(SPACE + "formula") is None}


def text(element: Element, name: str) -> str:
    return element.findtext(SPACE + name, "")


@cache
def fields(sobject: str) -> dict[str, Element]:
    roots = [parse(path).getroot() for path in (SOURCE / "objects" / sobject / "fields").glob("*.xml")]
    return {text(root, "fullName"): root for root in roots}


def permission_sets() -> dict[str, Element]:
    return {path.name.partition(".")[0]: parse(path).getroot() for path in (SOURCE / "permissionsets").glob("*.xml")}


def every(folder: str) -> dict[str, Element]:
    """The components of a folder by name: `Fairlead/Bounced` for what lies in a folder of the org."""
    root = SOURCE / folder
    files = [path for path in root.rglob("*-meta.xml") if "Folder-meta" not in path.name]
    return {
        path.relative_to(root).as_posix().rpartition("/")[0] + ("/" if path.parent != root else "")
        + path.name.rpartition("-meta.xml")[0].rpartition(".")[0]: parse(path).getroot()
        for path in sorted(files)
    }  # fmt: skip


def objects() -> list[str]:
    """Every object, ours or a standard one, that the project tells about."""
    return sorted(path.name for path in (SOURCE / "objects").iterdir())


def buttons(sobject: str) -> dict[str, Element]:
    """The buttons and links of an object."""
    folder = SOURCE / "objects" / sobject / "webLinks"
    return {path.name.partition(".")[0]: parse(path).getroot() for path in sorted(folder.glob("*.xml"))}
