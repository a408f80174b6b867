"""What to do about a component that the org refused: its problem, in Salesforce's words, leads to a next step."""

import re
from typing import Final

from fairlead.salesforce.metadata import ComponentFailure

_STEPS: Final[tuple[tuple[str, str], ...]] = (
    (
        r"cannot change (the )?(field )?type|change the type of",
        "A field of this name and another type is in the org: rename or delete it in Setup > Object Manager.",
    ),
    (
        r"duplicate|already exists|already in use|not unique",
        "Something of this name is in the org: rename or delete it in Setup, then deploy again.",
    ),
    (
        r"insufficient access|insufficient privileges|no access|not have (the )?(access|permission)",
        "Give the integration user what `fairlead salesforce check` names as missing.",
    ),
    (
        r"limit|maximum number|too many|exceeded",
        "The org has as many as its edition allows: delete what is no longer used, or ask Salesforce for more.",
    ),
    (
        r"in use|referenced|is used|depend|cannot delete|can't delete|cannot be deleted",
        "Take it out of what uses it (Setup > Object Manager > Where is this used?), then try again.",
    ),
    (
        r"not available in this org|is not (enabled|supported)|not a valid sobject|does not resolve",
        "The org's edition or settings lack this: turn the feature on in Setup.",
    ),
    (
        r"no \w+ named .* found|could not resolve|in field:",
        "It names something that the org lacks: run `fairlead salesforce deploy` first, or restore what was deleted.",
    ),
    (
        r"required field|must specify",
        "Correct the file in `salesforce/`, or take the one that came with Fairlead.",
    ),
    (r"parsing|content is not allowed|invalid (at|type|element)", "The file is damaged: restore it, then deploy again."),
    (r"unknown_exception|unexpected error|timed? ?out|unable to obtain exclusive|try again", "Try again in some minutes."),
)  # fmt: skip
_DEFAULT: Final = "Correct it in Setup, then try again; Setup > Deployment Status shows the deployment."


def next_step(failure: ComponentFailure) -> str:
    """What to do about this one."""
    problem = (failure.problem or "").lower()
    return next((step for pattern, step in _STEPS if re.search(pattern, problem)), _DEFAULT)
