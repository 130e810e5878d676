"""What a query must be before any engine sees it: small, shallow, a question, for these files.

A `<` may open an IRI or compare two values, and only a full parser knows which. The guard follows
both readings, so that neither hides a word from it.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from communique.errors import CommuniqueError
from communique.tokens import blanked, token_at

MOST_BYTES = 65_536
DEEPEST = 200
MOST_OPERATORS = 1_000

_STRINGS = {"long", "short"}
_UPDATES = frozenset(
    ["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]
)
_PROLOGUE = re.compile(r"\b(?:BASE|PREFIX\s+[\w.-]*:)", re.IGNORECASE)
_PATTERNS = re.compile(
    r"UNION|OPTIONAL|MINUS|GRAPH|FILTER|BIND|VALUES|SELECT|EXISTS|IN", re.IGNORECASE
)
_OPERATORS = frozenset("+-*/|&!^=<>.;")
_UNFINISHED = frozenset("/:^|!=,+*&-%~@")
_CALL = re.compile(r"(?:true|false)*service", re.IGNORECASE)
_CALLED = re.compile(r"\s*[{#]")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_ENDING = frozenset(map(ord, "\"'\\\r\n"))


class _Step(NamedTuple):
    """One token of a reading, with how deep it stands and how many operators stand before it."""

    kind: str
    start: int
    text: str
    depth: int
    operators: int


def check(sparql: str, *, where: str, services: bool = False) -> None:
    """Refuse a query that is too large or too deep, changes data, or calls another server."""
    size = len(sparql.encode("utf-8", errors="surrogatepass"))
    if size > MOST_BYTES:
        raise CommuniqueError(
            f"{where}: {size:,} bytes, and at most {MOST_BYTES:,} are read. Ask in smaller steps"
        )
    refusal = _refusal(sparql, services=services)
    if refusal:
        raise CommuniqueError(f"{where}{refusal}")


@lru_cache(256)
def _refusal(sparql: str, *, services: bool) -> str:
    """Say where and why a query is refused, or nothing; each is looked at more than once."""
    for step in () if _is_harmless(sparql, services=services) else _readings(sparql):
        problem = _problem(sparql, step, services=services)
        if problem:
            return f"{_place(sparql, step.start)}: {problem}"
    return _changing(sparql)


def _is_harmless(sparql: str, *, services: bool) -> bool:
    """Tell at a glance of most queries that no reading of them can be refused.

    There is no escape, no string of several lines and no word that calls, and even if every sign
    counted they would be too few.
    """
    folded = sparql.casefold()
    return (
        "\\" not in sparql
        and not any(quotes in sparql for quotes in ('"""', "'''"))
        and (services or "service" not in folded)
        and sum(map(sparql.count, "([{")) <= DEEPEST
        and sum(map(sparql.count, _OPERATORS)) + len(_PATTERNS.findall(sparql)) < MOST_OPERATORS
    )


def _problem(sparql: str, step: _Step, *, services: bool) -> str:
    """Say what forbids a query at this token, or nothing."""
    if step.depth > DEEPEST:
        return f"brackets nest deeper than {DEEPEST}. Nest less"
    if step.operators > MOST_OPERATORS:
        return f"more than {MOST_OPERATORS:,} operators and patterns. Ask in smaller steps"
    if step.kind == "open":
        return f"the string that {step.text} opens has no end. Close it"
    if _escapes(step):
        return "an escape that is better written out. Write the character itself"
    if not services and _calls(sparql, step):
        return (
            "calls another server (SERVICE). "
            "Ask that server itself, or allow the call with --allow-service"
        )
    return ""


def _escapes(step: _Step) -> bool:
    r"""Tell whether a `\u` stands outside strings, or may end one."""
    if "\\" not in step.text:
        return False
    codes = [int(found[1] or found[2], 16) for found in _ESCAPE.finditer(step.text)]
    if step.kind in _STRINGS:
        return any(code in _ENDING for code in codes)
    return bool(codes)


def _calls(sparql: str, step: _Step) -> bool:
    """Tell whether an engine may read this token as SERVICE; some need no space around it."""
    if step.start and sparql[step.start - 1] in _UNFINISHED:
        return False
    if step.kind not in {"word", "name"} or not _CALL.match(step.text):
        return False
    return step.kind == "word" or bool(_CALLED.match(sparql, step.start + len(step.text)))


def _readings(sparql: str) -> Iterator[_Step]:
    """Yield the tokens of every reading, each place once, with the most that leads to it."""
    reached = {0: (0, 0)}
    for start in range(len(sparql)):
        if start not in reached:
            continue
        depth, operators = reached.pop(start)
        token = token_at(sparql, start)
        kind, text = token.kind, token.text
        if kind == "other" and _ESCAPE.match(sparql, start):
            text = sparql[start : start + 10]
        depth = max(0, depth + (text in "([{") - (text in ")]}"))
        operators += text in _OPERATORS or bool(kind == "word" and _PATTERNS.fullmatch(text))
        yield _Step(kind, start, text, depth, operators)
        ways = {start + len(text): (depth, operators)}
        if kind == "iri":
            ways[start + 1] = (depth, operators + 1)
        for end, (deep, many) in ways.items():
            known = reached.get(end, (0, 0))
            reached[end] = (max(deep, known[0]), max(many, known[1]))


def _changing(sparql: str) -> str:
    """Say where a query changes data, or nothing; only its first word tells it from a question."""
    bare = _PROLOGUE.sub(lambda found: " " * len(found[0]), blanked(sparql))
    first = re.search(r"[A-Za-z]+", bare)
    if not (first and first[0].upper() in _UPDATES):
        return ""
    return (
        f"{_place(sparql, first.start())}: {first[0].upper()} changes data, and only questions "
        "are answered. Begin with SELECT, ASK, CONSTRUCT or DESCRIBE"
    )


def _place(sparql: str, start: int) -> str:
    """Return `:line:column` of a place."""
    ends = [found.end() for found in re.finditer("\n", sparql)]
    line = bisect(ends, start)
    return f":{line + 1}:{start - (ends[line - 1] if line else 0) + 1}"
