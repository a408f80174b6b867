"""Decisions in words, for pages and commands: which row, both values, what was agreed, what was heard. Pure."""

from typing import Any

from fairlead.domain.consent import RULES, Opt
from fairlead.domain.consent_book import Entry
from fairlead.features.opt_status.acts import Known


def word(opt: Opt | None) -> str:
    """In, out, or a dash where there is nothing."""
    return opt.value if opt else "–"


def values(entry: Entry) -> tuple[str, str, str, str]:
    """Salesforce, Campaign Monitor, agreed before and after."""
    return word(entry.salesforce), word(entry.campaign_monitor), word(entry.before), word(entry.after)


def why(entry: Entry) -> str:
    """The row of the table in words."""
    return RULES[entry.rule]


def as_dict(known: Known) -> dict[str, Any]:
    """What is remembered of an address for a client, as JSON."""
    shadow = known.shadow
    return {
        "client": known.client.id,
        "agreed": shadow.agreed if shadow else None,
        "since": shadow.since if shadow else None,
        "contested": bool(shadow and shadow.contested),
        "history": [
            {
                "at": entry.at,
                "rule": entry.rule,
                "why": why(entry),
                "salesforce": entry.salesforce,
                "campaign_monitor": entry.campaign_monitor,
                "before": entry.before,
                "after": entry.after,
                "out": sorted(entry.out),
                "into": sorted(entry.into),
                "evidence": entry.evidence or None,
                "job": entry.job,
                "heard": [{"side": one.side, "opt": one.opt, "at": one.at} for one in entry.heard],
            }
            for entry in known.entries
        ],
    }
