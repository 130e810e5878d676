"""Literals that do not have the form of their datatype: an engine that compares them breaks."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from pyoxigraph import Literal, Quad

from communique.namespaces import PREFIXES


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2025-03-18")


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.ASCII) is not None


_FORMS = {
    PREFIXES["xsd"] + name: check
    for name, check in {
        "boolean": _like("true|false|0|1"),
        "date": _is_date,
        "dayTimeDuration": _like(
            r"-?P(?=.)(?:[0-9]+D)?(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
        ),
        "decimal": _like(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"),
        "gYear": _like("-?[0-9]{4,}"),
        "gYearMonth": _like("-?[0-9]{4,}-(?:0[1-9]|1[0-2])"),
        "hexBinary": _like("(?:[0-9a-fA-F]{2})*"),
        "integer": _like("[+-]?[0-9]+"),
        "nonNegativeInteger": _like(r"\+?[0-9]+|-0+"),
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
