"""What statements say: the matters that they tell of, and what belongs to these."""

from collections.abc import Iterable
from functools import cache

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from communique.dataset import select
from communique.namespaces import PREFIXES

Name = tuple[str, str]
"""The kind of a term, `uri` or `literal`, and its text."""

_STEPS_ASIDE = 2
"""How far from what a statement says something still belongs to it: a voice's post, its label."""

_STEPS_INWARD = 3
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_MATTERS = "SELECT DISTINCT ?said ?matter WHERE { ?said cmq:content ?matter }"


class Contents:
    """What the statements of a store say, and which statements say a thing."""

    def __init__(self, store: Store, statements: Iterable[str]) -> None:
        """Read which statement has which content; all else is read when it is asked for."""
        self._store = store
        self._tellers: dict[str, set[str]] = {}
        for row in select(store, _MATTERS):
            self._tellers.setdefault(row["matter"].value, set()).add(row["said"].value)
        self._within = frozenset(statements) | frozenset(self._tellers)
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

    def _said(self, thing: str) -> frozenset[Name]:
        """Return what a statement or a matter says: itself, its parts, and what these name."""
        found: dict[Name, int] = {("uri", thing): 0}
        ahead = [(thing, 0)]
        while ahead:
            here, aside = ahead.pop()
            for name, follow in self._objects(here):
                steps = 0 if name[1] in self._within and name[0] == "uri" else aside + 1
                if steps <= _STEPS_ASIDE and steps < found.get(name, _STEPS_ASIDE + 1):
                    found[name] = steps
                    if follow:
                        ahead.append((name[1], steps))
        return frozenset(found)

    def _objects(self, iri: str) -> list[tuple[Name, bool]]:
        """Return what is said of a thing, each with whether it leads further."""
        quads = self._store.quads_for_pattern(NamedNode(iri), None, None, DefaultGraph())
        found: list[tuple[Name, bool]] = []
        for quad in quads:
            if isinstance(quad.object, NamedNode):
                found.append((("uri", quad.object.value), quad.predicate != _TYPE))
            elif isinstance(quad.object, Literal):
                found.append((("literal", quad.object.value), False))
        return found
