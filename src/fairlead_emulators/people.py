"""A universe of people shared by both emulators: person n is the same everywhere, and costs no storage."""

import unicodedata
from dataclasses import dataclass
from typing import Final

_FIRST: Final = (
    "Ana", "Björn", "Chloé", "D'Arcy", "Emeka", "Fátima", "Grace", "Håkon", "Inês", "Jürgen", "Kaito", "Łucja",
    "Maeve", "Noël", "Olga", "Priya", "Quinn", "Rósa", "Søren", "Tomás", "Umar", "Véronique", "Wei", "Xóchitl",
    "Yusuf", "Zoë", "Anne-Marie", "Jean Luc", "Šárka",
)  # fmt: skip
_LAST: Final = (
    "O'Neill", "Müller", "Smith", "García Márquez", "Nguyễn", "van der Berg", "Öztürk", "Kowalski", "D'Souza",
    "Sørensen", "Brown", "Lefèvre", "Ivanov", "Ó Briain", "Haugen", "Sato", "Jones-Parry", "Ferreira", "Novák",
    "al-Amin", "Þórsdóttir", "Dubois", "Costa", "Wang", "Kim", "Fernández", "Rossi", "Schäfer", "MacLeod",
    "Pereira", "Zając",
)  # fmt: skip
_DOMAINS: Final = ("example.com", "example.org", "example.net")
_AREAS: Final = ("201", "202", "212", "303", "312", "404", "415", "503", "617", "718")
LONG_EVERY: Final = 2_000  # one person in so many has an address of 85–100 characters


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person. `phone` is E.164 from the fictional 555-01xx range."""

    n: int
    email: str
    first: str
    last: str
    name: str
    phone: str


def _plain(text: str) -> str:
    """Lower-case ASCII letters only, for the local part of an address."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")


_FIRST_PLAIN: Final = tuple(_plain(name) for name in _FIRST)
_LAST_PLAIN: Final = tuple(_plain(name) for name in _LAST)


def _email(n: int, first: str, last: str) -> str:
    domain = _DOMAINS[n % 3]
    if n % LONG_EVERY == 777:
        length = 85 + (n // LONG_EVERY) % 16
        # The local part may have at most 64 characters: a sub-domain takes the rest.
        local = f"{first}.{last}.{n}.".ljust(64, "x")
        return f"{local}@{'y' * (length - 66 - len(domain))}.{domain}"
    local = f"{first}.{last}.{n}"
    if n % 41 == 7:
        local = f"{first}.o'{last}.{n}"
    if n % 53 == 11:
        local = f"{local}+news"
    if n % 37 == 5:
        return f"{local}@{domain}".upper()
    if n % 29 == 3:
        return f"{local.title()}@{domain}"
    return f"{local}@{domain}"


def person(n: int) -> Person:
    """Person `n` (0, 1, 2 …). Pure; e-mail addresses are unique, whatever their case."""
    first_at, last_at = (n * 7 + n // 29) % len(_FIRST), (n * 11 + n // 31) % len(_LAST)
    first, last = _FIRST[first_at], _LAST[last_at]
    if n % 97 == 13:
        first = f'{first} "Ace"'
    if n % 211 == 17:
        last = f"{last}-{'-'.join(_LAST[(last_at + step) % len(_LAST)] for step in (1, 2, 3))}"[:79].rstrip("- ")
    email = _email(n, _FIRST_PLAIN[first_at], _LAST_PLAIN[last_at])
    phone = f"+1{_AREAS[n % len(_AREAS)]}55501{n // 10 % 100:02d}"
    return Person(n, email, first, last, f"{first} {last}", phone)
