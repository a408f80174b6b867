"""Average open and click rates by industry (F45), with where they come from. The figures are data: `benchmarks.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

CAUTION: Final = (
    "An open is told by a picture that the mail program loads. Apple's Mail Privacy Protection, since September 2021, "
    "loads it for mails that nobody has read: open rates of before and after cannot be compared, and many are too high. "
    "Clicks tell more."
)


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry's averages, in percent of the mails that were delivered; each person counts once."""

    name: str
    title: str
    open: float
    click: float


@dataclass(frozen=True, slots=True)
class Source:
    """Who published the averages, where, when, and of what they are averages."""

    title: str
    publisher: str
    address: str
    published: int
    measured: str
    mails: str


@cache
def table() -> tuple[Source, tuple[Industry, ...]]:
    """The source, and the industries in the order of their titles; the average of all stands last."""
    told = tomllib.loads(files(__package__).joinpath("benchmarks.toml").read_text("utf-8"))
    return Source(**told["source"]), tuple(Industry(**line) for line in told["industry"])


def source() -> Source:
    """Where the averages come from."""
    return table()[0]


def industries() -> tuple[Industry, ...]:
    """All industries, that of all of them last."""
    return table()[1]


def of(name: str) -> Industry | None:
    """The averages of one industry; None for a name that is not known, or blank."""
    return next((industry for industry in industries() if industry.name == name), None)
