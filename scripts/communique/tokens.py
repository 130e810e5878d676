"""The tokens of a query, and its words: IRIs, strings and comments hold none.

A `<` is read as the begin of an IRI wherever it can be one.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r'''(?P<long>"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*+\'\'\')'''
    r'''|(?P<open>"""|\'\'\')'''
    r"""|(?P<short>"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')"""
    r"|(?P<comment>\#[^\r\n]*)"
    r'|(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)'
    r"|(?P<variable>[?$]\w+)"
    r"|(?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>(?:[^\W\d](?:[\w-]|\.++(?=[\w-])){0,99}+)?:(?:[\w:%-]|\\[^uU]|\.(?=[\w:%\\-]))*)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_QUIET = frozenset({"long", "short", "comment", "iri"})


class Token(NamedTuple):
    """A word, a name, a sign, ... of a query, and where it stands."""

    kind: str
    start: int
    text: str


def token_at(sparql: str, start: int) -> Token:
    """Return the token that begins at a place."""
    found = _TOKEN.match(sparql, start)
    return (
        Token(found.lastgroup or "other", start, found[0]) if found else Token("other", start, "")
    )


def tokens(sparql: str) -> Iterator[Token]:
    """Yield the tokens of a query, one after another."""
    for found in _TOKEN.finditer(sparql):
        yield Token(found.lastgroup or "other", found.start(), found[0])


@lru_cache(16)
def signs(sparql: str) -> tuple[Token, ...]:
    """List the tokens of a query but for its spaces and comments."""
    return tuple(token for token in tokens(sparql) if token.kind not in {"space", "comment"})


def words(sparql: str) -> str:
    """Blank out IRIs, strings and comments."""
    return _TOKEN.sub(lambda found: " " if found.lastgroup in _QUIET else found[0], sparql)


def blanked(sparql: str) -> str:
    """Blank them out so that everything else stays at its place."""
    return _TOKEN.sub(
        lambda found: " " * len(found[0]) if found.lastgroup in _QUIET else found[0], sparql
    )
