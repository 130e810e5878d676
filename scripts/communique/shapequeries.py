"""The queries that shapes ask: whether they are SPARQL, and whether what they name exists."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import dropwhile, pairwise, takewhile

from pyoxigraph import Literal, Quad, Triple

from communique.conditions import block, constants, ungiven
from communique.engines import Shapes, sh
from communique.faults import Fault, Node, fault
from communique.findings import Rule
from communique.linting import FORMS, KEYWORDS
from communique.parameters import suggestion
from communique.parsing import parse
from communique.tokens import Token, signs
from communique.vacuous import compiles, matches_all
from communique.vocabularies import Closest, Vocabulary, split

_QUERIES = {sh(name) for name in ("ask", "select")}
_PLACE = re.compile(r"error at ([0-9]+):([0-9]+)")
_PATH, _ANY_PATH = "$PATH", "<u:x>"
"""What SHACL puts the path of a shape for, and a path that is as long."""

_GIVEN = ("this", "PATH", "currentShape")
"""What an engine gives each query of a shape; no graph of shapes is at hand."""
_LEFT_OUT = {
    "GRAPH": "What is judged is in no named graph.",
    "MINUS": "MINUS does not see $this: SHACL has no place for it.",
    "VALUES": "VALUES gives other values than SHACL does: it has no place here.",
    "OFFSET": "The query leaves out what it finds first.",
}

_RULE = Rule("shape-query", "The query of a shape is SPARQL, and what it names exists.")
_FINDS = Rule("idle-query", "The query of a shape asks about $this, and can find something.")


def faults(
    shapes: Iterable[Quad], vocabulary: Vocabulary, things: Collection[str]
) -> Iterator[Fault]:
    """Yield what is wrong with the queries of shapes; `things` are the IRIs of all described."""
    quads = list(shapes)
    read = Shapes(quads)
    given = {*_GIVEN, *_parameters(read, quads)}
    pathless = _pathless(read, quads)
    yield from _without_one_query(read, quads)
    for quad in quads:
        if quad.predicate.value in _QUERIES and isinstance(quad.object, Literal):
            query = _Query(quad, _prefixes(read, quad.subject))
            yield from query.unreadable() or [
                *query.unknown(vocabulary, things),
                *query.idle({*given, *_also(quad)}, has_path=quad.subject not in pathless),
            ]


def _without_one_query(read: Shapes, quads: Iterable[Quad]) -> Iterator[Fault]:
    """Find rules in SPARQL that no engine can ask."""
    for quad in quads:
        if quad.predicate.value == sh("sparql") and not isinstance(quad.object, Triple):
            queries = read.of(quad.object, "select")
            if len(queries) != 1 or not isinstance(queries[0], Literal):
                what = "The rule in SPARQL has not one sh:select, with a text."
                yield fault(quad, "object", _RULE, what, layer="shapes", hint="give it one")


def _also(quad: Quad) -> set[str]:
    return {"value"} if quad.predicate.value == sh("ask") else set()


def _parameters(read: Shapes, quads: Iterable[Quad]) -> set[str]:
    """Return the names by which queries know the parameters of a project's own components."""
    declared = [quad.object for quad in quads if quad.predicate.value == sh("parameter")]
    nodes = (each for each in declared if not isinstance(each, Triple))
    return {split(path.value)[1] for node in nodes for path in read.of(node, "path")}


def _pathless(read: Shapes, quads: Iterable[Quad]) -> set[Node]:
    """Return the constraints in SPARQL of shapes that have no path."""
    held = (quad for quad in quads if quad.predicate.value == sh("sparql"))
    return {
        quad.object
        for quad in held
        if not isinstance(quad.subject, Triple) and not read.of(quad.subject, "path")
    }


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
        found = signs(self._text)
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

    def idle(self, given: Collection[str], *, has_path: bool) -> Iterator[Fault]:
        """Yield why the query finds nothing of what it is asked about, besides what is `given`."""
        wrong = list(self._of_form())
        yield from wrong
        if wrong:
            return
        yield from self._of_patterns()
        yield from self._of_selections()
        yield from self._of_placeholders(given, has_path=has_path)
        for word, following in pairwise(self._tokens):
            name = word.text.upper() if word.kind == "word" else ""
            if name == "LIMIT" and following.text.strip("0") == "":
                yield self._idle(_at(word)[0], _at(following)[1], "The query takes no row.")
            elif name in _LEFT_OUT and following.text != "0":
                yield self._idle(*_at(word), _LEFT_OUT[name])
            elif name == "AS" and following.text[1:] in {"this", "PATH"}:
                yield self._idle(*_at(following), f"The query gives {following.text} a new value.")
        for part in constants(self._tokens):
            what = "This condition is the same whatever the data is."
            yield self._idle(part[0].start, _at(part[-1])[1], what)

    def _of_form(self) -> Iterator[Fault]:
        """Find a query that gives no rows."""
        words = (each for each in self._tokens if each.kind == "word")
        form = next((each for each in words if each.text.upper() in FORMS), None)
        wanted = "ASK" if self._quad.predicate.value == sh("ask") else "SELECT"
        if form and form.text.upper() != wanted:
            yield self._idle(*_at(form), f"The query of a shape begins with {wanted} here.")

    def _of_patterns(self) -> Iterator[Fault]:
        """Find patterns that match nothing or anything."""
        for word, following in pairwise(self._tokens):
            if word.text.upper() not in {"REGEX", "REPLACE"} or following.text != "(":
                continue
            for each in _patterns(block(self._tokens, self._tokens.index(following))):
                text = each.text.strip("\"'")
                if not compiles(text):
                    yield self._idle(*_at(each), "This is no regular expression.")
                elif matches_all(text, "") and word.text.upper() == "REGEX":
                    yield self._idle(*_at(each), "This pattern matches every text.")

    def _of_selections(self) -> Iterator[Fault]:
        """Find a query, or one within it, that does not select what it is asked about."""
        for place, token in enumerate(self._tokens):
            if token.kind != "word" or token.text.upper() != "SELECT":
                continue
            columns = takewhile(lambda each: each.text != "{", self._tokens[place:])
            if not {"$this", "?this", "*"} & {each.text for each in columns}:
                what, hint = "This query does not select $this.", "write SELECT $this"
                yield self._idle(*_at(token), what, hint)

    def _of_placeholders(self, given: Collection[str], *, has_path: bool) -> Iterator[Fault]:
        """Find variables that stand for nothing, as one that is misspelt does."""
        variables = [each for each in self._tokens if each.kind == "variable"]
        times = Counter(each.text[1:] for each in variables)
        known, told = {*given, "value"}, set[str]()
        for token in variables:
            name = token.text[1:]
            if name in told:
                continue
            alone = token.text.startswith("$") and times[name] == 1 and name not in known
            if (
                name == "shapesGraph"
                or alone
                or (name == "PATH" and (not has_path or token.text.startswith("?")))
            ):
                told.add(name)
                near = suggestion(token.text, [f"${each}" for each in _GIVEN])
                yield self._idle(*_at(token), f"Nothing gives {token.text} a value.", near)
        for token in ungiven(self._tokens, {*given, *told}):
            near = suggestion(token.text, [f"?{each}" for each in times.keys() - {token.text[1:]}])
            yield self._idle(*_at(token), f"Nothing gives {token.text} a value here.", near)
        body = dropwhile(lambda each: each.text != "{", self._tokens)
        asks = any(each.text[1:] == "this" for each in body if each.kind == "variable")
        if not (asks or told or "value" in given):
            yield self._idle(0, len(self._text), "The query asks nothing about $this.")

    def _idle(self, start: int, end: int, message: str, hint: str = "") -> Fault:
        return self._fault((start, end), message, hint, _FINDS)

    def _iri(self, token: Token) -> str:
        if token.kind == "iri":
            return token.text[1:-1]
        prefix, _, local = token.text.partition(":")
        return self._prefixes[prefix] + local if token.kind == "name" and prefix != "_" else ""

    def _fault(self, at: tuple[int, int], message: str, hint: str, rule: Rule = _RULE) -> Fault:
        return fault(self._quad, "object", rule, message, layer="shapes", hint=hint, within=at)


def _patterns(call: Sequence[Token]) -> Iterator[Token]:
    """Yield the pattern of a call, if it is written there as it is."""
    depth, comma = 0, False
    for token, following in pairwise(call):
        depth += (token.text == "(") - (token.text == ")")
        plain = token.kind == "short" and "\\" not in token.text
        if comma and plain and following.text in {",", ")"}:
            yield token
        if comma and depth == 1:
            return
        comma = depth == 1 and token.text == ","


def _at(token: Token) -> tuple[int, int]:
    return token.start, token.start + len(token.text)
