"""What things are called when a person reads about them."""

from collections.abc import Callable
from functools import cache
from typing import cast

from pyoxigraph import Literal, NamedNode, Store, Triple

from communique.dataset import Term
from communique.lines import count, visible
from communique.namespaces import PREFIXES, shrink

__all__ = ["Labels", "count", "plain", "visible"]

_NAMING = tuple(
    NamedNode(iri) for iri in (PREFIXES["skos"] + "prefLabel", PREFIXES["rdfs"] + "label")
)


class Labels:
    """English labels of the things in a store; the prefixed name where there is none."""

    def __init__(self, store: Store) -> None:
        """Read labels from this store, when they are asked for."""
        self._store = store
        self.found = cache(self._found)

    def of(self, iri: str) -> str:
        """Return the label of a thing, or its prefixed name."""
        return self.found(iri) or shrink(iri)

    def text(self, term: Term | None) -> str:
        """Return a term as a person reads it."""
        return self.of(term.value) if isinstance(term, NamedNode) else _written(term, self.text)

    def _found(self, iri: str) -> str:
        """Return the label of a thing, or nothing."""
        for naming in _NAMING:
            found = self._store.quads_for_pattern(NamedNode(iri), naming, None)
            texts = [q.object for q in found if isinstance(q.object, Literal)]
            english = sorted(text.value for text in texts if text.language == "en")
            if english:
                return english[0]
        return ""


def plain(term: Term | None) -> str:
    """Return a term as SPARQL's CSV has it: the IRI, or the literal's text."""
    return _written(term, plain)


def _written(term: Term | Triple | None, write: Callable[[Term | None], str]) -> str:
    """Write a term, and of a triple term what it is made of."""
    if isinstance(term, Triple):
        parts = (term.subject, term.predicate, term.object)
        return f"<<( {' '.join(write(cast('Term', part)) for part in parts)} )>>"
    return "" if term is None else term.value
