"""In which positions articles and what they share use things, predicate by predicate.

A thing is an article's own if the article describes it and the files that all share do not. From
where own things stand it follows which patterns of a query hold an answer within one article.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from communique.namespaces import PREFIXES, split

TYPE = NamedNode(PREFIXES["rdf"] + "type")
OWN, SHARED, LITERAL = "own", "shared", "literal"


@dataclass(frozen=True, order=True)
class Use:
    """How some triples of a predicate stand."""

    article: bool
    """Whether an article is needed to have the triple."""
    subject: str
    object: str
    bridge: bool = False
    """Whether its two ends may be own things of two articles."""


Profile = frozenset[tuple[str, str, Use]]
"""Predicates, each with the class or concept that it points at, or nothing, and how it is used."""


class Registry:
    """What all articles share: the ontology, and the files that stand beside the articles."""

    def __init__(self, ontology: Iterable[Quad], stated: Iterable[Quad]) -> None:
        """Take what the ontology says, and what all shared files do, the ontology among them."""
        self._described = {quad.subject for quad in stated if quad.predicate == TYPE}
        self._terms = {quad.subject for quad in ontology}

    def kind(self, term: object) -> str:
        """Tell whose a term of the shared files is: what they do not describe, an article may."""
        if isinstance(term, Literal):
            return LITERAL
        shared = term in self._described or term in self._terms or isinstance(term, BlankNode)
        return SHARED if shared or _is_vocabulary(term) else OWN

    def constant(self, term: object) -> str:
        """Return a class or a concept as it is noted, and nothing for anything else."""
        noted = isinstance(term, NamedNode) and (term in self._terms or _is_vocabulary(term))
        return term.value if noted and isinstance(term, NamedNode) else ""

    def profile(self, quads: Iterable[Quad]) -> Profile:
        """Note how the shared triples stand; two own things of one namespace are of one article."""
        return frozenset(
            (quad.predicate.value, self.constant(quad.object), self._use(quad)) for quad in quads
        )

    def _use(self, quad: Quad) -> Use:
        kinds = self.kind(quad.subject), self.kind(quad.object)
        bridge = kinds == (OWN, OWN) and _space(quad.subject) != _space(quad.object)
        return Use(False, *kinds, bridge)  # noqa: FBT003  the first field says it

    def of_articles(
        self, quads: Iterable[Quad], owner: Mapping[object, str], links: Iterable[Quad]
    ) -> Profile:
        """Note how triples of articles stand, `owner` telling which article describes a thing.

        `links` are the shared triples between two own things: of one article, or bridges.
        """
        found = set[tuple[str, str, Use]]()
        for quad in quads:
            noted = quad.predicate.value, self.constant(quad.object)
            found.update((*noted, use) for use in self._uses(quad, owner))
        for quad in links:
            ends = owner.get(quad.subject), owner.get(quad.object)
            if any(ends) and ends[0] != ends[1]:
                use = Use(False, OWN, OWN, bridge=True)  # noqa: FBT003  as above
                found.add((quad.predicate.value, self.constant(quad.object), use))
        return frozenset(found)

    def _uses(self, quad: Quad, owner: Mapping[object, str]) -> Iterator[Use]:
        ends = owner.get(quad.subject), owner.get(quad.object)
        kinds = [self._kinds(term, end) for term, end in zip(_ends(quad), ends, strict=True)]
        one = ends[0] is not None and ends[0] == ends[1]
        for subject in kinds[0]:
            for thing in kinds[1]:
                bridge = subject == thing == OWN and not one
                yield Use(True, subject, thing, bridge)  # noqa: FBT003  as above

    def _kinds(self, term: object, end: str | None) -> tuple[str, ...]:
        """Tell whose a term of an article may be: what nobody describes here, another one may."""
        if end is not None:
            return (OWN,)
        kind = self.kind(term)
        return (OWN, SHARED) if kind == OWN else (kind,)


def uses(profile: Profile) -> Callable[[str, str], frozenset[Use]]:
    """Return what looks up how a predicate is used, with an object or with any."""
    found: dict[tuple[str, str | None], set[Use]] = {}
    for predicate, constant, use in profile:
        found.setdefault((predicate, constant), set()).add(use)
        found.setdefault((predicate, None), set()).add(use)
    return lambda predicate, constant: frozenset(found.get((predicate, constant or None), ()))


def _ends(quad: Quad) -> tuple[object, object]:
    return quad.subject, quad.object


def _space(term: object) -> str:
    return split(term.value)[0] if isinstance(term, NamedNode) else ""


def _is_vocabulary(term: object) -> bool:
    """Tell whether a name is of a vocabulary of the table, and not of things that it tells of."""
    space = _space(term)
    return space in _VOCABULARIES


_VOCABULARIES = frozenset(each for each in PREFIXES.values() if "/id/" not in each)
