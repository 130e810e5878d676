"""By what a query puts its rows in order, and which rows it leaves in any order."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import groupby

from pyoxigraph import Literal

from communique.dataset import Term
from communique.tokens import blanked

_SELECT = re.compile(r"(?<![\w?$:.-])SELECT\b(\s+DISTINCT\b)?", re.IGNORECASE)
_BODY = re.compile(r"(?<![\w?$:.-])(?:WHERE|FROM)\b|\{", re.IGNORECASE)
_ORDER = re.compile(r"(?<![\w?$:.-])ORDER\s+BY\b", re.IGNORECASE)
_AFTER = re.compile(r"(?<![\w?$:.-])(?:LIMIT|OFFSET|VALUES)\b", re.IGNORECASE)
_WAY = re.compile(r"(?:ASC|DESC)\s*(?=\()", re.IGNORECASE)
_VARIABLE = re.compile(r"[?$](\w+)")
_NAME = "orderedBy"


def keyed(sparql: str) -> tuple[str, tuple[str, ...]] | None:
    """Let a SELECT show the keys of its order; return it and their columns, or None without keys.

    Columns are added after its own. Where a key could not be shown without other rows, only those
    before it are told.
    """
    mask = blanked(sparql)
    select = _SELECT.search(mask)
    body = _BODY.search(mask, select.end()) if select else None
    orders = [found for found in _ORDER.finditer(mask) if not _depth(mask, found.start())]
    if not select or not body or not orders:
        return None
    columns = _columns(mask[select.end() : body.start()])
    end = _AFTER.search(mask, orders[-1].end())
    names, added = list[str](), ""
    for start, finish in _keys(mask, orders[-1].end(), end.start() if end else len(mask)):
        key = _WAY.sub("", sparql[start:finish], count=1)
        name = key.strip("()?$ ")
        if name not in columns:
            if not columns or (select[1] and not columns.issuperset(_VARIABLE.findall(key))):
                break
            name = f"{_NAME}{len(names) + 1}"
            added += f" ({key} AS ?{name})"
        names.append(name)
    return (f"{sparql[: body.start()]}{added} {sparql[body.start() :]}", tuple(names))


def _depth(mask: str, at: int) -> int:
    return mask.count("{", 0, at) - mask.count("}", 0, at)


def groups(keys: Sequence[Sequence[Term | None]]) -> Iterator[tuple[int, int]]:
    """Yield where rows of one key begin and end: among them any order is as good."""
    at = 0
    for _, some in groupby(tuple(map(_comparable, key)) for key in keys):
        end = at + sum(1 for _ in some)
        yield at, end
        at = end


def _keys(mask: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield where each key begins and ends: a variable, or what ends with its brackets."""
    begun, depth = start, 0
    for at in range(start, stop):
        character = mask[at]
        if not depth and not mask[begun:at].strip():
            begun = at
        depth += {"(": 1, ")": -1}.get(character, 0)
        following = mask[at + 1] if at + 1 < stop else " "
        ends_name = mask[begun] in "?$" and not (following.isalnum() or following == "_")
        if not depth and (character == ")" or (ends_name and character not in "?$ \n\t")):
            yield begun, at + 1
            begun = at + 1


def _columns(shown: str) -> set[str]:
    """Return the names of the columns, taken as they are or reckoned."""
    outside, depth = "", 0
    for character in shown:
        depth += {"(": 1, ")": -1}.get(character, 0)
        outside += character if not depth else ""
    reckoned = re.findall(r"\bAS\s+[?$](\w+)", shown, re.IGNORECASE)
    return {*_VARIABLE.findall(outside), *reckoned}


def _comparable(term: Term | None) -> object:
    """Return what an engine compares: numbers by their value, all else as it is."""
    if isinstance(term, Literal):
        try:
            return Decimal(term.value)
        except InvalidOperation:
            return str(term)
    return str(term)
