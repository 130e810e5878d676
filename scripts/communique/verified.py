"""The forms of shapes on which the fast engine has been compared with the reference."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from communique.dataset import Term
from communique.engines import Shapes, check_queries, sh
from communique.namespaces import PREFIXES

RDF = PREFIXES["rdf"]
LISTED = RDF + "first"

_WORDS = """
    alternativePath and class closed datatype deactivated declare defaultValue description disjoint
    equals flags group hasValue ignoredProperties in inversePath languageIn lessThan
    lessThanOrEquals maxCount maxExclusive maxInclusive maxLength message minCount minExclusive
    minInclusive minLength name namespace node nodeKind not oneOrMorePath or order path pattern
    prefix prefixes property qualifiedMaxCount qualifiedMinCount qualifiedValueShape
    qualifiedValueShapesDisjoint select severity sparql targetClass targetNode targetObjectsOf
    targetSubjectsOf uniqueLang xone zeroOrMorePath zeroOrOnePath
"""
_KINDS = "NodeShape PrefixDeclaration PropertyGroup PropertyShape SPARQLConstraint"
_ORDERED = """
    boolean byte date dateTime decimal double float int integer long negativeInteger
    nonNegativeInteger nonPositiveInteger positiveInteger short string unsignedByte unsignedInt
    unsignedLong unsignedShort
"""
_COMPARED = frozenset(PREFIXES["xsd"] + name for name in _ORDERED.split())
_KNOWN_WORDS = frozenset(map(sh, _WORDS.split()))
_KNOWN_KINDS = frozenset(map(sh, _KINDS.split()))
_CONDITIONS = ("node", "not", "qualifiedValueShape")
_LISTS = ("and", "or", "xone")
_LISTING = frozenset(map(sh, _LISTS))
_NOTHING = NamedNode(RDF + "nil")
_BOUNDS = ("minExclusive", "minInclusive", "maxExclusive", "maxInclusive")
_PAIRS = ("lessThan", "lessThanOrEquals")
_REPEATED = ("oneOrMorePath", "zeroOrMorePath", "zeroOrOnePath")
_UNANSWERED = re.compile(r"[?$](?:currentShape|failure|message|shapesGraph)\b")


class Rules(Shapes):
    """Shapes, which of them ask which, and why the fast engine would not judge by them."""

    def __init__(self, quads: list[Quad]) -> None:
        """Take the shapes; a query that no engine may see raises CommuniqueError."""
        super().__init__(quads)
        check_queries(quads)
        self.quads = quads
        self.holders = defaultdict[Term, list[Term]](list)
        """The shapes that hold a shape by `sh:property`."""
        self._asked = defaultdict[Term, list[Term]](list)
        for quad in quads:
            if isinstance(quad.subject, NamedNode | BlankNode):
                self._take(quad.subject, quad.predicate.value)
        self._conditions = {inner for asked in self._asked.values() for inner in asked}
        self.querying = [shape for shape in self.subjects() if self.of(shape, "sparql")]

    def _take(self, shape: Term, predicate: str) -> None:
        name = predicate.removeprefix(PREFIXES["sh"])
        if name == "property":
            for inner in self.of(shape, name):
                self.holders[inner].append(shape)
        elif name in _CONDITIONS:
            self._asked[shape] += self.of(shape, name)
        elif name in _LISTS:
            for first in self.of(shape, name):
                self._asked[shape] += self._members(first)

    def _members(self, node: Term) -> Iterator[Term]:
        seen = set[Term]()
        while node not in seen:
            seen.add(node)
            yield from self.objects(node, LISTED)
            node = next(iter(self.objects(node, RDF + "rest")), node)

    def declined(self, data: Store) -> str:
        """Say why the fast engine does not judge this data by these shapes, or nothing."""
        return self._declined or self._incomparable(data)

    @cached_property
    def _declined(self) -> str:
        """Why the fast engine does not judge any data by these shapes, or nothing."""
        reasons = (
            self._strange(),
            self._circular(),
            self._unbounded(),
            *(self._unanswered(shape) for shape in self.querying),
        )
        return next((reason for reason in reasons if reason), "")

    def _strange(self) -> str:
        """Name a word of SHACL on which the engines have not been compared."""
        for quad in self.quads:
            word, known = quad.predicate.value, _KNOWN_WORDS
            if word == RDF + "type" and isinstance(quad.object, NamedNode):
                word, known = quad.object.value, _KNOWN_KINDS
            if word.startswith(PREFIXES["sh"]) and word not in known:
                return f"sh:{word.removeprefix(PREFIXES['sh'])}"
            if word in _LISTING and quad.object == _NOTHING:
                return f"{quad.subject} has an empty list of conditions"
        return ""

    def _circular(self) -> str:
        """Name a shape that asks itself, whatever shapes are between."""
        inner = defaultdict[Term, list[Term]](list)
        for shape, asked in self._asked.items():
            inner[shape] += asked
        for shape, holders in self.holders.items():
            for holder in holders:
                inner[holder].append(shape)
        left = {shape: len(set(asked)) for shape, asked in inner.items()}
        outer = defaultdict[Term, set[Term]](set)
        for shape, asked in inner.items():
            for each in asked:
                outer[each].add(shape)
        done = [shape for shape in outer if shape not in left]
        for shape in done:
            for asking in outer[shape]:
                left[asking] -= 1
                if not left[asking]:
                    done.append(asking)
        return next((f"{shape} asks itself" for shape, count in left.items() if count), "")

    def _unbounded(self) -> str:
        """Name a bound that is no number, text, date or time."""
        bounds = (b for each in self.subjects() for name in _BOUNDS for b in self.of(each, name))
        return next((f"{bound} is a bound" for bound in bounds if not _is_compared(bound)), "")

    def _incomparable(self, data: Store) -> str:
        """Name a literal in the data that is compared and is no number, text, date or time."""
        for predicate in self._compared:
            for quad in data.quads_for_pattern(None, predicate, None):
                if isinstance(quad.object, Literal) and not _is_compared(quad.object):
                    return f"{quad.object} is compared"
        return ""

    @cached_property
    def _compared(self) -> list[NamedNode]:
        """The predicates that lead to what shapes compare."""
        pairs = (each for each in self.subjects() if any(self.of(each, name) for name in _PAIRS))
        return sorted({end for shape in pairs for end in self._ends(shape)}, key=str)

    def _ends(self, shape: Term) -> set[NamedNode]:
        """List the predicates that lead to what a shape compares: the last ones of its paths."""
        ends, seen = set[NamedNode](), set[Term]()
        waiting = [end for name in ("path", *_PAIRS) for end in self.of(shape, name)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, NamedNode):
                ends.add(node)
            elif node not in seen:
                seen.add(node)
                waiting += [*self._members(node)][-1:]
                waiting += [part for name in _REPEATED for part in self.of(node, name)]
                for first in self.of(node, "alternativePath"):
                    waiting += self._members(first)
        return ends

    def _unanswered(self, shape: Term) -> str:
        """Say what in the queries of a shape only the reference follows."""
        around = [shape, *self.holders[shape]]
        if self._conditions.intersection(around) or any(
            self.of(holder, "path") or self.holders[holder] for holder in self.holders[shape]
        ):
            return f"{shape} asks in SPARQL, within a condition or a property"
        path = self.one(shape, "path")
        for constraint in self.of(shape, "sparql"):
            texts = self.of(constraint, "select")
            if len(texts) != 1 or _UNANSWERED.search(texts[0].value):
                return f"{shape} asks for more than $this, ?path and ?value"
            if "$PATH" in texts[0].value and not isinstance(path, NamedNode):
                return f"{shape} asks along a path of several steps"
            for source in self.of(constraint, "prefixes"):
                if self.objects(source, PREFIXES["owl"] + "imports"):
                    return f"{source} imports prefixes"
        return ""


def _is_compared(term: Term) -> bool:
    return isinstance(term, Literal) and term.datatype.value in _COMPARED
