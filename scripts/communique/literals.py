"""Literals that do not have the form of their datatype: an engine that compares them breaks."""

import re
from calendar import month_name, monthrange
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Literal, Quad

from communique.namespaces import PREFIXES


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.ASCII) is not None


def _whole(least: int | None, most: int | None) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        if len(text) > _LONGEST or not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
            return False
        number = int(text)
        return (least is None or least <= number) and (most is None or number <= most)

    return fits


def _with_day(rest: str) -> Callable[[str], bool]:
    """Return a check for a day that there is, of any year, and what follows it."""

    def fits(text: str) -> bool:
        found = re.fullmatch(rf"-?([0-9]{{4,9}})-([0-9]{{2}})-([0-9]{{2}}){rest}", text, re.ASCII)
        if not found or not 1 <= int(found[2]) <= len(month_name) - 1:
            return False
        like = 2000 + int(found[1]) % 400  # the calendar repeats itself
        return 1 <= int(found[3]) <= monthrange(like, int(found[2]))[1]

    return fits


_LONGEST = 100
"""Digits of a number at most; more are refused before (see prescan)."""
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_TIME = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_DAYS = r"(?:[0-9]+D)?(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
_FLOAT = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN"
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?:0[1-9]|[12][0-9]|3[01])"

_FORMS = {
    PREFIXES["xsd"] + name: check
    for name, check in {
        "boolean": _like("true|false|0|1"),
        "byte": _whole(-(2**7), 2**7 - 1),
        "date": _with_day(_ZONE),
        "dateTime": _with_day(f"T{_TIME}{_ZONE}"),
        "dateTimeStamp": _with_day(f"T{_TIME}{_ZONE.removesuffix('?')}"),
        "dayTimeDuration": _like(rf"-?P(?=.){_DAYS}"),
        "decimal": _like(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"),
        "double": _like(_FLOAT),
        "duration": _like(rf"-?P(?=.)(?:[0-9]+Y)?(?:[0-9]+M)?{_DAYS}"),
        "float": _like(_FLOAT),
        "gDay": _like(f"---{_DAY}{_ZONE}"),
        "gMonth": _like(f"--{_MONTH}{_ZONE}"),
        "gMonthDay": _like(f"--{_MONTH}-{_DAY}{_ZONE}"),
        "gYear": _like(f"-?[0-9]{{4,}}{_ZONE}"),
        "gYearMonth": _like(f"-?[0-9]{{4,}}-{_MONTH}{_ZONE}"),
        "hexBinary": _like("(?:[0-9a-fA-F]{2})*"),
        "int": _whole(-(2**31), 2**31 - 1),
        "integer": _whole(None, None),
        "language": _like("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"),
        "long": _whole(-(2**63), 2**63 - 1),
        "negativeInteger": _whole(None, -1),
        "nonNegativeInteger": _whole(0, None),
        "nonPositiveInteger": _whole(None, 0),
        "positiveInteger": _whole(1, None),
        "short": _whole(-(2**15), 2**15 - 1),
        "time": _like(f"{_TIME}{_ZONE}"),
        "unsignedByte": _whole(0, 2**8 - 1),
        "unsignedInt": _whole(0, 2**32 - 1),
        "unsignedLong": _whole(0, 2**64 - 1),
        "unsignedShort": _whole(0, 2**16 - 1),
        "yearMonthDuration": _like("-?P(?=.)(?:[0-9]+Y)?(?:[0-9]+M)?"),
    }.items()
}


def malformed(quads: Iterable[Quad]) -> Iterator[Quad]:
    """Yield what is said by a literal without the form of its datatype."""
    for quad in quads:
        value = quad.object
        if isinstance(value, Literal) and not _well_formed(value):
            yield quad


def _well_formed(literal: Literal) -> bool:
    check = _FORMS.get(literal.datatype.value)
    return check is None or check(literal.value)
