"""The rules of a project, and the faults by which a rule would pass in silence."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from communique import vacuous
from communique.dataset import Term, graph_iri, read, select, turtle_files
from communique.errors import CommuniqueError
from communique.faults import Fault, Node, fault
from communique.findings import Rule
from communique.namespaces import PREFIXES, shrink
from communique.reach import circular, unreached
from communique.vacuous import called

_SH = PREFIXES["sh"]
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_BELOW = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_BY_CLASS = {f"{_SH}targetClass", f"{_SH}targetNode"}
_IMPLICIT = """
SELECT ?shape WHERE {
  ?shape a rdfs:Class ; a ?kind .
  VALUES ?kind { sh:NodeShape sh:PropertyShape }
}
"""
_PATHLESS = """
SELECT DISTINCT ?shape WHERE {
  { ?shape a sh:PropertyShape } UNION { ?holder sh:property ?shape }
  FILTER NOT EXISTS { ?shape sh:path [] }
  FILTER EXISTS { ?shape ?property [] }
}
"""

_IDLE = Rule("idle-target", "A target of a shape finds something to check.")
_UNREACHABLE = Rule("unreached-shape", "A shape has a target, or another shape that uses it.")
_CIRCULAR = Rule("circular-shape", "A shape asks no shape that asks it about the same thing.")
_OFF = Rule("deactivated-shape", "A shape is not deactivated.")
_WITHOUT_PATH = Rule("pathless-shape", "A property shape has a path.")
_UNJUDGED = Rule("unjudged-thing", "A thing in the data is of a class that a shape is for.")


class Shapes(NamedTuple):
    """The shapes of a project, and what is wrong with them."""

    store: Store
    """Each file a named graph; all of them together the default graph."""
    targeting: tuple[NamedNode | BlankNode | Triple, ...]
    """The shapes with a target."""
    idle: tuple[NamedNode | BlankNode | Triple, ...]
    """Those of them whose targets find nothing."""
    faults: tuple[Fault, ...]


def load_shapes(root: Path, data: Store) -> Shapes:
    """Read the shapes of a project and try their targets on the data."""
    store = Store()
    for path in turtle_files(root / "shapes"):
        graph = graph_iri(f"shapes/{path.stem}")
        store.extend(read(path, root=root, graph=graph))
    return judged(store, data)


def judged(files: Iterable[Quad], data: "Store | Things") -> Shapes:
    """Try the targets of shapes, each file a named graph, on the data, or on what it names."""
    store, quads = Store(), list(files)
    store.extend(quads)
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    targets, things = list(_targets(store)), data if isinstance(data, Things) else things_of(data)
    used = dict.fromkeys((quad.subject for quad in targets), False)
    idle = []
    for quad in targets:
        if things.has(quad):
            used[quad.subject] = True
        else:
            idle.append(quad)
    shapes = tuple(sorted(used, key=str))
    said = list(store.quads_for_pattern(None, None, None, DefaultGraph()))
    tops, unused = unreached(said)
    pathless = list(_pathless(store))
    return Shapes(
        store=store,
        targeting=shapes,
        idle=tuple(shape for shape in shapes if not used[shape]),
        faults=(
            *(_idle(quad) for quad in idle),
            *_unreached(store, tops),
            *_circular(quad for quad in circular(said) if quad.subject not in unused),
            *_switched_off(store),
            *_of_no_property(pathless),
            *vacuous.faults(said, {quad.subject for quad in pathless}, unused),
        ),
    )


def shapes_of_shapes() -> list[Quad]:
    """Return the shapes of SHACL itself, from the W3C's recommendation, as pySHACL brings them."""
    found = find_spec("pyshacl")
    if not (found and found.submodule_search_locations):
        raise CommuniqueError("pyshacl: not installed. pip install pyshacl")
    path = Path(found.submodule_search_locations[0]) / "assets" / "shacl-shacl.ttl"
    return list(parse(path.read_bytes(), format=RdfFormat.TURTLE))


def unjudged(data: Iterable[Quad], union: Store, shapes: Store) -> Iterator[Fault]:
    """Find the things in the data that no shape is for, by class, by name or by what names them.

    Shapes for whatever has some property do not count: they say nothing of what the thing is.
    """
    targets = (quad for quad in _targets(shapes) if quad.predicate.value in _BY_CLASS)
    judged_ = {quad.object for quad in targets}
    for target in _stating(shapes, "targetObjectsOf"):
        if isinstance(target.object, NamedNode):
            found = union.quads_for_pattern(None, target.object, None, DefaultGraph())
            judged_ |= {quad.object for quad in found}
    above = Things((), (), (), _classes_above(union)).above
    types = defaultdict[object, list[Quad]](list)
    for quad in data:
        if quad.predicate == _TYPE:
            types[quad.subject].append(quad)
    for thing, quads in types.items():
        if thing not in judged_ and not judged_ & above({quad.object for quad in quads}):
            what = _shown(quads[0].object)
            message = f"No shape is for things of the class {what}: nothing checks this one."
            hint = "write a shape with this class as target, or use another class"
            yield fault(quads[0], "object", _UNJUDGED, message, layer="constraints", hint=hint)


def _targets(store: Store) -> Iterator[Quad]:
    for name in _TARGETS:
        yield from store.quads_for_pattern(None, NamedNode(_SH + name), None, DefaultGraph())
    for row in select(store, _IMPLICIT):
        shape = row["shape"]
        if isinstance(shape, NamedNode):
            yield Quad(shape, NamedNode(_SH + "targetClass"), shape)


class Things:
    """What targets can find in the data."""

    def __init__(
        self,
        predicates: Collection[object],
        terms: Collection[object],
        types: Iterable[object],
        above: Mapping[object, Iterable[object]],
    ) -> None:
        """Take what is named, and how, which classes there are, and the classes above each."""
        self._predicates = predicates
        self._terms = terms
        self._above = above
        self._classes = self.above(set(types))

    def above(self, classes: set[object]) -> set[object]:
        """Return some classes, and all of which they are subclasses."""
        found, waiting = set[object](), list(classes)
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += self._above.get(each, ())
        return found

    def has(self, target: Quad) -> bool:
        """Tell whether there is a thing of this class, this node, or one with this property."""
        kind = target.predicate.value.removeprefix(_SH)
        among = {"targetClass": self._classes, "targetNode": self._terms}
        return target.object in among.get(kind, self._predicates)


def things_of(data: Store) -> Things:
    """Return what targets can find in a store."""
    predicates, terms, types = set[object](), set[object](), set[object]()
    for quad in data.quads_for_pattern(None, None, None, DefaultGraph()):
        predicates.add(quad.predicate)
        terms |= {quad.subject, quad.object}
        if quad.predicate == _TYPE:
            types.add(quad.object)
    return Things(predicates, terms, types, _classes_above(data))


def _classes_above(data: Store) -> dict[object, list[object]]:
    """Return the classes just above each class."""
    found = defaultdict[object, list[object]](list)
    for quad in data.quads_for_pattern(None, _BELOW, None, DefaultGraph()):
        found[quad.subject].append(quad.object)
    return found


def _idle(target: Quad) -> Fault:
    what = shrink(target.object.value) if isinstance(target.object, NamedNode) else "its target"
    message = f"The shape {called(target)} finds nothing to check: the data has no {what}."
    hint = "mend the target, or remove it"
    return fault(target, "object", _IDLE, message, layer="shapes", hint=hint)


def _unreached(store: Store, shapes: Iterable[Term | Triple]) -> Iterator[Fault]:
    for shape in shapes:
        quad = _first(store, shape)
        message = f"Nothing uses the shape {called(quad)}, and it has no target."
        hint = "add sh:targetClass, or use it in another shape"
        yield fault(quad, "subject", _UNREACHABLE, message, layer="shapes", hint=hint)


def _circular(quads: Iterable[Quad]) -> Iterator[Fault]:
    for quad in quads:
        message = f"The shape {called(quad)} asks itself, at once or by others."
        yield fault(quad, "object", _CIRCULAR, message, layer="shapes", hint="break the ring")


def _switched_off(store: Store) -> Iterator[Fault]:
    for quad in _stating(store, "deactivated"):
        if _written(quad) in ("true", "1"):
            message = f"The shape {called(quad)} is deactivated: it checks nothing."
            hint = "remove sh:deactivated"
            yield fault(quad, "object", _OFF, message, layer="shapes", hint=hint)


def _pathless(store: Store) -> Iterator[Quad]:
    """Find property shapes that an engine would take for shapes of the things themselves."""
    return (_first(store, row["shape"]) for row in select(store, _PATHLESS))


def _of_no_property(pathless: Iterable[Quad]) -> Iterator[Fault]:
    for quad in pathless:
        message = f"The property shape {called(quad)} has no path: it checks no property."
        yield fault(quad, "subject", _WITHOUT_PATH, message, layer="shapes", hint="add sh:path")


def _written(quad: Quad) -> str:
    return quad.object.value if isinstance(quad.object, Literal) else ""


def _stating(store: Store, name: str) -> Iterator[Quad]:
    return store.quads_for_pattern(None, NamedNode(_SH + name), None, DefaultGraph())


def _first(store: Store, subject: Term | Triple) -> Quad:
    """Return a triple about a shape: with its type, if it has one."""
    if isinstance(subject, Literal):
        raise TypeError(subject)
    found = store.quads_for_pattern(subject, None, None, DefaultGraph())
    return min(found, key=lambda quad: (quad.predicate != _TYPE, str(quad)))


def _shown(term: Node) -> str:
    return shrink(term.value) if isinstance(term, NamedNode) else str(term)
