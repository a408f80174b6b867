"""What a package holds, once it is read."""

from dataclasses import dataclass, field

from fairlead_emulators.salesforce.metadata.manifest import Manifest


class BadPackage(ValueError):
    """The zip cannot be read as a package; the text says why, `path` where."""

    def __init__(self, text: str, path: str = "") -> None:
        self.path = path
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Component:
    """One file of a package, or a part of one that is a component of its own."""

    type: str
    full_name: str
    path: str
    content: bytes
    id: str = ""
    created: str = ""
    modified: str = ""

    @property
    def xml(self) -> str:
        """The file as text; empty when it is none."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return ""


@dataclass(frozen=True, slots=True)
class Package:
    """Components to add or change, what the manifests name, and files in folders that no type has.

    `early` and `late` hold what is to be deleted before and after, by the name of the file that lists it.
    """

    components: list[Component]
    manifest: Manifest = field(default_factory=Manifest)
    early: dict[str, Manifest] = field(default_factory=dict)
    late: dict[str, Manifest] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
