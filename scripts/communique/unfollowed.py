"""Shapes that no engine can follow: which of them these are, and why.

An engine that gives up on shapes does not tell on which. So each shape is tried alone, on a thing
that it is for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Quad

from communique.engines import Engine, sh
from communique.errors import CommuniqueError
from communique.faults import Fault, Node, fault
from communique.findings import Rule
from communique.namespaces import PREFIXES

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_COMPONENT = NamedNode(sh("ConstraintComponent"))
_TO_TYPE, _TO_NODE = sh("targetClass"), sh("targetNode")
_TO_PROPERTY = frozenset({sh("path"), sh("targetObjectsOf"), sh("targetSubjectsOf")})
_BAIT = NamedNode("urn:communique:bait")
_PLAIN = (
    Quad(_BAIT, NamedNode(_TO_NODE), _BAIT),
    Quad(_BAIT, NamedNode(sh("nodeKind")), NamedNode(sh("IRI"))),
)
"""A shape that any engine follows: without one, some look at nothing else."""

_UNFOLLOWED = Rule("unfollowed-shape", "A shape can be followed by an engine.")


def faults(engine: Engine, shapes: list[Quad], targeting: Iterable[Node]) -> Iterator[Fault]:
    """Yield the shapes with a target that an engine refuses when each is alone."""
    about = defaultdict[Node, list[Quad]](list)
    for quad in shapes:
        about[quad.subject].append(quad)
    components = [quad.subject for quad in shapes if quad.object == _COMPONENT]
    sound = list[Node]()
    for shape in [*components, *targeting]:
        rules = [*_reached([shape, *sound], about), *_PLAIN]
        try:
            engine.results(list(_baits(rules)), rules)
            sound += [shape] if shape in components else []
        except CommuniqueError as error:
            why = str(error).partition("\n")[0].removeprefix("shapes: ").partition(". ")[0]
            message = f"No engine can follow this shape: {why.rstrip(':')}."
            yield fault(about[shape][0], "subject", _UNFOLLOWED, message, layer="shapes")


def _reached(begun: list[Node], about: dict[Node, list[Quad]]) -> list[Quad]:
    seen, waiting, found = set[Node](), list(begun), list[Quad]()
    while waiting:
        each = waiting.pop()
        if each not in seen and not isinstance(each, Literal):
            seen.add(each)
            found += about.get(each, ())
            waiting += [quad.object for quad in about.get(each, ())]
    return found


def _baits(rules: Iterable[Quad]) -> Iterator[Quad]:
    """Yield data of which each rule has something to judge."""
    for quad in rules:
        word, target = quad.predicate.value, quad.object
        if not isinstance(target, NamedNode):
            continue
        if word == _TO_TYPE:
            yield Quad(_BAIT, _TYPE, target)
        elif word == _TO_NODE:
            yield Quad(target, _TYPE, _BAIT)
        elif word in _TO_PROPERTY:
            yield Quad(_BAIT, target, _BAIT)
