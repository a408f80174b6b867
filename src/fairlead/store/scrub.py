"""Takes personal data and credentials out of text that is about to be written down."""

import re
from typing import Any

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic|OAuth)\s+[\w.~+/=!-]+", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"""(?P<name>["']?\b[\w-]*(?:password|passwd|secret|token|api_?key|authorization|cookie|session_?id|assertion)[\w-]*["']?\s*[:=]\s*)"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s,;&)}\]]+)""",
    re.IGNORECASE,
)
_LOGIN_IN_URL = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]*@")
_SESSION = re.compile(r"\b00D[a-zA-Z0-9]{12,15}![\w.]+")
# 24 or more characters with both letters and digits: keys, tokens, hashes. Salesforce ids have 18.
_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}(?:\.[\w-]+)*=*")
_NOT_A_PHONE = r"(?!\d{4}-\d\d-\d\d)(?!\d{1,3}(?:\.\d{1,3}){3}(?!\d))(?!\d+\.\d+(?![\d.]))"
_PHONE = re.compile(
    r"(?<![\w.:/-])" + _NOT_A_PHONE + r"(?:\+\d[\d\s().-]{5,}\d|\(?\d+[\s().-][\d\s().-]{2,}\d|\d{10,15})(?![\w:-])"
)
_PERSONAL = re.compile(
    r"^(e[-_]?mail(_?address)?|address|phone(_number)?|mobile(_number)?|first_?name|last_?name|full_?name|person)$",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"(password|passwd|secret|token|api_?key|authorization|cookie|session_?id|assertion|credential)", re.IGNORECASE
)
HIDDEN = "[hidden]"


def text(raw: str) -> str:
    """The text with e-mail addresses, phone numbers and token-like values masked."""
    raw = _LOGIN_IN_URL.sub("[login]@", raw)
    raw = _BEARER.sub(r"\1 [token]", raw)
    raw = _ASSIGNED.sub(r"\g<name>[hidden]", raw)
    raw = _SESSION.sub("[token]", raw)
    raw = _ADDRESS.sub("[address]", raw)
    raw = _TOKEN.sub("[token]", raw)
    return _PHONE.sub(_masked_phone, raw)


def value(raw: Any, name: str = "") -> Any:
    """`text` through dicts, lists and bytes; a value whose name says what it is goes whole. Numbers stay."""
    if raw is None or isinstance(raw, (bool, int, float)):
        return HIDDEN if raw is not None and _SECRET.search(name) and not isinstance(raw, bool) else raw
    if _PERSONAL.match(name) or _SECRET.search(name):
        return HIDDEN
    if isinstance(raw, str):
        return text(raw)
    if isinstance(raw, dict):
        return {text(str(key)): value(item, str(key)) for key, item in raw.items()}
    if isinstance(raw, (list, tuple, set, frozenset)):
        return [value(item) for item in raw]
    return text(repr(raw))


def _masked_phone(match: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in match.group(0))
    return "[phone]" if 7 <= digits <= 15 else match.group(0)


def location(error: BaseException) -> str:
    """Class and place of an exception without its message, which may hold a record: `KeyError at sync/pull.py:41`."""
    trace, place = error.__traceback__, "an unknown place"
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if "/fairlead/" in path:
            place = f"{path.rsplit('/fairlead/', 1)[1]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"
