"""Which shapes can be reached: from a target, over the shapes that ask for others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pyoxigraph import BlankNode, NamedNode, Quad, Triple

from communique.faults import Node
from communique.namespaces import PREFIXES

_SH, _RDF, _RDFS = PREFIXES["sh"], PREFIXES["rdf"], PREFIXES["rdfs"]
_TYPE = NamedNode(f"{_RDF}type")
_CLASS = NamedNode(f"{_RDFS}Class")
_COMPONENT = NamedNode(f"{_SH}ConstraintComponent")
_KINDS = frozenset(NamedNode(f"{_SH}{kind}Shape") for kind in ("Node", "Property"))
_TARGETS = frozenset(
    _SH + name for name in ("targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf")
)
_PATH = f"{_SH}path"
_OF_VALUES = frozenset({f"{_SH}parameter", f"{_SH}qualifiedValueShape"})
_LISTS = frozenset(_SH + name for name in ("and", "or", "xone"))
_ASKED = frozenset(
    _SH + name for name in ("node", "not", "parameter", "property", "qualifiedValueShape")
)
_LINKS = frozenset({*_LISTS, *_ASKED, f"{_RDF}first", f"{_RDF}rest"})
"""What leads from a shape to another that it asks; nothing else leads into a list."""
_WORDS = """
    and class closed datatype disjoint equals hasValue in languageIn lessThan lessThanOrEquals
    maxCount maxExclusive maxInclusive maxLength minCount minExclusive minInclusive minLength node
    nodeKind not or pattern property qualifiedValueShape sparql uniqueLang xone
"""
_ASKING = frozenset(_SH + name for name in _WORDS.split())
"""What makes a shape of its subject, whatever its type is."""

Shape = NamedNode | BlankNode | Triple


def unreached(quads: Iterable[Quad]) -> tuple[list[Shape], set[Node]]:
    """Return the shapes that nothing uses, and with them those that only these use."""
    links = defaultdict[Node, list[Node]](list)
    types = defaultdict[Shape, set[Node]](set)
    shapes, begun = dict[Shape, None](), list[Node]()
    for quad in quads:
        iri = quad.predicate.value
        if quad.predicate == _TYPE:
            types[quad.subject].add(quad.object)
        elif iri in _LINKS:
            links[quad.subject].append(quad.object)
        elif iri in _TARGETS:
            begun.append(quad.subject)
        if iri in _ASKING:
            shapes[quad.subject] = None
    for subject, kinds in types.items():
        if kinds & _KINDS:
            shapes[subject] = None
        if _COMPONENT in kinds or (_CLASS in kinds and kinds & _KINDS):
            begun.append(subject)
    used = _reached(begun, links)
    left = {shape: None for shape in sorted(shapes, key=str) if shape not in used}
    return _tops(left, links), set(left)


def _tops(left: Iterable[Shape], links: Mapping[Node, list[Node]]) -> list[Shape]:
    """Return those of some shapes from which all the others are reached."""
    covered = set[Node]()
    below = {shape: _reached(links.get(shape, []), links) for shape in left}
    held = {inner for shape, reached in below.items() for inner in reached - {shape}}
    tops = list[Shape]()
    for shape in [*(each for each in below if each not in held), *below]:
        if shape not in covered:
            tops.append(shape)
            covered |= {shape, *below[shape]}
    return tops


def _reached(begun: Iterable[Node], links: Mapping[Node, list[Node]]) -> set[Node]:
    found, waiting = set[Node](), list(begun)
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += links.get(each, ())
    return found


def circular(quads: Iterable[Quad]) -> list[Quad]:
    """Return a triple for each ring of shapes that ask one another about the same thing.

    A shape that asks about the values of a path may come back to itself: they are other things.
    """
    links, asking = defaultdict[Node, list[Node]](list), defaultdict[Node, list[Quad]](list)
    quads = list(quads)
    onward = {quad.subject for quad in quads if quad.predicate.value == _PATH}
    for quad in quads:
        iri = quad.predicate.value
        if iri in _LINKS and iri not in _OF_VALUES and quad.subject not in onward:
            links[quad.subject].append(quad.object)
            if iri in _ASKED or iri in _LISTS:
                asking[quad.subject].append(quad)
    found, told = list[Quad](), set[Node]()
    for shape in sorted(asking, key=str):
        ring = _reached([shape], links)
        closing = [quad for quad in asking[shape] if shape in _reached([quad.object], links)]
        if closing and shape not in told:
            found.append(closing[0])
            told |= {each for each in ring if shape in _reached(links.get(each, []), links)}
    return found
