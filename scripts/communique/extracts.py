"""What rules that look into other articles need of one: the triples that they may come to."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Protocol

from pyoxigraph import Literal, Quad, RdfFormat, Triple, serialize

from communique.faults import Node
from communique.frame import Frame, iri_of
from communique.parting import Far
from communique.places import Triples
from communique.reaching import TYPE


class Extracted(Protocol):
    """An article of which an extract is made."""

    @property
    def frame(self) -> Frame:
        """What is shared."""

    @property
    def own(self) -> Collection[Node]:
        """The things that it describes."""

    @property
    def quads(self) -> list[Quad]:
        """What is said in it, and of it alone."""

    def by(self, predicates: Iterable[str]) -> Iterator[Quad]:
        """Yield what is said by some predicates."""


class _Walk:
    """Walks along some predicates, among the things of an article."""

    def __init__(self, article: Extracted) -> None:
        self._own = article.own
        self.quads = article.quads

    @cached_property
    def index(self) -> Triples:
        """The triples, to be looked up."""
        return Triples(self.quads)

    def from_(self, starts: Iterable[Node], far: Far) -> Iterator[Quad]:
        along, back = far.along, far.back
        seen, waiting = set[Node](), list(starts)
        while waiting:
            node = waiting.pop()
            if node in seen or node not in self._own:
                continue
            seen.add(node)
            for quad in self.index.of(node):
                if quad.predicate.value in along:
                    yield quad
                    waiting.append(quad.object)
            for quad in self.index.naming(node):
                if quad.predicate.value in back:
                    yield quad
                    waiting.append(quad.subject)


def extract(article: Extracted) -> Iterator[Quad]:
    """Yield what rules need of an article that look into others."""
    frame, walk = article.frame, _Walk(article)
    answered = [node for node in article.own if iri_of(node) in frame.into]
    for far in frame.parts.far:
        if far.everything:
            yield from article.quads
            return
        entries: set[Node] = {
            quad.subject for quad in article.by(far.back) if quad.object not in article.own
        }
        if far.own.is_far or frame.parts.is_wide(far.rule):
            entries |= _focus(article, frame.parts.targets(far.rule.shape))
        entries |= set(answered)
        yield from walk.from_(entries, far)
    yield from _targeted(article)


def _focus(article: Extracted, targets: Mapping[str, Iterable[Node]]) -> set[Node]:
    """Return the things of an article at which a shape aims."""
    found: set[Node] = {node for node in targets["targetNode"] if not isinstance(node, Literal)}
    classes = {iri_of(kind) for kind in targets["targetClass"]}
    for quad in article.by([TYPE] if classes else ()):
        if classes & article.frame.classes([iri_of(quad.object)]):
            found.add(quad.subject)
    found |= {quad.subject for quad in article.by(map(iri_of, targets["targetSubjectsOf"]))}
    return found | {quad.object for quad in article.by(map(iri_of, targets["targetObjectsOf"]))}


def _targeted(article: Extracted) -> Iterator[Quad]:
    """Yield a triple for each shared thing at which shapes aim since it is the object of one."""
    seen = set[tuple[str, Node]]()
    for quad in article.by(article.frame.parts.aiming):
        key = quad.predicate.value, quad.object
        if quad.object not in article.own and key not in seen:
            seen.add(key)
            yield quad


def lines(quads: Iterable[Quad]) -> bytes:
    """Write triples as N-Triples, sorted."""
    triples = {Triple(quad.subject, quad.predicate, quad.object) for quad in quads}
    text = serialize(triples, format=RdfFormat.N_TRIPLES) if triples else b""
    return b"".join(sorted((text or b"").splitlines(keepends=True)))
