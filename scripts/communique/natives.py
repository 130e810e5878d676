"""Terms as Python values, and rows of them as JSON lines."""

import json
from datetime import date
from decimal import Decimal

from pyoxigraph import Literal

from communique.dataset import Term
from communique.formats import Found
from communique.labels import Labels, plain
from communique.namespaces import PREFIXES

Native = str | int | float | bool | Decimal | date | None

_XSD = PREFIXES["xsd"]


def as_json_lines(found: Found, labels: Labels | None) -> str:
    """Write one JSON object for each row; null is what the answer leaves open."""
    lines = (
        dict(zip(found.columns, (native(t, labels) for t in row), strict=True))
        for row in found.rows
    )
    return "".join(f"{json.dumps(each, ensure_ascii=False, default=_number)}\n" for each in lines)


def native(term: Term | None, labels: Labels | None = None) -> Native:  # noqa: PLR0911  by type
    """Return a term as a Python value: a name for a thing, a number, a day, a truth, a text."""
    if term is None:
        return None
    if not isinstance(term, Literal):
        return labels.text(term) if labels else plain(term)
    kind = term.datatype.value.removeprefix(_XSD)
    try:
        if kind in {"integer", "int", "long", "nonNegativeInteger", "positiveInteger"}:
            return int(term.value)
        if kind == "decimal":
            return Decimal(term.value)
        if kind in {"double", "float"}:
            return float(term.value)
        if kind == "date":
            return date.fromisoformat(term.value)
    except (ValueError, ArithmeticError):
        return term.value
    return term.value in {"true", "1"} if kind == "boolean" else term.value


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
