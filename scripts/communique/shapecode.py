"""What shapes would run: scripts, rules, queries and patterns, found wherever they are written.

A file that was read before without a finding is small and shallow enough to be parsed. What it
says is judged by its triples, however they are written; then the place is looked up in the text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from pyoxigraph import Literal, NamedNode, Quad, parse

from communique import backtracking
from communique.chains import FOLLOWED, Chains
from communique.dataset import FORMATS
from communique.errors import CommuniqueError
from communique.findings import Finding
from communique.guard import check
from communique.namespaces import PREFIXES, shrink
from communique.prescan import Scan, inside, stretches, unescaped
from communique.refusals import Text
from communique.tokens import blanked

_SH = PREFIXES["sh"]
_IMPORTS = PREFIXES["owl"] + "imports"
_SCRIPTS = frozenset(
    _SH + name
    for name in [
        "js",
        "jsFunctionName",
        "jsLibrary",
        "jsLibraryURL",
        "JSConstraint",
        "JSExecutable",
        "JSFunction",
        "JSLibrary",
        "JSRule",
        "JSTarget",
        "JSTargetType",
        "JSValidator",
    ]
)
_RULES = frozenset(
    _SH + name
    for name in [
        "condition",
        "construct",
        "entailment",
        "expression",
        "ExpressionConstraintComponent",
        "filterShape",
        "Function",
        "nodes",
        "Rule",
        "rule",
        "Rules",
        "SPARQLConstructExecutable",
        "SPARQLFunction",
        "SPARQLRule",
        "SPARQLTarget",
        "SPARQLTargetType",
        "SPARQLUpdateExecutable",
        "Target",
        "target",
        "TargetType",
        "this",
        "TripleRule",
        "update",
        "values",
    ]
)
_QUERIES = frozenset({_SH + "ask", _SH + "select"})
_REST = PREFIXES["rdf"] + "rest"
_PATTERN = _SH + "pattern"
_PREFIX = _SH + "prefix"
_NAMESPACE = _SH + "namespace"
_CODE = _SCRIPTS | _RULES
_READ = _QUERIES | {_PATTERN, _PREFIX, _NAMESPACE}
BEGINNINGS = frozenset(
    iri[:end] for iri in (*_CODE, *_READ, *FOLLOWED, _IMPORTS) for end in range(1, len(iri) + 1)
)
"""What an IRI may be that, with what follows a prefix, is one of those that are judged."""
_WATCHED = (*_CODE, *_READ, _IMPORTS)
_MOST = 100
_MOST_READ = 2**20
_WEIGHT = 16
"""To judge a pattern costs so many times what it costs to look through a query."""
_SPARQL_PREFIX = re.compile(r"(?:[A-Za-z](?:[\w.-]{0,98}[\w-])?)?", re.ASCII)
_SPARQL_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")
_MATCHING = re.compile(r"regex|replace", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\.)*+)"|\'((?:[^\'\\\r\n]|\\.)*+)\'')
_REFUSED = re.compile(r"(?::(\d+):(\d+))?: (.*)", re.DOTALL)
_QUERY_RULES = (
    ("SERVICE", "service"),
    ("changes data", "update"),
    ("has no end", "unclosed"),
    ("an escape", "escape"),
    ("", "query-size"),
)
_FROM = re.compile(r"\bFROM\b", re.IGNORECASE)


def of_shapes(text: Text, scan: Scan, suffix: str) -> list[Finding]:
    """List what a file would make an engine run.

    It was scanned without a finding, with `BEGINNINGS` watched for.
    """
    watched = (*_WATCHED, *FOLLOWED) if "_:" in text.text else (*_WATCHED, _REST)
    if not any(
        begin == iri or (iri.startswith(begin) and f":{iri[len(begin) :]}" in text.text)
        for begin in scan.seen
        for iri in watched
    ):
        return []
    quads = parse(text.text.encode(), format=FORMATS[suffix])
    return _Judge(text, scan.prefixes).findings(quads)


class _Judge:
    """Judges the triples of one file, and finds their places."""

    def __init__(self, text: Text, prefixes: Mapping[str, str]) -> None:
        self._text = text
        self._prefixes = prefixes
        self._read = 0
        self._places: dict[str, tuple[int, int]] = {}
        self._chains = Chains()

    def findings(self, quads: Iterable[Quad]) -> list[Finding]:
        """List what is refused, once a line for each rule; after a hundred the rest is not read."""
        found: dict[tuple[str, int], Finding] = {}
        try:
            for finding in (each for quad in quads for each in self._of(quad)):
                place = (finding.rule.id, finding.region.line)
                found[place] = min(finding, found.get(place, finding))
                if len(found) >= _MOST or self._read > _MOST_READ:
                    return sorted(found.values())
        except SyntaxError:
            return []
        return sorted([*found.values(), *self._endless()])

    def _endless(self) -> Iterator[Finding]:
        for node, why in self._chains.faults():
            named = isinstance(node, NamedNode)
            start, end = self._named(node.value) if named else self._labelled(str(node))
            message = f"The list or path {_short(node)} {why}."
            yield self._text.refuse("endless", start, end, message, "write it in brackets")

    def _labelled(self, label: str) -> tuple[int, int]:
        """Return where a blank node stands first."""
        found = re.search(rf"{re.escape(label)}(?![\w:.-])", self._text.text)
        return found.span() if found else (0, 0)

    def _of(self, quad: Quad) -> Iterator[Finding]:
        predicate, term = quad.predicate.value, quad.object
        if predicate in FOLLOWED:
            self._chains.take(quad)
        if predicate in _CODE:
            yield self._code(predicate)
            return
        if isinstance(term, NamedNode) and term.value in _CODE:
            yield self._code(term.value)
        elif predicate == _IMPORTS:
            message, hint = (
                f"This file imports {_short(term)}.",
                "put what is needed into ontology/",
            )
            yield self._text.refuse("imports", *self._named(_IMPORTS), message, hint)
        elif predicate in _READ and isinstance(term, Literal):
            yield from self._of_literal(predicate, term.value)

    def _of_literal(self, predicate: str, value: str) -> Iterator[Finding]:
        if predicate in _QUERIES:
            yield from self._query(value)
        elif predicate == _PATTERN:
            problem = self._pattern(value)
            if problem:
                message = f"The pattern {value[:80]} {problem}."
                yield self._text.refuse("pattern", *self._string(value), message, _SIMPLER)
        else:
            form = _SPARQL_PREFIX if predicate == _PREFIX else _SPARQL_NAMESPACE
            if not form.fullmatch(value):
                what = "prefix" if predicate == _PREFIX else "namespace"
                message = f"The declared {what} {value[:80]!r} is more than a {what}."
                hint = "keep the name or the IRI alone"
                yield self._text.refuse("shape-prefix", *self._string(value), message, hint)

    def _pattern(self, pattern: str) -> str:
        self._read += _WEIGHT * len(pattern)
        return _ONE_TOO_MANY if self._read > _MOST_READ else backtracking.problem(pattern)

    def _code(self, term: str) -> Finding:
        rule = "shape-script" if term in _SCRIPTS else "shape-rule"
        message = f"{shrink(term)} makes a shape run code of its own."
        return self._text.refuse(
            rule, *self._named(term), message, "use a constraint, or sh:sparql"
        )

    def _query(self, sparql: str) -> Iterator[Finding]:
        self._read += len(sparql)
        if self._read > _MOST_READ:
            message = f"The queries and patterns of this file {_TOO_MUCH}."
            yield self._text.refuse("query-size", *self._string(sparql), message, _DIVIDE)
            return
        refused = refusal_of(sparql) or _reads_elsewhere(sparql)
        if refused:
            rule, begin, stop, message, hint = refused
            start, end = self._string(sparql)
            raw = self._text.text[start:end]
            if inside(raw) == sparql and stop > begin:
                start += (len(raw) - len(sparql)) // 2
                start, end = start + begin, start + stop
            yield self._text.refuse(rule, start, end, message, hint)
        elif _MATCHING.search(sparql):
            yield from self._patterns_in(sparql)

    def _patterns_in(self, sparql: str) -> Iterator[Finding]:
        for found in _QUOTED.finditer(sparql):
            pattern = unescaped(found[1] or found[2] or "")
            problem = backtracking.problem(pattern)
            if problem and len(pattern) <= backtracking.LONGEST:
                message = f"The query matches the pattern {pattern[:80]}, which {problem}."
                yield self._text.refuse("pattern", *self._string(sparql), message, _SIMPLER)
                return

    def _named(self, iri: str) -> tuple[int, int]:
        """Return where a term is written first, in full or by a prefix."""
        if iri not in self._places:
            self._places[iri] = min(self._uses(iri), default=(0, 0))
        return self._places[iri]

    def _uses(self, iri: str) -> Iterator[tuple[int, int]]:
        text = self._text.text
        names = [
            re.escape(f"{prefix}:{iri[len(space) :]}")
            for prefix, space in self._prefixes.items()
            if iri.startswith(space)
        ]
        name = re.compile(rf"(?<![\w:.-])(?:{'|'.join(names) or '(?!)'})(?![\w:%\\-])")
        end = 0
        for start, stop in [*stretches(text), (len(text), len(text))]:
            found = name.search(text, end, start)
            if found:
                yield found.span()
                return
            if text[start : start + 1] == "<" and unescaped(text[start + 1 : stop - 1]) == iri:
                yield start, stop
                return
            end = stop

    def _string(self, value: str) -> tuple[int, int]:
        """Return where a literal is written."""
        return self._strings.get(value, (0, 0))

    @cached_property
    def _strings(self) -> dict[str, tuple[int, int]]:
        text, found = self._text.text, dict[str, tuple[int, int]]()
        for start, end in stretches(text):
            if text[start] in "\"'":
                found.setdefault(unescaped(inside(text[start:end])), (start, end))
        return found


def refusal_of(sparql: str) -> tuple[str, int, int, str, str] | None:
    """Say why the guard refuses a query: the rule, from where to where, a message and a hint."""
    try:
        check(sparql, where="")
    except CommuniqueError as error:
        found = _REFUSED.fullmatch(str(error))
        what, _, hint = (found[3] if found else str(error)).partition(". ")
        rule = next(rule for sign, rule in _QUERY_RULES if sign in what)
        at = _offset(sparql, int(found[1]), int(found[2])) if found and found[1] else 0
        end = at + _length(sparql, at) if found and found[1] else 0
        return rule, at, end, f"The query is refused here: {what}.", hint
    return None


def _reads_elsewhere(sparql: str) -> tuple[str, int, int, str, str] | None:
    """Say where a query of a shape names the graphs that it reads: an engine may fetch them."""
    found = _FROM.search(sparql) and _FROM.search(blanked(sparql))
    if not found:
        return None
    message = "The query is refused here: it reads other graphs (FROM)."
    return "service", *found.span(), message, "ask about the data at hand"


def _offset(text: str, line: int, column: int) -> int:
    """Return the place of a line and a column of the guard, whose lines end with a line feed."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    return starts[line - 1] + column - 1


def _length(sparql: str, at: int) -> int:
    word = re.compile(r"\w+|.", re.DOTALL).match(sparql, at)
    return len(word[0]) if word else 1


def _short(term: object) -> str:
    return shrink(term.value) if isinstance(term, NamedNode) else str(term)[:80]


_TOO_MUCH = "are too many for one file"
_ONE_TOO_MANY = "is one too many for one file"
_DIVIDE = "divide the file"
_SIMPLER = "repeat each thing once, and divide what is repeated by a character of its own"
