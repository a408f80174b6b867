"""What the members room runs, as stages: lists, their members linked to contacts and leads, their figures."""

from typing import Final

from fairlead.features.members.lists import read_lists, write_figures
from fairlead.features.members.members import read_members, sweep_orphans
from fairlead.features.members.rematch import match
from fairlead.sync.stage import Stage

LISTS: Final = Stage("lists", "Lists", read_lists, needs=("clients",))
MATCH: Final = Stage("match", "Match index", match)
MEMBERS: Final = Stage("members", "Members", read_members, needs=("lists", "match"))
FIGURES: Final = Stage("figures", "List statistics", write_figures, needs=("lists",))
TIDY: Final = Stage("tidy", "Tidy up", sweep_orphans, needs=("members",))

STAGES: Final = (LISTS, MATCH, MEMBERS, FIGURES, TIDY)
