"""The rules of a project in two parts: those of one article, and those of all articles together."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pyoxigraph import BlankNode, NamedNode, Quad, Triple

from communique.dataset import Term
from communique.engines import Result, Shapes, sh
from communique.namespaces import PREFIXES
from communique.reaching import (
    FOREIGN,
    OWN,
    TYPE,
    Profile,
    Reach,
    Rule,
    Sorts,
    class_of,
    constraints,
    reach,
)

_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_PROPERTY = sh("property")
_CLASSES = {PREFIXES["rdfs"] + "Class", PREFIXES["owl"] + "Class"}
_QUALIFIED = sh("qualifiedValueShape")
_TARGETING = frozenset(map(sh, _TARGETS))
_ASKED = frozenset(
    [*map(sh, ("node", "not", "property", "qualifiedValueShape")), PREFIXES["rdf"] + "first"]
)
"""By what a shape is used in another one, or in a list of another one."""
_PART = "urn:communique:part:"


@dataclass(frozen=True)
class Far:
    """A rule that may look into other articles, of the things of an article or of shared ones."""

    rule: Rule
    own: Reach
    of_shared: Reach
    everything: bool
    """Whether it may look at all there is, as far as can be told."""

    @cached_property
    def along(self) -> frozenset[str]:
        """The predicates that it follows."""
        return frozenset(self.own.along | self.of_shared.along)

    @cached_property
    def back(self) -> frozenset[str]:
        """Those that it follows from the object to the subject."""
        return frozenset(self.own.back | self.of_shared.back)


Parted = Mapping[str, Any]
"""How shapes were parted, in a form that JSON can say."""


class Parts:
    """Shapes, parted by how far each rule of a shape with a target reaches."""

    def __init__(
        self,
        quads: list[Quad],
        profile: Profile,
        classes: Callable[[Iterable[str]], Collection[str]],
        *,
        together: bool = False,
        found: "Parted | None" = None,
    ) -> None:
        """Take shapes, by what the things of the project are joined, and what is above classes.

        `together` leaves no rule to an article alone, and asks for all that it says. What was
        `found` of the same shapes and things before is not looked for again.
        """
        self.shapes = Shapes(quads)
        self._quads = quads
        self._profile = profile
        self._classes = classes
        if found is None:
            self._part(together=together)
        else:
            self._recall(found)

    def _part(self, *, together: bool) -> None:
        found = [self._far(rule) for rule in self._rules()]
        self.far = tuple(each for each in found if each.own.is_far or each.of_shared.is_far)
        """What an extract of each article is needed for."""
        near = [each.own for each in found if not each.own.is_far]
        self.along = frozenset().union(*(each.along for each in near))
        """The predicates that rules of one article follow."""
        self.back = frozenset().union(*(each.back for each in near))
        self._wide = {each.rule for each in found if each.own.is_far}
        if together or self._is_tangled():
            self._wide = {each.rule for each in found}
            self.far = tuple(replace(each, everything=True) for each in found)

    def _recall(self, found: "Parted") -> None:
        rules = list(self._rules())
        self.far = tuple(
            Far(rules[at], self._reach(*own), self._reach(*of_shared), everything)
            for at, everything, own, of_shared in found["far"]
        )
        self.along, self.back = frozenset(found["along"]), frozenset(found["back"])
        self._wide = {rules[at] for at in found["wide"]}

    def _reach(self, along: Iterable[str], back: Iterable[str], is_far: bool) -> Reach:  # noqa: FBT001
        sorts = Sorts((FOREIGN,) if is_far else ())
        return Reach(self._profile, sorts, set(along), set(back))

    @property
    def found(self) -> "Parted":
        """What was found, in a form that JSON can say."""
        numbers = {rule: number for number, rule in enumerate(self._rules())}
        return {
            "far": [
                (
                    numbers[each.rule],
                    each.everything,
                    *(
                        (sorted(reach.along), sorted(reach.back), reach.is_far)
                        for reach in (each.own, each.of_shared)
                    ),
                )
                for each in self.far
            ],
            "along": sorted(self.along),
            "back": sorted(self.back),
            "wide": sorted(numbers[rule] for rule in self._wide),
        }

    @cached_property
    def near(self) -> list[Quad]:
        """The shapes without the rules that may look from one article into another."""
        return self._without(self._wide)

    @cached_property
    def wide(self) -> list[Quad]:
        """The shapes with no other rules."""
        return self._without({rule for rule in self._rules() if rule not in self._wide})

    @property
    def named(self) -> str:
        """What tells these parts from others: the rules that are far, and what they follow."""
        numbers = {rule: number for number, rule in enumerate(self._rules())}
        told = sorted(
            f"{numbers[each.rule]} {each.own.is_far} {each.of_shared.is_far} {each.everything} "
            f"{sorted(each.along)} {sorted(each.back)}"
            for each in self.far
        )
        return "\n".join([*told, *sorted(self.along), *sorted(self.back)])

    def is_wide(self, rule: Rule) -> bool:
        """Tell whether a rule may look from one article into another."""
        return rule in self._wide

    def targets(self, shape: Term) -> dict[str, list[Term]]:
        """Return the targets of a shape, by kind."""
        found = {name: self.shapes.of(shape, name) for name in _TARGETS}
        if self._is_class(shape):
            found["targetClass"] = [*found["targetClass"], shape]
        return found

    @cached_property
    def aiming(self) -> frozenset[str]:
        """The predicates at whose objects shapes aim."""
        shapes = self.shapes.subjects()
        return frozenset(by.value for s in shapes for by in self.shapes.of(s, "targetObjectsOf"))

    def _far(self, rule: Rule) -> Far:
        own = reach(self.shapes, rule, self._profile, Sorts((OWN,)))
        of_shared = reach(self.shapes, rule, self._profile, self._aimed(rule.shape))
        return Far(rule, own, of_shared, own.everything or of_shared.everything)

    def _aimed(self, shape: Term) -> Sorts:
        """Return the sorts of shared things at which a shape aims."""
        targets = {name: {node.value for node in of} for name, of in self.targets(shape).items()}
        edges = self._profile.edges
        return self._profile.shared & Sorts(
            [
                *(sort for node in targets["targetNode"] for sort in self._profile.sorts(node)),
                *(start for by, start, _ in edges if by in targets["targetSubjectsOf"]),
                *(end for by, _, end in edges if by in targets["targetObjectsOf"]),
                *(
                    sort
                    for sort in self._profile.shared
                    if targets["targetClass"].intersection(self._classes([class_of(sort)]))
                ),
            ]
        )

    def _rules(self) -> Iterator[Rule]:
        for shape in self.shapes.subjects():
            if any(self.targets(shape).values()):
                yield from constraints(self.shapes, shape)

    def _is_class(self, shape: Term) -> bool:
        return any(kind.value in _CLASSES for kind in self.shapes.objects(shape, TYPE))

    def _is_tangled(self) -> bool:
        """Tell whether the rules of a shape that is parted depend on each other."""
        return any(
            self._is_class(rule.shape)
            or rule.predicate.value == _QUALIFIED
            or any(
                self.shapes.of(held, "qualifiedValueShapesDisjoint")
                for held in self.shapes.of(rule.shape, "property")
            )
            for rule in self._wide
        )

    def _without(self, dropped: Collection[Rule]) -> list[Quad]:
        """Return the shapes without some rules of shapes that have a target.

        A shape that others use keeps them all, and another one takes its targets.
        """
        parted = {rule.shape for rule in dropped}
        used = {quad.object for quad in self._quads if quad.predicate.value in _ASKED}
        aliased = {shape: _alias(shape) for shape in parted if shape in used}
        kept = list[Quad]()
        for quad in self._quads:
            alias = aliased.get(quad.subject) if not isinstance(quad.subject, Triple) else None
            is_left = (quad.subject, quad.predicate, quad.object) not in dropped
            if alias is None:
                kept += [quad] if is_left else []
                continue
            kept += [] if quad.predicate.value in _TARGETING else [quad]
            left = Quad(alias, quad.predicate, quad.object, quad.graph_name)
            kept += [left] if is_left else []
        return [*kept, *self._stubs(dropped, aliased)]

    def _stubs(
        self, dropped: Iterable[Rule], aliased: Mapping[NamedNode | BlankNode, NamedNode]
    ) -> Iterator[Quad]:
        """Yield property shapes that ask nothing: what a closed shape allows, it still allows."""
        for number, rule in enumerate(sorted(dropped, key=str)):
            held = rule.predicate.value == _PROPERTY and self.shapes.of(rule.shape, "closed")
            path = self.shapes.one(rule.value, "path") if held else None
            if isinstance(path, NamedNode):
                holder = aliased.get(rule.shape, rule.shape)
                stub = NamedNode(f"{_PART}path:{number}")
                yield Quad(holder, NamedNode(_PROPERTY), stub)
                yield Quad(stub, NamedNode(TYPE), NamedNode(sh("PropertyShape")))
                yield Quad(stub, NamedNode(sh("path")), path)


def _alias(shape: NamedNode | BlankNode) -> NamedNode:
    return NamedNode(_PART + shape.value)


def renamed(results: Iterable[Result]) -> Iterator[Result]:
    """Give the shapes of results their own names back."""
    for each in results:
        if isinstance(each.shape, NamedNode) and each.shape.value.startswith(_PART):
            name = each.shape.value.removeprefix(_PART)
            yield each._replace(shape=NamedNode(name) if ":" in name else BlankNode(name))
        else:
            yield each
