"""Things of a project that something names and nothing describes."""

from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial

from pyoxigraph import NamedNode, Quad

from communique.faults import Fault, fault
from communique.findings import Rule
from communique.namespaces import split
from communique.vocabularies import VERSIONS, Closest, Vocabulary

_DESCRIBED = Rule("unknown-name", "A thing that is named is described.")


def described(quads: Iterable[Quad]) -> set[str]:
    """Return the IRIs of all that some triple describes."""
    return {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}


def dangling(
    quads: Iterable[Quad], vocabulary: Vocabulary, known: Collection[str]
) -> Iterator[tuple[Quad, str, str, str]]:
    """Yield what names a thing of the project that is not among the known ones.

    Each is a quad, the part that names it, its IRI, and the closest known name or nothing. The
    IRI of a version names no thing that is described, and terms are not things.
    """
    owns = cache(vocabulary.owns)
    closest = Closest(vocabulary)
    near = cache(partial(_in_space, known))
    for quad in quads:
        for part, term in (("predicate", quad.predicate), ("object", quad.object)):
            iri = term.value if isinstance(term, NamedNode) else ""
            version = part == "object" and quad.predicate.value in VERSIONS
            if iri and iri not in known and not version and owns(iri):
                yield quad, part, iri, closest(iri, near(split(iri)[0]))


def faults(
    quads: Iterable[Quad], vocabulary: Vocabulary, known: Collection[str]
) -> Iterator[Fault]:
    """Yield the names of things that nothing describes."""
    for quad, part, iri, near in dangling(quads, vocabulary, known):
        name = vocabulary.shrink(iri)
        yield fault(
            quad,
            part,
            _DESCRIBED,
            f"Nothing describes {name}.",
            layer="names",
            hint=f"Did you mean {near}?" if near else f"Describe it, or check how {name} is spelt",
            value=name,
        )


def _in_space(iris: Iterable[str], space: str) -> list[str]:
    return [iri for iri in iris if split(iri)[0] == space]
