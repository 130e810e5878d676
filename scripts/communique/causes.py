"""What many results have in common: the one fault from which they come, where it can be told.

One wrong type of an actor breaks a rule at every statement of that actor. What is shared is told
once, at the thing or the triple that is shared, and with how many things it is so.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pyoxigraph import NamedNode, Quad

from communique.dataset import Term
from communique.engines import Result, Shapes, sh
from communique.faults import Node
from communique.namespaces import PREFIXES

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_BELOW = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_CLASS, _SPARQL = (sh(f"{name}ConstraintComponent") for name in ("Class", "SPARQL"))
_SMALLER = {
    sh("LessThanConstraintComponent"): "lessThan",
    sh("LessThanOrEqualsConstraintComponent"): "lessThanOrEquals",
}
_FEWEST = 3
"""Of fewer results nothing is said to be the one cause."""


class Cause(NamedTuple):
    """One part of one triple, and the results that come from it."""

    quad: Quad
    part: str
    results: tuple[Result, ...]
    """The first of them stands for all."""

    @property
    def more(self) -> int:
        """How many other things, or values of one thing, are concerned."""
        things = {result.focus for result in self.results}
        values = {result.value for result in self.results}
        return max(len(things), len(values)) - 1


class Causes:
    """Finds what results have in common."""

    def __init__(self, results: Iterable[Result], data: Iterable[Quad], shapes: Shapes) -> None:
        """Take the results, the data that was judged, and the shapes by which it was."""
        self.left = set(results)
        self._shapes = shapes
        self._targets = self._aimed()
        self._said = defaultdict[Node, list[Quad]](list)
        self._naming = defaultdict[Node, list[Quad]](list)
        self._typed = defaultdict[Node, set[Node]](set)
        self._below = defaultdict[Node, list[Quad]](list)
        for quad in data:
            self._said[quad.subject].append(quad)
            self._naming[quad.object].append(quad)
            if quad.predicate == _TYPE:
                self._typed[quad.object].add(quad.subject)
            elif quad.predicate == _BELOW:
                self._below[quad.object].append(quad)

    def found(self) -> Iterator[Cause]:
        """Yield the causes of three results or more; what comes from none of them is `left`."""
        if len(self.left) < _FEWEST:
            return
        yield from self._of_classes()
        yield from self._of_things()
        yield from self._of_bounds()

    def _taken(self, results: Iterable[Result], quad: Quad, part: str) -> Cause:
        """Take results out of what is left, those of the rule that is broken most in front."""
        taken = self.left.intersection(results)
        self.left -= taken
        times = Counter(result.shape for result in taken)
        order = sorted(taken, key=lambda each: (-times[each.shape], str(each)))
        return Cause(quad, part, tuple(order))

    def _by_shape(self) -> list[tuple[Term, list[Result]]]:
        """List the shapes with what is left of their results, the most of them first."""
        found = defaultdict[Term, list[Result]](list)
        for result in self.left:
            found[result.shape].append(result)
        return sorted(found.items(), key=lambda each: (-len(each[1]), str(each[0])))

    def _of_classes(self) -> Iterator[Cause]:
        """Find a class of which all things break a rule that other things of a wider class keep."""
        for shape, results in self._by_shape():
            broken = {result.focus for result in results if result in self.left}
            for target in self._targets[shape]:
                if len(broken) < _FEWEST or self._things(target) <= broken:
                    continue
                for quad in self._edges(target):
                    things = self._things(quad.subject)
                    if len(things) >= _FEWEST and things <= broken:
                        yield self._taken(self._below_target(things, target), quad, "object")
                        broken -= things

    def _below_target(self, things: set[Node], target: Node) -> list[Result]:
        """Return what is left of some things by the rules for a class."""
        return [
            each
            for each in self.left
            if each.focus in things and target in self._targets[each.shape]
        ]

    def _of_things(self) -> Iterator[Cause]:
        """Find a thing with which most that name it break a rule, and what else it breaks."""
        for _, results in self._by_shape():
            for thing, shared in self._shared(results):
                concerned = [r for r in self.left if thing in (r.focus, r.value)]
                everything = {*shared, *concerned} & self.left
                if len(everything) < _FEWEST:
                    continue
                own = [each for each in concerned if each.focus == thing]
                types = [quad for quad in self._said[thing] if quad.predicate == _TYPE]
                cause = self._taken(everything, Quad(thing, _TYPE, thing), "subject")
                if types and any(each.component == _CLASS for each in shared):
                    cause = cause._replace(quad=types[0], part="object")
                elif own and all(each.value != thing for each in shared):
                    cause = cause._replace(results=(*own, *cause.results))
                yield cause

    def _shared(self, results: list[Result]) -> Iterator[tuple[NamedNode, list[Result]]]:
        """Yield each thing that is described, with the results that may come from it.

        It is the value of all of them, or breaks a rule itself and is named by the focus of each,
        if the rule looks further than at the properties of its focus.
        """
        faulty = {result.focus for result in self.left}
        by_thing = defaultdict[NamedNode, list[Result]](list)
        for result in results:
            named = set[Node]()
            if result.component == _SPARQL or not isinstance(result.path, NamedNode):
                named = {quad.object for quad in self._said[result.focus]} & faulty
            for thing in {result.value, *named} - {result.focus}:
                if isinstance(thing, NamedNode) and thing in self._said:
                    by_thing[thing].append(result)
        for thing, found in sorted(
            by_thing.items(), key=lambda each: (-len(each[1]), str(each[0]))
        ):
            broken = {result.focus for result in found}
            naming = {quad.subject for quad in self._naming[thing]}
            if len(broken) >= _FEWEST and 2 * len(broken) > len(naming):
                yield thing, found

    def _of_bounds(self) -> Iterator[Cause]:
        """Find a value that is smaller than all that it is compared with."""
        found = defaultdict[tuple[Term, Term, str], list[Result]](list)
        for result in self.left:
            if result.component in _SMALLER:
                found[result.focus, result.shape, result.component].append(result)
        for (focus, shape, component), results in sorted(found.items(), key=str):
            other = self._shapes.one(shape, _SMALLER[component])
            quads = [quad for quad in self._said[focus] if quad.predicate == other]
            if len(results) >= _FEWEST and len(quads) == 1:
                yield self._taken(results, quads[0], "object")

    def _edges(self, above: Node) -> Iterator[Quad]:
        """Yield what makes classes narrower than a class, the nearest first."""
        seen, waiting = {above}, [above]
        for each in waiting:
            for quad in self._below[each]:
                yield quad
                if quad.subject not in seen:
                    seen.add(quad.subject)
                    waiting.append(quad.subject)

    def _things(self, kind: Node) -> set[Node]:
        """Return the things of a class and of those below it."""
        kinds = {kind, *(quad.subject for quad in self._edges(kind))}
        return {thing for each in kinds for thing in self._typed[each]}

    def _aimed(self) -> dict[Term, set[Node]]:
        """Return the classes at which each shape aims, itself or by one that holds it."""
        found = defaultdict[Term, set[Node]](set)
        for shape in self._shapes.subjects():
            kinds = self._shapes.of(shape, "targetClass")
            held = [shape] if kinds else []
            for each in held:
                found[each] |= set(kinds)
                held += [inner for inner in self._shapes.of(each, "property") if inner not in held]
        return found
