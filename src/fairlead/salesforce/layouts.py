"""What Fairlead adds to the page layouts of standard objects, and takes out again. Pure: a layout in, a layout out.

Ours is whatever names one of our buttons, related lists or fields. All other bytes of a layout stay as they were.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fairlead.salesforce import names
from fairlead.salesforce.markup import Changes, MarkupError, Node, read

SECTION: Final = "Campaign Monitor"
"""The label of the section with our fields."""


@dataclass(frozen=True, slots=True)
class RelatedList:
    """A related list of our records; `hidden` names its standard buttons that are not shown."""

    name: str
    fields: tuple[str, ...]
    sort: str
    buttons: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Additions:
    """What the layouts of one object get."""

    buttons: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    lists: tuple[RelatedList, ...] = ()


_WRITTEN_BY_US: Final = ("MassChangeOwner", "New")


def _lists(parent: str, add: str, view: str) -> tuple[RelatedList, ...]:
    buttons = tuple(filter(None, (add, view)))
    members = ("NAME", "List__c", "Email__c", "State__c", "State_Date__c", "Open_Rate__c")
    tracking = ("NAME", "Activity__c", "Activity_Date__c", "Campaign__c", "URL_Clicked__c")
    return (
        RelatedList(f"{names.MEMBER}.{parent}", members, "State_Date__c", buttons, _WRITTEN_BY_US),
        RelatedList(f"{names.TRACKING}.{parent}", tracking, "Activity_Date__c", (), _WRITTEN_BY_US),
    )


_OF_PEOPLE: Final = ("Fairlead", "Fairlead_Unsubscribe_All")
ADDITIONS: Final[dict[str, Additions]] = {
    "Contact": Additions(_OF_PEOPLE, (), _lists("Contact__c", "Add_Contact_to_List", "View_Contact_in_Fairlead")),
    "Lead": Additions(_OF_PEOPLE, (), _lists("Lead__c", "Add_Lead_to_List", "View_Lead_in_Fairlead")),
    "PersonAccount": Additions((), (), _lists("Contact__c", "", "")),
    "Campaign": Additions(
        ("Fairlead",),
        names.SALESFORCE_CAMPAIGN_FIELDS,
        (
            RelatedList(
                f"{names.CAMPAIGN}.Salesforce_Campaign__c",
                ("NAME", "Sent_Date__c", "Recipients__c", "Open_Rate__c"),
                "Sent_Date__c",
                (),
                _WRITTEN_BY_US,
            ),
        ),
    ),
}
"""By the object whose layouts they are; person accounts have layouts of their own."""


class NotALayout(ValueError):
    """What was given is not a page layout that can be changed; the message says why."""


def object_of(full_name: str) -> str:
    """The object of a layout: `Contact` of `Contact-Sales %28old%29`."""
    return full_name.partition("-")[0]


def apply(layout: bytes, wanted: Additions) -> bytes:
    """The layout with what it lacks of `wanted`; the same bytes when it lacks nothing. Raises NotALayout."""
    root = _read(layout)
    changes = Changes(layout)
    writer = _Writer(root, changes)
    there = {node.text.strip() for node in root.all("customButtons")}
    new_buttons = [name for name in wanted.buttons if name not in there]
    writer.add("customButtons", [[("", name)] for name in new_buttons])
    _add_actions(writer, root, wanted.buttons)
    _add_fields(writer, root, wanted.fields)
    there = {node.value("relatedList") for node in root.all("relatedLists")}
    writer.add("relatedLists", [_related(each) for each in wanted.lists if each.name not in there])
    return changes.done()


def remove(layout: bytes, sobject: str) -> bytes:
    """The layout of that object without anything of ours. Raises NotALayout."""
    root, ours = _read(layout), ADDITIONS.get(sobject, Additions())
    changes = Changes(layout)
    for node in _parts_of_ours(root, ours):
        changes.cut(node)
    return changes.done()


@dataclass(frozen=True, slots=True)
class Part:
    """One thing of ours on a layout, or missing from it. `kind` is button, field or related list."""

    kind: str
    name: str
    there: bool


def parts(layout: bytes, sobject: str) -> list[Part]:
    """What a layout of that object has of ours, and what it lacks. Raises NotALayout."""
    root, wanted = _read(layout), ADDITIONS.get(sobject, Additions())
    buttons = {node.text.strip() for node in root.all("customButtons")}
    fields = {item.value("field") for item in root.all("layoutSections", "layoutColumns", "layoutItems")}
    lists = {node.value("relatedList") for node in root.all("relatedLists")}
    return [
        *(Part("button", name, name in buttons) for name in wanted.buttons),
        *(Part("field", name, name in fields) for name in wanted.fields),
        *(Part("related list", each.name, each.name in lists) for each in wanted.lists),
    ]


def has_ours(layout: bytes, sobject: str) -> bool:
    """Whether anything on the layout is ours. Raises NotALayout."""
    return any(True for _ in _parts_of_ours(_read(layout), ADDITIONS.get(sobject, Additions())))


def _read(layout: bytes) -> Node:
    try:
        root = read(layout)
    except MarkupError as error:
        raise NotALayout(str(error)) from None
    if root.tag != "Layout" or not root.children:
        raise NotALayout("It has no Layout with parts.")
    return root


def _parts_of_ours(root: Node, ours: Additions) -> Iterator[Node]:
    yield from (node for node in root.all("customButtons") if node.text.strip() in ours.buttons)
    for node in root.all("platformActionList", "platformActionListItems"):
        if node.value("actionType") == "CustomButton" and _own_name(node.value("actionName")) in ours.buttons:
            yield node
    for section in root.all("layoutSections"):
        items = section.all("layoutColumns", "layoutItems")
        mine = [item for item in items if item.value("field") in ours.fields]
        others = [item for item in items if item not in mine and item.value("emptySpace") != "true"]
        yield from [section] if mine and not others else mine
    yield from (node for node in root.all("miniLayout", "fields") if node.text.strip() in ours.fields)
    for node in [*root.all("relatedLists"), *root.all("miniLayout", "relatedLists")]:
        if node.value("relatedList").partition(".")[0] in names.OBJECTS:
            yield node


def _own_name(action: str) -> str:
    return action.rpartition(".")[2]


Element = list[tuple[str, object]]
"""Tags with their texts or parts; a blank tag stands for the text of the element itself."""


class _Writer:
    """Puts elements where the Metadata API wants them: beside those of their tag, in the order of tags."""

    def __init__(self, root: Node, changes: Changes) -> None:
        self.root = root
        self.changes = changes
        self.prefix = f"{root.prefix}:" if root.prefix else ""

    def add(self, tag: str, parts: Iterable[Element], *, before: Node | None = None) -> None:
        """New children of the layout; before that one, else after the last of their tag."""
        children = self.root.children
        earlier = [node for node in children if node.start < before.start] if before else self._upto(tag)
        at = earlier[-1].end if earlier else self.root.inner
        for part in parts:
            self.changes.insert(at, "\n" + self.text(tag, part, 1))

    def _upto(self, tag: str) -> list[Node]:
        same = [index for index, node in enumerate(self.root.children) if node.tag == tag]
        if same:
            return self.root.children[: same[-1] + 1]
        later = next((index for index, node in enumerate(self.root.children) if node.tag > tag), None)
        return self.root.children[:later]

    def text(self, tag: str, part: Element, depth: int) -> str:
        """An element as the Metadata API writes it: four spaces a level."""
        space, name = "    " * depth, f"{self.prefix}{tag}"
        if len(part) == 1 and part[0][0] == "":
            return f"{space}<{name}>{part[0][1]}</{name}>"
        inner = [
            self.text(child, value if isinstance(value, list) else [("", value)], depth + 1) for child, value in part
        ]
        return "\n".join([f"{space}<{name}>", *inner, f"{space}</{name}>"])


def _add_actions(writer: _Writer, root: Node, buttons: tuple[str, ...]) -> None:
    """Where a layout has its own list of actions, only what stands in that list is seen in Lightning."""
    for actions in root.all("platformActionList"):
        items = actions.all("platformActionListItems")
        there = {_own_name(item.value("actionName")) for item in items if item.value("actionType") == "CustomButton"}
        orders = [int(item.value("sortOrder")) for item in items if item.value("sortOrder").isdecimal()]
        first = max(orders, default=-1) + 1
        new: list[Element] = [
            [("actionName", name), ("actionType", "CustomButton"), ("sortOrder", first + index)]
            for index, name in enumerate(each for each in buttons if each not in there)
        ]
        # after the others, or after what the list is for: tags are in the order of their names
        anchor = (items or actions.all("actionListContext") or [actions])[-1]
        for part in new if anchor is not actions else ():
            writer.changes.insert(anchor.end, "\n" + writer.text("platformActionListItems", part, 2))


def _add_fields(writer: _Writer, root: Node, fields: tuple[str, ...]) -> None:
    """What is missing goes beside those that are there; else into a section of its own."""
    items = {item.value("field"): item for item in root.all("layoutSections", "layoutColumns", "layoutItems")}
    new = [name for name in fields if name not in items]
    there = [items[name] for name in fields if name in items]
    if there:
        for name in new:
            writer.changes.insert(there[-1].end, "\n" + writer.text("layoutItems", _item(name), 3))
    elif new:
        links = next((each for each in root.all("layoutSections") if each.value("style") == "CustomLinks"), None)
        writer.add("layoutSections", [_section(new)], before=links)


def _section(fields: list[str]) -> Element:
    half = (len(fields) + 1) // 2
    columns: Element = [
        ("layoutColumns", [("layoutItems", _item(name)) for name in column])
        for column in (fields[:half], fields[half:])
    ]
    head: Element = [("customLabel", "true"), ("detailHeading", "true"), ("editHeading", "true"), ("label", SECTION)]
    return [*head, *columns, ("style", "TwoColumnsTopToBottom")]


def _item(name: str) -> Element:
    return [("behavior", "Readonly"), ("field", name)]


def _related(each: RelatedList) -> Element:
    return [
        *(("customButtons", name) for name in each.buttons),
        *(("excludeButtons", name) for name in each.hidden),
        *(("fields", name) for name in each.fields),
        ("relatedList", each.name),
        ("sortField", each.sort),
        ("sortOrder", "Desc"),
    ]
