"""The names in files that all articles share: in triples, and in queries of questions and shapes.

Of those that are left to articles it matters whether an article describes them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Quad

from communique.engines import sh
from communique.names import declarations
from communique.tokens import signs

_PREFIX, _NAMESPACE = sh("prefix"), sh("namespace")


def in_triples(quads: Iterable[Quad]) -> Iterator[str]:
    """Yield the IRIs in some triples, wherever they stand."""
    for quad in quads:
        for term in (quad.subject, quad.predicate, quad.object):
            if isinstance(term, NamedNode):
                yield term.value


def in_queries(texts: Iterable[str], known: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Yield the IRIs in some queries: of a prefix, by all namespaces for which it may stand.

    `known` returns those that are declared elsewhere.
    """
    for text in texts:
        declared = defaultdict[str, set[str]](set)
        for prefix, space in declarations(text):
            declared[prefix].add(space)
        for token in signs(text):
            prefix, _, local = token.text.partition(":")
            if token.kind == "iri":
                yield token.text[1:-1]
            elif token.kind == "name":
                spaces = {*declared[prefix], *known(prefix)}
                yield from (space + local.replace("\\", "") for space in spaces)


def queries_of(shapes: Iterable[Quad]) -> Iterator[str]:
    """Yield the texts in shapes that may be queries."""
    for quad in shapes:
        if isinstance(quad.object, Literal) and "{" in quad.object.value:
            yield quad.object.value


def prefixes_of(shapes: Iterable[Quad]) -> Mapping[str, Collection[str]]:
    """Return the namespaces that shapes declare for each prefix."""
    said = defaultdict[object, dict[str, set[str]]](lambda: defaultdict(set))
    for quad in shapes:
        if isinstance(quad.object, Literal) and quad.predicate.value in {_PREFIX, _NAMESPACE}:
            said[quad.subject][quad.predicate.value].add(quad.object.value)
    found = defaultdict[str, set[str]](set)
    for each in said.values():
        for prefix in each[_PREFIX]:
            found[prefix] |= each[_NAMESPACE]
    return found
