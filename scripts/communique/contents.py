"""What statements say: the matters that they tell of, and what belongs to these."""

from collections.abc import Iterable
from functools import cache

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from communique.dataset import select
from communique.namespaces import PREFIXES

_STEPS_ASIDE = 2
"""How far from what a statement says, and where, something still belongs to it.

One step is a voice or a sentence, two are its name or its source.
"""

_STEPS_INWARD = 3
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_MATTERS = "SELECT DISTINCT ?said ?matter WHERE { ?said cmq:content ?matter }"
_OF_WORDS = frozenset(
    NamedNode(PREFIXES[prefix] + name)
    for prefix, name in (("cmq", "within"), ("cmq", "quote"), ("oa", "start"), ("oa", "end"))
)
"""What of a span belongs to the statement that it bears: not what its words denote."""

_MEASURES = frozenset(
    NamedNode(PREFIXES["cmq"] + name) for name in ("duration", "quantity", "time")
)
"""What not everybody gives who tells of a matter: a headline without a length is no proof of it."""

_WORDS = NamedNode(PREFIXES["cmq"] + "wordsOf")
_SPANS = "SELECT DISTINCT ?span WHERE { ?said cmq:evidence|^cmq:wordsOf ?span }"


class Contents:
    """What the statements of a store say, and which statements say a thing."""

    def __init__(self, store: Store, statements: Iterable[str]) -> None:
        """Read which statement has which content; all else is read when it is asked for."""
        self._store = store
        self._tellers: dict[str, set[str]] = {}
        for row in select(store, _MATTERS):
            self._tellers.setdefault(row["matter"].value, set()).add(row["said"].value)
        self._spans = frozenset(row["span"].value for row in select(store, _SPANS))
        self._within = frozenset(statements) | frozenset(self._tellers) | self._spans
        self.said = cache(self._said)
        self.tellers = cache(self._inward)

    def is_matter(self, iri: str) -> bool:
        """Tell whether some statement has a thing as its content."""
        return iri in self._tellers

    def _inward(self, matter: str) -> frozenset[str]:
        """Return the statements whose content a matter is, else those of what it stands inside."""
        around, seen = {matter}, {matter}
        for _ in range(_STEPS_INWARD):
            found = frozenset[str]().union(*(self._tellers.get(each, ()) for each in around))
            if found:
                return found
            around = {outer for each in around for outer in self._refers(each)} - seen
            seen |= around
        return frozenset()

    def _refers(self, iri: str) -> set[str]:
        """Return the matters that refer to a thing."""
        quads = self._store.quads_for_pattern(None, None, NamedNode(iri), DefaultGraph())
        named = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
        return {each for each in named if each in self._tellers}

    def _said(self, thing: str) -> frozenset[str]:
        """Return the texts of what something says: itself, its parts, and what these name."""
        found: dict[str, int] = {thing: 0}
        ahead = [(thing, 0)]
        while ahead:
            here, aside = ahead.pop()
            for name, follow in self._objects(here):
                steps = 0 if name in self._within else aside + 1
                if steps <= _STEPS_ASIDE and steps < found.get(name, _STEPS_ASIDE + 1):
                    found[name] = steps
                    if follow:
                        ahead.append((name, steps))
        return frozenset(found)

    def _objects(self, iri: str) -> list[tuple[str, bool]]:
        """Return what is said of a thing, each with whether it leads further."""
        quads = self._store.quads_for_pattern(NamedNode(iri), None, None, DefaultGraph())
        found: list[tuple[str, bool]] = []
        for quad in quads:
            if iri in self._spans and quad.predicate not in _OF_WORDS:
                continue
            if quad.predicate in _MEASURES:
                continue
            if isinstance(quad.object, NamedNode):
                found.append((quad.object.value, quad.predicate != _TYPE))
            elif isinstance(quad.object, Literal):
                found.append((quad.object.value, False))
        spans = self._store.quads_for_pattern(None, _WORDS, NamedNode(iri), DefaultGraph())
        quoted = [quad.subject.value for quad in spans if isinstance(quad.subject, NamedNode)]
        return [*found, *((span, True) for span in quoted)]
