"""What became of a deployment's components."""

from dataclasses import dataclass, field
from typing import Any

WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class ComponentResult:
    """What became of one component."""

    component_type: str
    full_name: str
    file_name: str
    created: bool = False
    changed: bool = True
    deleted: bool = False
    id: str | None = None
    problem: str | None = None
    problem_type: str | None = None
    line_number: int | None = None
    column_number: int | None = None

    def told(self, *, success: bool, now: str) -> dict[str, Any]:
        """The result as a DeployMessage, in the order of its schema, without what is not there."""
        shown: dict[str, Any] = {
            "changed": self.changed,
            "columnNumber": self.column_number,
            "componentType": self.component_type,
            "created": self.created,
            "createdDate": now,
            "deleted": self.deleted,
            "fileName": self.file_name,
            "fullName": self.full_name,
            "id": self.id,
            "lineNumber": self.line_number,
            "problem": self.problem,
            "problemType": self.problem_type,
            "success": success,
        }
        return {name: value for name, value in shown.items() if value is not None}


def refused(
    kind: str, full_name: str, path: str, problem: str, *, line: int | None = None, warning: bool = False
) -> ComponentResult:
    """The result of a component that was not taken, or that is warned of."""
    column = 1 if line is not None else None
    shown = WARNING if warning else "Error"
    return ComponentResult(
        kind,
        full_name,
        path,
        changed=False,
        problem=problem,
        problem_type=shown,
        line_number=line,
        column_number=column,
    )


@dataclass(slots=True)
class DeployResult:
    """Component by component, what was applied and what was not. `removed` lists type and name of what is gone."""

    successes: list[ComponentResult] = field(default_factory=list)
    failures: list[ComponentResult] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    total: int = 0
