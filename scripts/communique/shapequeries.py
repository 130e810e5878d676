"""The queries that shapes ask: whether they are SPARQL, and whether what they name exists."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from pyoxigraph import Literal, Quad, Triple

from communique.engines import Shapes, sh
from communique.faults import Fault, Node, fault
from communique.findings import Rule
from communique.linting import KEYWORDS
from communique.parameters import suggestion
from communique.parsing import parse
from communique.tokens import Token, tokens
from communique.vocabularies import Closest, Vocabulary, split

_QUERIES = {sh(name) for name in ("ask", "select")}
_PLACE = re.compile(r"error at ([0-9]+):([0-9]+)")
_QUIET = {"comment", "space"}
_PATH, _ANY_PATH = "$PATH", "<u:x>"
"""What SHACL puts the path of a shape for, and a path that is as long."""

_RULE = Rule("shape-query", "The query of a shape is SPARQL, and what it names exists.")


def faults(
    shapes: Iterable[Quad], vocabulary: Vocabulary, things: Collection[str]
) -> Iterator[Fault]:
    """Yield what is wrong with the queries of shapes; `things` are the IRIs of all described."""
    quads = list(shapes)
    read = Shapes(quads)
    for quad in quads:
        if quad.predicate.value in _QUERIES and isinstance(quad.object, Literal):
            query = _Query(quad, _prefixes(read, quad.subject))
            yield from query.unreadable() or query.unknown(vocabulary, things)


def _prefixes(shapes: Shapes, constraint: Node) -> dict[str, str]:
    """Return the prefixes that a query has from sh:prefixes, each with its namespace."""
    if isinstance(constraint, Triple):
        return {}
    return {
        prefix.value: space.value
        for source in shapes.of(constraint, "prefixes")
        for declared in shapes.of(source, "declare")
        for prefix in shapes.of(declared, "prefix")
        for space in shapes.of(declared, "namespace")
    }


class _Query:
    """One query of a shape, read into tokens."""

    def __init__(self, quad: Quad, prefixes: Mapping[str, str]) -> None:
        self._quad = quad
        self._text = quad.object.value if isinstance(quad.object, Literal) else ""
        found = [each for each in tokens(self._text) if each.kind not in _QUIET]
        own = [
            (name, iri)
            for word, name, iri in zip(found, found[1:], found[2:], strict=False)
            if word.text.upper() == "PREFIX" and iri.kind == "iri"
        ]
        stated = {each.start for pair in own for each in pair}
        self._tokens = [each for each in found if each.start not in stated]
        self._given = prefixes
        self._prefixes = {**prefixes, **{name.text[:-1]: iri.text[1:-1] for name, iri in own}}

    def unreadable(self) -> list[Fault]:
        """List the prefixes that are not declared, else where the query stops being SPARQL."""
        undeclared = {
            each.text.partition(":")[0]: each
            for each in reversed(self._tokens)
            if each.kind == "name" and each.text.partition(":")[0] not in {*self._prefixes, "_"}
        }
        return [self._undeclared(*each) for each in undeclared.items()] or list(self._syntax())

    def _undeclared(self, prefix: str, token: Token) -> Fault:
        near = suggestion(prefix, self._prefixes) or "declare it by sh:declare"
        what = f"The query does not declare the prefix {prefix}:."
        return self._fault((token.start, token.start + len(prefix) + 1), what, near)

    def _syntax(self) -> Iterator[Fault]:
        try:
            parse(self._text.replace(_PATH, _ANY_PATH), self._given)
        except SyntaxError as error:
            token = self._token(str(error))
            what = "something is missing at its end" if token is None else f"at {token.text}"
            end = len(self._text)
            at = (end, end) if token is None else _at(token)
            yield self._fault(at, f"The query is not SPARQL: {what}.", "mend the query")

    def _token(self, error: str) -> Token | None:
        """Return the first word that is no keyword, else what does not end before an error."""
        words = (each for each in self._tokens if each.kind == "word")
        odd = next((each for each in words if each.text.upper() not in KEYWORDS), None)
        place = _PLACE.search(error)
        lines = self._text.splitlines(keepends=True)
        offset = sum(map(len, lines[: int(place[1]) - 1])) + int(place[2]) - 1 if place else 0
        return odd or next((each for each in self._tokens if offset < _at(each)[1]), None)

    def unknown(self, vocabulary: Vocabulary, things: Collection[str]) -> Iterator[Fault]:
        """Yield the terms and the things that are nowhere else."""
        closest = Closest(vocabulary)
        for token in self._tokens:
            iri = self._iri(token)
            if not vocabulary.exists(iri):
                what, known = "No vocabulary has", vocabulary.known(iri) or ()
            elif vocabulary.owns(iri) and iri not in things:
                space = split(iri)[0]
                what, known = "Nothing describes", [t for t in things if t.startswith(space)]
            else:
                continue
            near = closest(iri, known)
            hint = f"did you mean {near}?" if near else "check its spelling"
            yield self._fault(_at(token), f"{what} {vocabulary.shrink(iri)}.", hint)

    def _iri(self, token: Token) -> str:
        if token.kind == "iri":
            return token.text[1:-1]
        prefix, _, local = token.text.partition(":")
        return self._prefixes[prefix] + local if token.kind == "name" and prefix != "_" else ""

    def _fault(self, at: tuple[int, int], message: str, hint: str) -> Fault:
        return fault(self._quad, "object", _RULE, message, layer="shapes", hint=hint, within=at)


def _at(token: Token) -> tuple[int, int]:
    return token.start, token.start + len(token.text)
